"""What booking will write, worked out from an order's rows. Nothing is written here but the totals of a month that
were missing; those that count are held from here on."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from itertools import groupby
from operator import attrgetter

from commissions import running
from commissions.attribution_policies import Policies, policies_for
from commissions.candidates import Posts
from commissions.drafts import Claims, Costs, Draft, Part, counted
from commissions.models import PlanVersion, month_of
from commissions.plans import versions_of
from commissions.sheets import Sheet, fill
from commissions.terms import Terms, payees, platform, terms
from coupons.models import Allocation
from merchants.models import Brand, Merchant, Party
from merchants.money import allot
from orders.laying import Laid, lay
from orders.models import Order, OrderLine, Tender, Touch

Versions = Mapping[int, Sequence[PlanVersion]]  # a brand's published ones, by its id


def assess(orders: Sequence[Order], *, seller: Merchant) -> list[Sheet]:
    """A sheet for each line of these orders that is not split yet; inside the seller's scope."""
    lines = OrderLine.objects.filter(order__in=orders, split=None).order_by("order_id", "number")
    # Not joined: a batch has many lines of few brands, and each is made an object once.
    lines = lines.prefetch_related("brand", "brand_owner", "contract", "sku__product")
    by_order: dict[int, list[OrderLine]] = defaultdict(list)
    for line in lines:
        by_order[line.order_id].append(line)
    if not by_order:
        return []
    brands = _brands(lines)
    versions = {brand.id: versions_of(brand) for brand in brands}
    policies = policies_for(brands, versions)
    drafts = drafted(
        [order for order in orders if order.id in by_order], by_order, seller, versions, policies
    )
    totals = running.held(key for draft in drafts for key in draft.claims.counted_keys())
    return [fill(draft, totals) for draft in drafts]


def drafted(
    orders: Sequence[Order],
    by_order: Mapping[int, Sequence[OrderLine]],
    seller: Merchant,
    versions: Versions,
    policies: Policies,
    *,
    tendered: bool = True,
) -> list[Draft]:
    """These lines before they are divided, each by what holds for it among `versions`, by brand, and `policies`, by
    merchant; only reads, inside the seller's scope. Tenders are laid over whole orders: who looks at a part of one
    leaves them out."""
    facts = _Facts(orders, by_order, versions, policies, tendered=tendered)
    return [draft for order in orders for draft in _drafts(order, by_order[order.id], seller, facts)]


class _Facts:
    """What the lines' division depends on, read for the whole batch at once."""

    def __init__(
        self,
        orders: Sequence[Order],
        by_order: Mapping[int, Sequence[OrderLine]],
        versions: Versions,
        policies: Policies,
        *,
        tendered: bool,
    ) -> None:
        lines = [line for group in by_order.values() for line in group]
        self.platform = platform()
        self.versions, self.policies = versions, policies
        self._terms: dict[tuple[int, int | None, int | None, str | None], Terms] = {}
        self._counted: dict[tuple[Terms, date], frozenset[str]] = {}
        self.tendered = tendered
        self.tenders: dict[int, list[Tender]] = defaultdict(list)
        rows = Tender.objects.filter(order__in=by_order).prefetch_related("collector", "programme")
        rows = rows.order_by("number")
        for tender in rows:
            self.tenders[tender.order_id].append(tender)
        self.touches: dict[int, list[Touch]] = defaultdict(list)
        touches = Touch.objects.filter(order__in=by_order).prefetch_related("guide__merchant", "guide__user")
        for touch in touches:
            self.touches[touch.order_id].append(touch)
        self.posts = Posts(
            [version for found in self.versions.values() for version in found],
            stores=[order.store for order in orders],
            guides={touch.guide_id for touch in touches},
        )
        self.allocations: dict[int, list[Allocation]] = defaultdict(list)
        for allocation in Allocation.party.filter(line__in=lines).order_by("id"):
            self.allocations[allocation.line_id].append(allocation)

    def terms_of(self, line: OrderLine, seller: Merchant, at: datetime) -> Terms:
        """One object for all lines of the batch that the same holds for."""
        of = terms(
            seller=seller,
            brand_owner=line.brand_owner,
            contract=line.contract,
            versions=self.versions.get(line.brand_id or 0, []),
            policies=self.policies,
            at=at,
        )
        version = of.version.pk if of.version else None
        return self._terms.setdefault(
            (line.brand_owner_id, line.contract_id, version, of.attribution.ref), of
        )

    def counted_roles(self, of: Terms, line: OrderLine, period: date) -> frozenset[str]:
        if (of, period) not in self._counted:
            self._counted[of, period] = counted(of, self.versions.get(line.brand_id or 0, []), period)
        return self._counted[of, period]


def _brands(lines: Iterable[OrderLine]) -> list[Brand]:
    found: dict[int, Brand] = {}
    for line in lines:
        if line.brand and line.contract:
            line.brand.merchant = line.brand_owner
            found[line.brand.id] = line.brand
    return list(found.values())


def _laid(
    tenders: Sequence[Tender], lines: Sequence[OrderLine], terms_of: Mapping[int, Terms]
) -> dict[int, list[Part]]:
    """By line number, what of each tender paid it; `terms_of` are the lines' terms."""
    parts: dict[int, list[Part]] = defaultdict(list)
    laid = lay([(t.amount, t.lines) for t in tenders], {line.number: line.paid for line in lines})
    for index, group in groupby(laid, key=attrgetter("index")):
        tender, of_tender = tenders[index], list(group)
        fees = allot(tender.fee, [part.amount for part in of_tender])
        charged = _charged(tender, of_tender, fees, terms_of)
        for part, fee in zip(of_tender, fees, strict=True):
            parts[part.line].append(Part(tender, part.amount, fee, charged[part.line]))
    return parts


def _charged(
    tender: Tender, laid: Sequence[Laid], fees: Sequence[int], terms_of: Mapping[int, Terms]
) -> dict[int, int]:
    """By line number, what its principal owes of the tender's fee. The limit is of all lines under one contract: of a
    fen or two each on its own would let a line owe nothing of the most ordinary fee."""
    charged: dict[int, int] = {}
    together: dict[int | None, list[tuple[Laid, int]]] = defaultdict(list)
    for part, fee in zip(laid, fees, strict=True):
        contract = terms_of[part.line].contract
        together[contract.pk if contract else None].append((part, fee))
    for group in together.values():
        of, paid = terms_of[group[0][0].line], sum(part.amount for part, _fee in group)
        weights = [fee for _part, fee in group]
        limit = of.charged(sum(weights), collector_id=tender.collector_id, paid=paid)
        own = weights if limit == sum(weights) else allot(limit, weights)
        charged |= {part.line: fen for (part, _fee), fen in zip(group, own, strict=True)}
    return charged


def _drafts(order: Order, lines: Sequence[OrderLine], seller: Merchant, facts: _Facts) -> list[Draft]:
    of_line = {line.number: facts.terms_of(line, seller, order.paid_at) for line in lines}
    parts = _laid(facts.tenders[order.id], lines, of_line) if facts.tendered else {}
    candidates, guides = facts.posts.candidates(facts.touches[order.id], store=order.store, at=order.paid_at)
    drafts, period = [], month_of(order.business_date)
    for line in lines:
        line.order = order
        order.merchant = seller
        of = of_line[line.number]
        found, nobody = payees(
            of,
            candidates=candidates,
            guides=guides,
            store_id=order.store_id,
            channel=order.channel,
            platform=facts.platform,
        )
        claims = Claims(
            of,
            found,
            facts.counted_roles(of, line, period),
            period,
            category=line.sku.product.category,
            sku_id=line.sku_id,
            channel=order.channel,
        )
        drafts.append(
            Draft(
                line,
                claims,
                parts=parts.get(line.number, []),
                costs=_costs(facts.allocations[line.id], of, facts.platform),
                candidates=candidates,
                guides=guides,
                nobody=nobody,
            )
        )
    return drafts


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
