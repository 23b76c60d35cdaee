"""A member takes back what they allowed, or leaves a brand."""

from datetime import datetime

from django.db import transaction
from django.db.models.functions import Least
from django.utils import timezone
from django_scopes import scope

from events.record import Actor, Happening, record, record_many
from members import consent
from members.acting import as_member
from members.models import Binding, Consent, Member
from members.sharing import brands_shared_with, stop_sharing
from merchants.models import Brand


def withdraw(*, member: Member, brand: Brand, purpose: str, by: Actor, at: datetime | None = None) -> None:
    """Take one consent back. Without STORE, store merchants no longer read that their member is the brand's;
    what they know of their own customer stays theirs. To take MEMBERSHIP back is to leave."""
    if purpose == Consent.Purpose.MEMBERSHIP:
        leave(member=member, brand=brand, by=by, at=at)
        return
    at = at or timezone.now()
    with transaction.atomic():
        consent.answer(member=member, brand=brand, answers={purpose: False}, by=by, at=at)
        if purpose == Consent.Purpose.STORE:
            _part(member, brand, by, at)


def leave(*, member: Member, brand: Brand, by: Actor, at: datetime | None = None) -> Member:
    """Leave the brand: every consent for it is taken back and nothing of it is shared. Who has joined no other brand
    of the merchant, and is known to it through no other merchant's, leaves the merchant with it: what the merchant
    itself may do is taken back, and no guide is bound any more. Sales stay where they were."""
    at = at or timezone.now()
    with scope(merchant=member.merchant), transaction.atomic():
        member = (
            Member.objects.select_for_update(no_key=True, of=("self",))
            .select_related("person", "merchant")
            .get(pk=member.pk)
        )
        stands = consent.standing(member=member, brand=brand)
        if member.status == Member.Status.LEFT and not any(stands.values()):
            return member
        _take_back(member, brand, by, at)
        _part(member, brand, by, at)
        if not consent.brands_joined(member=member) and not brands_shared_with(member=member):
            _take_back(member, None, by, at)
            Binding.objects.filter(member=member, starts_at__lt=at, ends_at__gt=at).update(
                ends_at=at, protected_until=Least("protected_until", at)
            )
            member.status = Member.Status.LEFT
            member.save(update_fields=["status"])
        record(
            "member.left",
            merchant_id=member.merchant_id,
            subject=member.ref,
            payload={"member": member.ref, "brand": brand.ref},
            concerns=[member.ref],
            by=as_member(by, member),
            at=at,
        )
    return member


def _take_back(member: Member, brand: Brand | None, by: Actor, at: datetime) -> None:
    """The no to membership is kept also of who never said yes: it says when they left."""
    stands = [purpose for purpose, yes in consent.standing(member=member, brand=brand).items() if yes]
    answers = dict.fromkeys([str(Consent.Purpose.MEMBERSHIP), *stands], False)
    consent.answer(member=member, brand=brand, answers=answers, by=by, at=at)


def _part(member: Member, brand: Brand, by: Actor, at: datetime) -> None:
    """Stop sharing, and tell each store merchant in its own words."""
    ended = stop_sharing(brand=brand, member=member, at=at)
    record_many(
        [
            Happening(
                "member.unshared",
                shared.counterparty_id,
                shared.counterpart.ref,
                {"member": shared.counterpart.ref, "brand": brand.ref},
                [shared.counterpart.ref],
                at,
            )
            for shared in ended
        ],
        by=Actor.system("consent"),
    )
