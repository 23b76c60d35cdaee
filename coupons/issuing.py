"""A coupon goes out: once a claim key, within the member's limit and the campaign's."""

import secrets
from datetime import datetime

from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_scopes import scope

from coupons import campaigns
from coupons.models import Campaign, Coupon, Quota
from events.record import Actor, Happening, record_many
from guides.models import Guide
from members import consent
from members.models import Consent, Member, SharedMembership
from merchants import sealing
from merchants.errors import Conflict, DomainError
from merchants.refusing import refusing
from stores.models import Store

CODE_DIGITS = 16


def issue(
    *,
    campaign: Campaign,
    member: Member,
    claim_key: str,
    by: Actor,
    guide: Guide | None = None,
    store: Store | None = None,
    at: datetime | None = None,
) -> tuple[Coupon, bool]:
    """Give `member` a coupon: (coupon, is_new). The same claim key again gives the same coupon again.

    `member` may be the member of a store's merchant: then the coupon goes to the campaign merchant's own
    member of that person, if the shopper agreed that the two are known as one. DomainError
    `coupon.not_shared`, `coupon.not_here`, `coupon.cost_not_agreed`, `campaign.not_running`,
    `campaign.not_open`, `campaign.member_limit`, `campaign.exhausted`; Conflict `coupon.claim_key_reused`.
    Locks the member first and the campaign's quota last.
    """
    at = at or timezone.now()
    target = _target(campaign, member)
    if store is not None:
        campaigns.check_usable_at(campaign, store=store, at=at)
    with refusing("coupon_claim_key_once", _reused()), scope(merchant=campaign.merchant):
        Member.objects.select_for_update(no_key=True, of=("self",)).get(pk=target.pk)
        own = Coupon.objects.filter(Q(claim_key=claim_key) | Q(campaign=campaign, member=target))
        coupons = list(own.select_related("campaign", "member"))
        if (told := _claimed(coupons, campaign, target, claim_key)) is not None:
            return told, False
        _open(campaign, at)
        if len(coupons) >= campaign.per_member_limit:
            raise DomainError(
                "campaign.member_limit",
                _("This member already has every coupon of “%(name)s” a member can have.")
                % {"name": campaign.name},
                next_step=_("Choose another campaign."),
            )
        coupon = _made(campaign, target, claim_key, len(coupons) + 1, guide, store, at)
        record_many(_happenings(coupon, member, guide, store), by=by)
        _take_one(campaign)
        return coupon, True


def offers_refused(*, campaign: Campaign, member: Member) -> datetime | None:
    """Since when whoever would hold the coupon does not allow the campaign's brand to send offers; None where they
    do, or were never asked. DomainError `coupon.not_shared` as `issue`. What stands against an offer that nobody
    asked for does not stand against a coupon that the member asks for: who sends decides, and knows."""
    newest = consent.newest(member=_target(campaign, member), brand=campaign.brand)
    return next(
        (row.at for row in newest if row.purpose == Consent.Purpose.MARKETING and not row.granted), None
    )


def code_of(coupon: Coupon) -> str:
    """The sixteen digits, ungrouped, for the member and whoever serves the member."""
    return sealing.unseal(coupon.code_sealed)


def code_hash(code: str) -> bytes:
    return sealing.fingerprint(code, purpose="coupon")


def _target(campaign: Campaign, member: Member) -> Member:
    if member.merchant_id == campaign.merchant_id:
        return member
    with scope(merchant=member.merchant):
        shared = (
            SharedMembership.party.filter(
                counterpart=member, merchant=campaign.merchant, brand=campaign.brand_id, ended_at=None
            )
            .select_related("member")
            .first()
        )
    if shared is None:
        raise DomainError(
            "coupon.not_shared",
            _("The member has not agreed that this brand and your store know them as one."),
            next_step=_("Ask the member to join the brand on its page and to tick that consent."),
        )
    return shared.member


def _claimed(coupons: list[Coupon], campaign: Campaign, member: Member, claim_key: str) -> Coupon | None:
    for coupon in coupons:
        if coupon.claim_key == claim_key:
            if (coupon.campaign_id, coupon.member_id) != (campaign.pk, member.pk):
                raise _reused()
            return coupon
    return None


def _open(campaign: Campaign, at: datetime) -> None:
    state = Campaign.objects.values_list("state", flat=True).get(pk=campaign.pk)
    if state != Campaign.State.ACTIVE:
        raise DomainError(
            "campaign.not_running",
            _("“%(name)s” is paused or has ended.") % {"name": campaign.name},
            next_step=_("Choose a running campaign."),
        )
    if not campaign.claim_from <= at < min(campaign.claim_until, campaign.use_until):
        raise DomainError(
            "campaign.not_open",
            _("“%(name)s” gives out no coupons at this time.") % {"name": campaign.name},
            next_step=_("See the campaign's dates, or choose another campaign."),
        )


def _made(
    campaign: Campaign,
    member: Member,
    claim_key: str,
    claim_no: int,
    guide: Guide | None,
    store: Store | None,
    at: datetime,
) -> Coupon:
    # No leading zero: spreadsheets and scanners' keyboards drop it.
    lowest = 10 ** (CODE_DIGITS - 1)
    code = str(lowest + secrets.randbelow(9 * lowest))
    return Coupon.objects.create(
        merchant=campaign.merchant,
        campaign=campaign,
        member=member,
        code_hash=code_hash(code),
        code_sealed=sealing.seal(code),
        claim_key=claim_key,
        claim_no=claim_no,
        usable_from=campaign.use_from,
        usable_until=campaign.use_until,
        issued_at=at,
        sent_by=guide,
        store=store,
    )


def _take_one(campaign: Campaign) -> None:
    """Count it, last: this row is the one every claim of the campaign waits for."""
    if not Quota.objects.filter(campaign=campaign, left__gt=0).update(left=F("left") - 1):
        raise DomainError(
            "campaign.exhausted",
            _("Every coupon of “%(name)s” has been given out.") % {"name": campaign.name},
            next_step=_("Choose another campaign, or ask for a higher limit."),
        )


def _happenings(
    coupon: Coupon, asked_for: Member, guide: Guide | None, store: Store | None
) -> list[Happening]:
    """For the campaign's merchant about its member; for the guide's merchant, if another, about its own."""
    about = [(coupon.merchant_id, coupon.member)]
    if guide is not None and guide.merchant_id != coupon.merchant_id:
        about.append((guide.merchant_id, asked_for))
    where = [row.ref for row in (guide, store) if row is not None]
    return [
        Happening(
            "coupon.issued",
            merchant_id=merchant_id,
            subject=coupon.ref,
            payload={
                "coupon": coupon.ref,
                "campaign": coupon.campaign.ref,
                "member": member.ref,
                "guide": guide.ref if guide else None,
                "store": store.ref if store else None,
                "amount_off": coupon.campaign.amount_off,
                "usable_until": coupon.usable_until.isoformat(),
            },
            concerns=[member.ref, *where],
            at=coupon.issued_at,
        )
        for merchant_id, member in about
    ]


def _reused() -> Conflict:
    return Conflict(
        "coupon.claim_key_reused",
        _("This claim key was used for another coupon."),
        next_step=_("Use a key of its own for each claim."),
        field="claim_key",
    )
