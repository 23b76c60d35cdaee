"""What is kept beside a split's amounts: why each share is what it is, and a hash of all it depends on.

Codes and references only; commissions/reasons.py makes sentences of them.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence

from commissions.attribution import Award, Candidate, Loss
from commissions.models import PlanVersion, Split
from commissions.splitting import Cut
from commissions.terms import Payee, Terms
from guides.models import Guide
from merchants.models import Merchant, Party
from orders.models import Tender

Guides = Mapping[int, Guide]


def why(cut: Cut, payee: Payee, version: PlanVersion | None, guides: Guides) -> dict[str, object]:
    """The rule, rate and version behind a share; for a guide's, the touch that won and who lost."""
    told: dict[str, object] = {
        "version": version.ref if version else None,
        "rule": cut.term.number if version else None,
        "role": str(cut.term.role),
        "ppm": cut.term.ppm,
    }
    if cut.term.ppm is None:
        return told | {"because": "rest" if version else "no_plan"}
    award = payee.award
    if award is None or award.winner is None:
        return told | {"because": "contract"}
    won = {"because": award.because, "touch": str(award.winner.touch)}
    return told | won | {"losers": _losers(award.losers, guides)}


def unclaimed(of: Terms, nobody: Mapping[str, Award], guides: Guides) -> list[dict[str, object]]:
    """The rules whose claim fell to the rest, and why nobody stood for them."""
    return [
        {
            "rule": term.number,
            "role": str(term.role),
            "because": nobody[term.role].because,
            "losers": _losers(nobody[term.role].losers, guides),
        }
        for term in of.rules
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


def input_hash(
    split: Split,
    of: Terms,
    parts: Sequence[tuple[Tender, int]],
    costs: Mapping[Merchant | Party, int],
    candidates: Sequence[Candidate],
    guides: Guides,
) -> bytes:
    """Everything the amounts depend on, so that a recomputation can tell whether it worked on the same facts."""
    inputs = {
        "line": split.source_id,
        "paid": split.paid,
        "basis": split.basis,
        "contract": of.contract.ref if of.contract else None,
        "version": of.version.ref if of.version else None,
        "rules": [[term.number, str(term.role), term.ppm] for term in of.rules],
        "tenders": [[tender.number, amount] for tender, amount in parts],
        "costs": sorted([bearer.ref, amount] for bearer, amount in costs.items()),
        "touches": sorted([str(c.touch), guides[c.guide].ref, c.store, c.protected] for c in candidates),
    }
    text = json.dumps(inputs, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).digest()
