"""What is kept beside a split's amounts: why each share is what it is, and a hash of all it depends on.

Codes and references only; commissions/reasons.py makes sentences of them.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import lru_cache

from commissions.attribution import Award, Loss
from commissions.attribution_rules import as_kept
from commissions.drafts import Draft, Stakes
from commissions.models import PlanVersion, Split
from commissions.splitting import LINE_CAP, PERIOD_CAP, Cut, Term
from commissions.terms import Payee
from guides.models import Guide
from merchants.money import PPM

Guides = Mapping[int, Guide]


def why(cut: Cut, payee: Payee, version: PlanVersion | None, guides: Guides) -> dict[str, object]:
    """The rule, its claim and version behind a share; for a guide's, the touch that won, who lost, and where a policy
    decided, which and by which of its rules."""
    told: dict[str, object] = {
        "version": version.ref if version else None,
        "rule": cut.term.number if version else None,
        "role": str(cut.term.role),
        "kind": cut.term.kind,
        "ppm": cut.term.ppm,
    }
    if cut.term.kind == "residual":
        return told | {"because": "rest" if version else "no_plan"}
    told |= _claimed(cut, payee)
    award = payee.award
    if award is None or payee.winner is None:
        return told | {"because": "contract"}
    touch = payee.winner.candidate.touch
    if len(award.winners) > 1:
        told["shared_with"] = [
            guides[winner.candidate.guide].ref for winner in award.winners if winner != payee.winner
        ]
    won = {"because": payee.winner.because, "touch": str(touch)}
    return told | won | _decided(award) | {"losers": _losers(award.losers, guides)}


def _decided(award: Award) -> dict[str, object]:
    """The default is a policy without reference and number; no rule where none matched."""
    if award.policy is None:
        return {}
    return {
        "policy": award.policy.ref,
        "policy_number": award.policy.number,
        "policy_rule": award.rule.number if award.rule else None,
    }


def _claimed(cut: Cut, payee: Payee) -> dict[str, object]:
    """How the claim came about, as far as a bare ratio does not say it."""
    term, told = cut.term, dict[str, object]()
    if term.fixed is not None:
        told |= {"fixed": term.fixed, "per_unit": term.per_unit}
    if term.tiers:
        told["so_far"] = str(cut.claimant.so_far)
        told["slices"] = [[piece.start, str(piece.amount), piece.ppm] for piece in cut.slices]
    if payee.part != PPM:
        told["part"] = payee.part
    if cut.cut_by:
        told["cut_by"] = list(cut.cut_by)
        told |= {name: getattr(term, name) for name in (LINE_CAP, PERIOD_CAP) if name in cut.cut_by}
    return told


def unclaimed(terms: Sequence[Term], nobody: Mapping[str, Award], guides: Guides) -> list[dict[str, object]]:
    """The rules whose claim fell to the rest, and why nobody stood for them."""
    return [
        {
            "rule": term.number,
            "role": str(term.role),
            "because": nobody[term.role].because,
        }
        | _decided(nobody[term.role])
        | {"losers": _losers(nobody[term.role].losers, guides)}
        for term in terms
        if term.role in nobody
    ]


def _losers(losers: Sequence[Loss], guides: Guides) -> list[dict[str, str]]:
    return [
        {
            "touch": str(loss.candidate.touch),
            "guide": guides[loss.candidate.guide].ref,
            "because": loss.because,
        }
        for loss in losers
    ]


def input_hash(split: Split, draft: Draft, stakes: Stakes) -> bytes:
    """Everything the amounts depend on, so that a recomputation can tell whether it worked on the same facts."""
    of, guides = draft.claims.of, draft.guides
    inputs = {
        "line": split.source_id,
        "paid": split.paid,
        "basis": split.basis,
        "quantity": draft.line.quantity,
        "contract": of.contract.ref if of.contract else None,
        "version": of.version.ref if of.version else None,
        "rules": [_plain(term) for term in draft.claims.terms],
        "attribution": [of.attribution.ref, as_kept(of.attribution.rules)],
        "tenders": [[part.tender.number, part.amount] for part in draft.parts],
        "costs": sorted([bearer.ref, amount] for bearer, amount in draft.costs.items()),
        "touches": sorted(
            [
                str(c.touch),
                guides[c.guide].ref,
                c.store,
                c.protected,
                c.level or 0,
                c.weight,
                c.age.total_seconds(),
            ]
            for c in draft.candidates
        ),
        "claimants": [
            [number, claimant.payee, claimant.part, str(claimant.so_far), claimant.booked]
            for number, claimants in stakes.items()
            for claimant in claimants
        ],
    }
    text = json.dumps(inputs, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).digest()


@lru_cache(maxsize=1024)  # lines are many, rules are few
def _plain(term: Term) -> dict[str, object]:
    return asdict(term)
