"""A person becomes a merchant's member: once, however often and from wherever it is asked."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django_scopes import scope

from events.record import Actor, record
from guides.models import Guide
from members import consent
from members.acting import as_member
from members.models import Consent, Member, Person
from merchants.models import Brand, Merchant
from merchants.pinyin import pinyin_key
from stores.models import Store


def join(
    *,
    merchant: Merchant,
    person: Person,
    name: str,
    home_store: Store | None,
    origin: str,
    guide: Guide | None,
    consents: Mapping[str, bool],
    by: Actor,
    at: datetime | None = None,
    brand: Brand | None = None,
    through: Guide | None = None,
) -> tuple[Member, bool]:
    """The person as the merchant's active member, made or greeted again: (member, is_new). `consents` maps a
    Consent.Purpose to yes or no, given for `brand` (None: for the merchant itself). `guide` is told;
    `through` is the guide they came by, who need not be told. A known member keeps name, home and origin.
    Who left is back only with a yes to membership given after that, and is else given as they are: what a
    source still tells of them is not kept.
    """
    at = at or timezone.now()
    name = name.strip()[:60]
    with scope(merchant=merchant), transaction.atomic():
        rows = Member.objects.select_for_update(no_key=True, of=("self",)).select_related(
            "person", "merchant"
        )
        member, is_new = rows.get_or_create(
            merchant=merchant,
            person=person,
            defaults={
                "name": name,
                "pinyin": pinyin_key(name),
                "home_store": home_store,
                "origin": origin,
                "origin_guide": through,
                "joined_at": at,
            },
        )
        if member.status == Member.Status.LEFT and not _comes_back(member, consents, at):
            return member, False
        came_back = not is_new and _brought_up_to_date(member, name=name, home_store=home_store, at=at)
        if is_new or came_back:
            record(
                "member.joined",
                merchant_id=merchant.id,
                subject=member.ref,
                payload={
                    "member": member.ref,
                    "brand": brand and brand.ref,
                    "store": home_store and home_store.ref,
                    "guide": guide and guide.ref,
                    "origin": str(origin),
                },
                concerns=[member.ref, *_told(guide, home_store, merchant)],
                by=as_member(by, member),
                at=at,
            )
        consent.answer(member=member, brand=brand, answers=consents, by=by, at=at)
    return member, is_new or came_back


def _comes_back(member: Member, consents: Mapping[str, bool], at: datetime) -> bool:
    left_at = consent.left_at(member=member)
    return bool(consents.get(Consent.Purpose.MEMBERSHIP)) and (left_at is None or at > left_at)


def _brought_up_to_date(member: Member, *, name: str, home_store: Store | None, at: datetime) -> bool:
    """Fill what was empty, and take the name from whoever had left and is back; whether they are."""
    changed = []
    came_back = member.status == Member.Status.LEFT
    if name and (came_back or not member.name):
        member.name, member.pinyin = name, pinyin_key(name)
        changed += ["name", "pinyin"]
    if home_store and not member.home_store_id:
        member.home_store = home_store
        changed.append("home_store")
    if came_back:
        member.status, member.joined_at = Member.Status.ACTIVE, at
        changed += ["status", "joined_at"]
    if changed:
        member.save(update_fields=changed)
    return came_back


def _told(guide: Guide | None, store: Store | None, merchant: Merchant) -> list[str]:
    """Store and guide, and the guide's user where the guide is the merchant's own."""
    refs = [store.ref] if store else []
    if guide:
        refs.append(guide.ref)
        if guide.merchant_id == merchant.id:
            refs.append(guide.user.ref)
    return refs
