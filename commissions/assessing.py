"""What booking will write, worked out from an order's rows: nothing here writes."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from commissions.plans import versions_of
from commissions.sheets import Costs, Sheet, fill
from commissions.terms import Terms, platform, terms
from coupons.models import Allocation
from merchants.models import Brand, Merchant, Party
from orders.laying import lay
from orders.models import Order, OrderLine, Tender, Touch


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
    parts: dict[int, list[tuple[Tender, int]]] = defaultdict(list)
    for part in lay([(t.amount, t.lines) for t in tenders], {line.number: line.paid for line in lines}):
        parts[part.line].append((tenders[part.index], part.amount))
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
        sheets.append(
            fill(
                line,
                line_terms,
                parts=parts[line.number],
                costs=_costs(facts.allocations[line.id], line_terms, facts.platform),
                touches=facts.touches[order.id],
                platform=facts.platform,
            )
        )
    return sheets


def _costs(allocations: Sequence[Allocation], of: Terms, platform_: Party) -> Costs:
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
