"""What a sale would bring, before it is made: the same terms and the same arithmetic, and nothing is written."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from catalog.models import Sku
from commissions import running
from commissions.attribution_policies import policies_for
from commissions.candidates import Posts
from commissions.drafts import Claims, counted
from commissions.evidence import Guides, why
from commissions.models import month_of
from commissions.plans import versions_of
from commissions.reasons import reason
from commissions.running import Totals
from commissions.splitting import divide
from commissions.terms import payees, platform, terms
from guides.models import Guide
from members.binding import binding_of
from members.models import Member
from merchants.business_day import business_date
from merchants.models import Brand
from orders.models import Order, Touch
from stores.contracts import contracts_of
from stores.models import Store


@dataclass(frozen=True)
class PreviewLine:
    """A line as it stands in the basket: its brand (None: the store merchant's own goods) and what it will cost;
    the article with its product, where it is known."""

    brand: Brand | None
    paid: int
    sku: Sku | None = None
    quantity: int = 1


@dataclass(frozen=True)
class EstimateLine:
    """`reasons` is empty where nothing of the line is the guide's."""

    amount: int
    reasons: list[str]


@dataclass(frozen=True)
class Estimate:
    """What the guide would get, in minor units, in all and line by line."""

    total: int
    lines: list[EstimateLine]


def estimate(
    lines: Sequence[PreviewLine],
    *,
    store: Store,
    guide: Guide,
    member: Member | None,
    at: datetime,
    channel: str = Order.Channel.WORKBENCH,
) -> Estimate:
    """What `guide` would get for serving `member` at `store` at `at`, in a sale by `channel`.

    An estimate: discounts that others bear, and so a basis of the full price, are known only with the sale; and
    until then others may sell what moves a tier.
    """
    brands = {line.brand for line in lines if line.brand}
    versions = {brand.id: versions_of(brand) for brand in brands}
    policies = policies_for(brands, versions)
    contracts = {contract.brand_id: contract for contract in contracts_of(store=store, at=at)}
    touches, party = _touching(guide, member, store, at), platform()
    posts = Posts(
        [version for found in versions.values() for version in found],
        stores=[store],
        guides={touch.guide_id for touch in touches},
    )
    candidates, guides = posts.candidates(touches, store=store, at=at)
    day = business_date(at, zone=store.time_zone, cut_off=store.merchant.cut_off)
    claims = []
    for line in lines:
        published = versions[line.brand.id] if line.brand else []
        of = terms(
            seller=store.merchant,
            brand_owner=line.brand.merchant if line.brand else store.merchant,
            contract=contracts.get(line.brand.id) if line.brand else None,
            versions=published,
            policies=policies,
            at=at,
        )
        found, _nobody = payees(
            of,
            candidates=candidates,
            guides=guides,
            store_id=store.pk,
            channel=channel,
            platform=party,
        )
        claims.append(
            Claims(
                of,
                found,
                counted(of, published, month_of(day)),
                month_of(day),
                category=line.sku.product.category if line.sku else "",
                sku_id=line.sku.pk if line.sku else 0,
                channel=channel,
            )
        )
    totals = running.standing(key for claim in claims for key in claim.counted_keys())
    estimated = [_line(line, claim, guide, guides, totals) for line, claim in zip(lines, claims, strict=True)]
    return Estimate(sum(line.amount for line in estimated), estimated)


def _touching(guide: Guide, member: Member | None, store: Store, at: datetime) -> list[Touch]:
    """The touches that the sale would have, unsaved."""
    touches = [Touch(kind=Touch.Kind.SERVING, guide=guide, store=store)]
    if member and (binding := binding_of(member=member, at=at)):
        touches.append(
            Touch(
                kind=Touch.Kind.BOUND,
                guide=binding.guide,
                store_id=binding.store_id,
                protected=binding.protected_until > at,
                at=binding.starts_at,
            )
        )
    return touches


def _line(line: PreviewLine, claims: Claims, guide: Guide, guides: Guides, totals: Totals) -> EstimateLine:
    stakes = claims.stakes(totals)
    cuts = divide(
        base=line.paid,
        basis=line.paid,
        terms=claims.terms,
        quantity=line.quantity,
        claimants={number: list(claimants) for number, claimants in stakes.items()},
    )
    claims.count(cuts, basis=line.paid, totals=totals)
    own = [(cut, stakes[cut.term.number][cut.claimant]) for cut in cuts]
    own = [(cut, payee) for cut, payee in own if payee.guide == guide]
    return EstimateLine(
        amount=sum(cut.amount for cut, _payee in own),
        reasons=[reason(why(cut, payee, claims.of.version, guides)) for cut, payee in own],
    )
