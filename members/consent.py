"""What a shopper allowed, per brand and purpose. Answers are only ever added; the newest of each counts."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django_scopes import scope

from events.record import Actor, record
from members.acting import as_member
from members.models import Consent, Member
from merchants.models import Brand

TEXT_VERSION = "2026-11"  # of the words beside the boxes; a change of meaning is a new version


def answer(
    *, member: Member, brand: Brand | None, answers: Mapping[str, bool], by: Actor, at: datetime | None = None
) -> dict[str, bool]:
    """Keep yes and no for each purpose that differs from what stands; what changed. `brand` is None for the
    store merchant's own. An answer that stands already is not written again."""
    at = at or timezone.now()
    with scope(merchant=member.merchant), transaction.atomic():
        Member.objects.select_for_update(no_key=True, of=("self",)).get(pk=member.pk)
        before = standing(member=member, brand=brand)
        changed = {
            str(Consent.Purpose(purpose)): granted
            for purpose, granted in answers.items()
            if before.get(str(Consent.Purpose(purpose))) is not granted
        }
        if changed:
            Consent.objects.bulk_create(
                Consent(
                    merchant=member.merchant,
                    member=member,
                    brand=brand,
                    purpose=purpose,
                    granted=granted,
                    text_version=TEXT_VERSION,
                    at=at,
                )
                for purpose, granted in changed.items()
            )
            record(
                "member.consented",
                merchant_id=member.merchant_id,
                subject=member.ref,
                payload={"member": member.ref, "brand": brand and brand.ref, "answers": changed},
                concerns=[member.ref],
                by=as_member(by, member),
                at=at,
            )
    return changed


def standing(*, member: Member, brand: Brand | None) -> dict[str, bool]:
    """Purpose → yes or no, as it stands now; a purpose never answered is absent."""
    return {row.purpose: row.granted for row in newest(member=member, brand=brand)}


def everywhere(*, member: Member) -> list[Consent]:
    """The newest answer of each brand and purpose, with its date; the store merchant's own last."""
    with scope(merchant=member.merchant):
        rows = Consent.objects.filter(member=member).select_related("brand")
        return list(rows.order_by("brand", "purpose", "-at", "-id").distinct("brand", "purpose"))


def brands_joined(*, member: Member) -> list[Brand]:
    """The brands of the merchant of which the person is a member now."""
    return [
        row.brand
        for row in everywhere(member=member)
        if row.brand and row.purpose == Consent.Purpose.MEMBERSHIP and row.granted
    ]


def left_at(*, member: Member) -> datetime | None:
    """When the person last took a membership back; None of who never did."""
    with scope(merchant=member.merchant):
        rows = Consent.objects.filter(member=member, purpose=Consent.Purpose.MEMBERSHIP, granted=False)
        return rows.aggregate(last=Max("at"))["last"]


def newest(*, member: Member, brand: Brand | None) -> list[Consent]:
    """The newest answer of each purpose, with its date."""
    with scope(merchant=member.merchant):
        rows = Consent.objects.filter(member=member, brand=brand)
        return list(rows.order_by("purpose", "-at", "-id").distinct("purpose"))
