"""What booking will write, worked out from an order's rows: nothing here writes."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from commissions.attribution import Candidate, Loss
from commissions.models import Collection, Contribution, PlanVersion, Share, Split
from commissions.plans import versions_of
from commissions.splitting import Cut, divide, lay
from commissions.terms import Payee, Terms, payees, platform, terms
from coupons.models import Allocation
from guides.models import Guide
from merchants.models import Brand, Merchant, Party
from orders.models import Order, OrderLine, Tender, Touch


@dataclass(frozen=True)
class Sheet:
    """One line's split with its parts, unsaved."""

    split: Split
    collections: list[Collection]
    contributions: list[Contribution]
    shares: list[Share]


def assess(orders: Sequence[Order], *, seller: Merchant) -> list[Sheet]:
    """A sheet for each line of these orders that is not split yet; inside the seller's scope."""
    lines = OrderLine.objects.filter(order__in=orders, split=None).order_by("order_id", "number")
    lines = lines.select_related("brand", "brand_owner", "contract")
    by_order: dict[int, list[OrderLine]] = defaultdict(list)
    for line in lines:
        by_order[line.order_id].append(line)
    if not by_order:
        return []
    facts = _Facts(by_order, seller)
    return [
        sheet
        for order in orders
        if order.id in by_order
        for sheet in _order_sheets(order, by_order[order.id], seller, facts)
    ]


class _Facts:
    """What the lines' division depends on, read for the whole batch at once."""

    def __init__(self, by_order: Mapping[int, list[OrderLine]], seller: Merchant) -> None:
        lines = [line for group in by_order.values() for line in group]
        self.platform = platform()
        self.versions = {brand.id: versions_of(brand) for brand in _brands(lines)}
        self.tenders: dict[int, list[Tender]] = defaultdict(list)
        rows = Tender.objects.filter(order__in=by_order).select_related("collector").order_by("number")
        for tender in rows:
            self.tenders[tender.order_id].append(tender)
        self.touches: dict[int, list[Touch]] = defaultdict(list)
        touches = Touch.objects.filter(order__in=by_order).select_related("guide__merchant", "guide__user")
        for touch in touches:
            self.touches[touch.order_id].append(touch)
        self.allocations: dict[int, list[Allocation]] = defaultdict(list)
        for allocation in Allocation.party.filter(line__in=lines).order_by("id"):
            self.allocations[allocation.line_id].append(allocation)


def _brands(lines: Sequence[OrderLine]) -> list[Brand]:
    found: dict[int, Brand] = {}
    for line in lines:
        if line.brand and line.contract:
            line.brand.merchant = line.brand_owner
            found[line.brand.id] = line.brand
    return list(found.values())


def _order_sheets(order: Order, lines: list[OrderLine], seller: Merchant, facts: _Facts) -> list[Sheet]:
    tenders = facts.tenders[order.id]
    laid = lay([(t.amount, t.lines) for t in tenders], {line.number: line.paid for line in lines})
    sheets = []
    for line in lines:
        line.order = order
        order.merchant = seller
        line_terms = terms(
            seller=seller,
            brand_owner=line.brand_owner,
            contract=line.contract,
            versions=facts.versions.get(line.brand_id or 0, []),
            at=order.paid_at,
        )
        parts = [(tenders[part.index], part.amount) for part in laid if part.line == line.number]
        costs = _costs(facts.allocations[line.id], line_terms, facts.platform)
        sheets.append(_sheet(line, line_terms, parts, costs, facts.touches[order.id], facts.platform))
    return sheets


def _costs(allocations: Sequence[Allocation], of: Terms, platform_: Party) -> dict[Merchant | Party, int]:
    """What each bearer bore of the line's discounts; roles are resolved line by line."""
    behind: dict[str, Merchant | Party] = {
        "brand": of.brand_owner,
        "store": of.seller,
        "channel": of.seller,
        "platform": platform_,
    }
    costs: dict[Merchant | Party, int] = defaultdict(int)
    for allocation in allocations:
        for role, amount in allocation.costs:
            costs[behind[role]] += amount
    return costs


def _sheet(
    line: OrderLine,
    of: Terms,
    parts: Sequence[tuple[Tender, int]],
    costs: Mapping[Merchant | Party, int],
    touches: Sequence[Touch],
    platform_: Party,
) -> Sheet:
    order = line.order
    borne = {bearer: amount for bearer, amount in costs.items() if bearer != of.principal and amount}
    base = line.paid + sum(borne.values())
    basis = of.basis(paid=line.paid, costs=sum(costs.values()))
    candidates = [Candidate(t.kind, t.guide_id, t.store_id, t.protected) for t in touches]
    guides = {touch.guide_id: touch.guide for touch in touches}
    found, nobody = payees(
        of, candidates=candidates, guides=guides, store_id=order.store_id, platform=platform_
    )
    cuts = divide(base=base, basis=basis, terms=[term for term in of.rules if term.role in found])
    owners = {"merchant": of.principal, "counterparty": of.seller, "brand_owner": of.brand_owner}
    split = Split(
        **owners,
        order=order,
        line=line,
        store=order.store,
        contract=of.contract,
        version=of.version,
        mode=of.mode,
        settlement=of.settlement,
        reserve_ppm=of.reserve_ppm,
        return_window_days=of.return_window_days,
        currency=order.currency,
        paid=line.paid,
        contribution=sum(borne.values()),
        base=base,
        basis=basis,
        business_date=order.business_date,
        at=order.paid_at,
    )
    split.input_hash = _input_hash(split, of, parts, costs, candidates, guides)
    unclaimed = [
        {"rule": term.number, "role": str(term.role), "because": nobody[term.role].because}
        | {"losers": _losers(nobody[term.role].losers, guides)}
        for term in of.rules
        if term.role in nobody
    ]
    return Sheet(
        split,
        [
            Collection(
                split=split,
                merchant=of.principal,
                counterparty=of.seller,
                number=number,
                tender=tender,
                collector=tender.collector,
                place=tender.place,
                amount=amount,
            )
            for number, (tender, amount) in enumerate(parts)
        ],
        [
            Contribution(split=split, number=number, amount=amount, **_bearer(bearer), **owners)
            for number, (bearer, amount) in enumerate(borne.items())
        ],
        [
            Share(
                split=split,
                number=number,
                rule_number=cut.term.number if of.version else None,
                role=cut.term.role,
                store=order.store,
                ppm=cut.term.ppm,
                claim_numerator=cut.claim.numerator,
                claim_denominator=cut.claim.denominator,
                amount=cut.amount,
                why=_why(cut, found[cut.term.role], of.version, guides, unclaimed),
                **_payee(found[cut.term.role]),
                **owners,
            )
            for number, cut in enumerate(cuts)
        ],
    )


def _bearer(bearer: Merchant | Party) -> dict[str, object]:
    if isinstance(bearer, Merchant):
        return {"bearer_id": bearer.party_id, "bearer_merchant": bearer}
    return {"bearer": bearer, "bearer_merchant": None}


def _payee(payee: Payee) -> dict[str, object]:
    return {
        "payee_id": payee.party_id,
        "payee_merchant": payee.merchant,
        "owed_to_id": payee.owed_to_id,
        "guide": payee.guide,
    }


def _why(
    cut: Cut,
    payee: Payee,
    version: PlanVersion | None,
    guides: Mapping[int, Guide],
    unclaimed: list[dict[str, object]],
) -> dict[str, object]:
    """Codes and references only; commissions/reasons.py makes sentences of them."""
    why: dict[str, object] = {
        "version": version.ref if version else None,
        "rule": cut.term.number if version else None,
        "role": str(cut.term.role),
        "ppm": cut.term.ppm,
    }
    if cut.term.ppm is None:
        return why | {"because": "rest" if version else "no_plan", "unclaimed": unclaimed}
    award = payee.award
    if award is None or award.winner is None:
        return why | {"because": "contract"}
    return why | {
        "because": award.because,
        "touch": award.winner.touch,
        "losers": _losers(award.losers, guides),
    }


def _losers(losers: Sequence[Loss], guides: Mapping[int, Guide]) -> list[dict[str, str]]:
    return [
        {
            "touch": str(loss.candidate.touch),
            "guide": guides[loss.candidate.guide].ref,
            "because": loss.because,
        }
        for loss in losers
    ]


def _input_hash(
    split: Split,
    of: Terms,
    parts: Sequence[tuple[Tender, int]],
    costs: Mapping[Merchant | Party, int],
    candidates: Sequence[Candidate],
    guides: Mapping[int, Guide],
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


def exact(share: Share) -> Fraction:
    """The share's claim before rounding."""
    return Fraction(share.claim_numerator, share.claim_denominator)
