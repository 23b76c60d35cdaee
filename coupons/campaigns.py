"""A campaign is made, paused, resumed; and where its coupons may be sent and used."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Q, Sum
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_scopes import scope

from catalog.models import Sku
from coupons.bearing import agreed, not_agreed
from coupons.models import Campaign, Quota
from events.record import Actor, record
from members.models import Member
from members.sharing import brands_shared_with
from merchants.errors import Conflict, DomainError
from merchants.models import Brand, Merchant
from merchants.money import PPM
from merchants.storable import check_in_reach
from stores.models import Contract, Store

MOST_PIECES = 100
BEARERS = ("brand", "store", "channel", "platform")


@transaction.atomic
def create(
    *,
    merchant: Merchant,
    name: str,
    issue_limit: int,
    claim_from: datetime,
    claim_until: datetime,
    use_from: datetime,
    use_until: datetime,
    by: Actor,
    kind: str = Campaign.Kind.FULL_REDUCTION,
    threshold: int = 0,
    amount_off: int = 0,
    pieces: int = 0,
    sku: Sku | None = None,
    brand: Brand | None = None,
    bearers: Sequence[tuple[str, int]] | None = None,
    per_member_limit: int = 1,
    form_key: str = "",
    at: datetime | None = None,
) -> Campaign:
    """“Spend `threshold` fen on the brand's goods, `amount_off` fen go off.” Of the kind `exchange`: “`pieces` of the
    brand's goods, of the article `sku` if it is given, for this coupon.” Without a brand, on the whole receipt.

    `bearers` are (role, ppm), by default the brand alone (the store, without a brand). What they lay on another
    merchant holds only where its contract allows it (`coupons.bearing`); on the platform, only the platform itself
    lays a part: DomainError `campaign.bearer_not_agreed`.

    A form sent twice under one `form_key` makes one campaign and answers with it; with other terms under that key,
    Conflict `campaign.form_sent`.
    """
    shares = [list(bearer) for bearer in bearers or ((("brand" if brand else "store"), PPM),)]
    _lawful(merchant, brand, shares)
    if kind == Campaign.Kind.EXCHANGE:
        _exchanges(merchant, brand, pieces, sku, threshold or amount_off)
    else:
        _reduces(threshold, amount_off, pieces or sku)
    _platform_asked(shares, by)
    check_in_reach(claim_from=claim_from, claim_until=claim_until, use_from=use_from, use_until=use_until)
    _in_order("claim_until", claim_from, claim_until)
    _in_order("use_until", use_from, use_until)
    for field, limit in (("issue_limit", issue_limit), ("per_member_limit", per_member_limit)):
        if not 0 < limit <= (32_767 if field == "per_member_limit" else 2**31 - 1):
            raise _refused("campaign.limit", _("A limit is at least 1."), field)
    terms = {
        "brand": brand,
        "name": name,
        "kind": kind,
        "pieces": pieces,
        "sku": sku,
        "threshold": threshold,
        "amount_off": amount_off,
        "claim_from": claim_from,
        "claim_until": claim_until,
        "use_from": use_from,
        "use_until": use_until,
        "per_member_limit": per_member_limit,
        "issue_limit": issue_limit,
        "bearers": shares,
    }
    campaign, is_new = _made_once(merchant, form_key, terms)
    if is_new:
        Quota.objects.create(campaign=campaign, left=issue_limit)
        _tell("campaign.created", campaign, by=by, at=at)
    return campaign


def pause(*, campaign: Campaign, by: Actor) -> Campaign:
    """No more coupons of it go out; those that are out stay usable."""
    return _turn(campaign, Campaign.State.ACTIVE, Campaign.State.PAUSED, "campaign.paused", by)


def resume(*, campaign: Campaign, by: Actor) -> Campaign:
    return _turn(campaign, Campaign.State.PAUSED, Campaign.State.ACTIVE, "campaign.resumed", by)


def left(campaign: Campaign) -> int:
    """How many coupons can still be issued."""
    return Quota.objects.filter(campaign=campaign).aggregate(left=Sum("left"))["left"] or 0


def sendable(*, store: Store, at: datetime | None = None) -> list[Campaign]:
    """What a guide of this store can send now, soonest ending first: its merchant's own campaigns, and
    those of the brands under a contract in force here, where who bears them is agreed. Each has `left`."""
    at = at or timezone.now()
    with scope(merchant=store.merchant):
        contracts = list(Contract.party.filter(store=store).live(at).select_related("merchant"))
    owners = {contract.merchant for contract in contracts}
    brands = [contract.brand_id for contract in contracts]
    found: list[Campaign] = []
    for owner in owners | {store.merchant}:
        with scope(merchant=owner):
            own = Q(brand__in=brands) | (Q(brand=None) if owner == store.merchant else Q(pk__in=[]))
            found += (
                Campaign.objects.filter(own, state=Campaign.State.ACTIVE)
                .filter(claim_from__lte=at, claim_until__gt=at, use_until__gt=at)
                .select_related("brand", "merchant", "sku")
                .annotate(left=Sum("quotas__left"))
            )
    borne = [campaign for campaign in found if agreed(campaign, contracts)]
    return sorted(borne, key=lambda campaign: (campaign.claim_until, campaign.id))


def that_reach(offered: Sequence[Campaign], *, member: Member) -> list[Campaign]:
    """Of these, whose coupons this member can be sent: of the member's own merchant, and of the brands the
    shopper joined and agreed to have known here."""
    joined = {(shared.brand_id, shared.merchant_id) for shared in brands_shared_with(member=member)}
    return [
        campaign
        for campaign in offered
        if campaign.merchant_id == member.merchant_id or (campaign.brand_id, campaign.merchant_id) in joined
    ]


def check_usable_at(campaign: Campaign, *, store: Store, at: datetime) -> None:
    """Its coupons can be used at this store at that instant, or DomainError `coupon.not_here`,
    `coupon.cost_not_agreed`. Its brand's contract says so; an own campaign over the whole receipt counts anywhere."""
    with scope(merchant=store.merchant):
        contracts = list(Contract.party.filter(store=store).live(at))
    own = campaign.brand_id is None and campaign.merchant_id == store.merchant_id
    if not own and campaign.brand_id not in {one.brand_id for one in contracts}:
        raise DomainError(
            "coupon.not_here",
            _("Coupons of “%(name)s” cannot be used at this store.") % {"name": campaign.name},
            next_step=_("Choose a campaign of a brand that this store sells."),
        )
    if not agreed(campaign, contracts):
        raise not_agreed(campaign)


def _made_once(merchant: Merchant, form_key: str, terms: Mapping[str, object]) -> tuple[Campaign, bool]:
    """Of two forms at once the second waits at the constraint, and then finds the first one's."""
    if not form_key:
        return Campaign.objects.create(merchant=merchant, **terms), True
    with scope(merchant=merchant):
        campaign, is_new = Campaign.objects.get_or_create(
            merchant=merchant, form_key=form_key, defaults=terms
        )
    if not is_new and any(getattr(campaign, name) != told for name, told in terms.items()):
        raise Conflict(
            "campaign.form_sent",
            _("This form made “%(name)s” already; what stands here differs and is not saved.")
            % {"name": campaign.name},
            next_step=_("For one more campaign, begin a new form."),
        )
    return campaign, is_new


def _turn(campaign: Campaign, old: str, new: str, kind: str, by: Actor) -> Campaign:
    with transaction.atomic(), scope(merchant=campaign.merchant):
        if not Campaign.objects.filter(pk=campaign.pk, state=old).update(state=new):
            raise DomainError(
                "campaign.state",
                _("“%(name)s” is not in the state for this.") % {"name": campaign.name},
                next_step=_("Load the campaign again to see its state."),
            )
        campaign.state = new
        _tell(kind, campaign, by=by)
    return campaign


def _tell(kind: str, campaign: Campaign, *, by: Actor, at: datetime | None = None) -> None:
    record(
        kind,
        merchant_id=campaign.merchant_id,
        subject=campaign.ref,
        payload={
            "campaign": campaign.ref,
            "brand": campaign.brand.ref if campaign.brand else None,
            "kind": str(campaign.kind),
            "threshold": campaign.threshold,
            "amount_off": campaign.amount_off,
            "pieces": campaign.pieces,
        },
        concerns=[],
        by=by,
        at=at,
    )


def _reduces(threshold: int, amount_off: int, of_exchange: object) -> None:
    if not 0 < amount_off <= threshold:
        raise _refused(
            "campaign.amounts",
            _("The amount off must be above zero and not above the threshold."),
            "amount_off",
        )
    if of_exchange:
        raise _refused("campaign.pieces", _("Only an exchange coupon is for pieces."), "pieces")


def _exchanges(
    merchant: Merchant, brand: Brand | None, pieces: int, sku: Sku | None, of_reduction: int
) -> None:
    if not 0 < pieces <= MOST_PIECES:
        raise _refused(
            "campaign.pieces",
            _("An exchange coupon is for 1 to %(most)d pieces.") % {"most": MOST_PIECES},
            "pieces",
        )
    if of_reduction:
        raise _refused("campaign.amounts", _("An exchange coupon names pieces and no amounts."), "amount_off")
    if sku and (sku.merchant_id != merchant.id or (brand and sku.product.brand_id != brand.id)):
        raise _refused("campaign.article", _("That article is not of this campaign's goods."), "sku")


def _lawful(merchant: Merchant, brand: Brand | None, shares: list[list]) -> None:
    if brand is not None and brand.merchant_id != merchant.id:
        raise _refused("campaign.foreign_brand", _("That brand belongs to another merchant."), "brand")
    roles = [role for role, _ppm in shares]
    unknown = set(roles) - set(BEARERS)
    if unknown or len(set(roles)) < len(roles) or any(ppm < 0 for _role, ppm in shares):
        raise _refused("campaign.bearers", _("Each bearer is named once, as a known role."), "bearers")
    if sum(ppm for _role, ppm in shares) != PPM:
        raise _refused("campaign.bearers", _("The bearers' parts must come to the whole."), "bearers")


def _platform_asked(shares: list[list], by: Actor) -> None:
    if by.kind != "system" and any(role == "platform" for role, _ppm in shares):
        raise _refused(
            "campaign.bearer_not_agreed", _("The platform has not agreed to bear a part of it."), "bearers"
        )


def _in_order(field: str, start: datetime, end: datetime) -> None:
    if start >= end:
        raise _refused("campaign.window", _("A window ends after it begins."), field)


def _refused(code: str, message: object, field: str) -> DomainError:
    return DomainError(code, message, next_step=_("Correct the campaign and save it again."), field=field)
