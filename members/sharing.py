"""A brand's member and a store merchant's member, known as one person because that person said so."""

from collections.abc import Collection, Iterable
from datetime import datetime

from django.db.models import QuerySet
from django_scopes import scope

from events.compiled import compiled
from members.models import Member, SharedMembership
from merchants.models import Brand


def share(
    *, brand: Brand, member: Member, counterpart: Member, at: datetime
) -> tuple[SharedMembership, bool]:
    """Let the store's merchant read, through its own `counterpart`, that this person is the brand's `member`:
    (sharing, whether it is news)."""
    with scope(merchant=brand.merchant):
        shared, made = SharedMembership.objects.get_or_create(
            brand=brand,
            member=member,
            counterpart=counterpart,
            defaults={"merchant": member.merchant, "counterparty": counterpart.merchant, "since": at},
        )
        if shared.ended_at:
            shared.since, shared.ended_at, made = at, None, True
            shared.save(update_fields=["since", "ended_at"])
    return shared, made


def stop_sharing(*, brand: Brand, member: Member, at: datetime) -> list[SharedMembership]:
    """End every sharing of the brand's member; each with its counterpart, so that the other side can be
    told."""
    with scope(merchant=brand.merchant):
        live = SharedMembership.objects.select_for_update(no_key=True, of=("self",)).filter(
            brand=brand, member=member, ended_at=None
        )
        ended = list(live.select_related("counterpart", "counterparty"))
        SharedMembership.objects.filter(pk__in=[shared.pk for shared in ended]).update(ended_at=at)
    return ended


def counterparts_of(*, brand: Brand, member: Member) -> list[Member]:
    """The brand's member as the store merchants know them, while the consent stands."""
    with scope(merchant=brand.merchant):
        rows = SharedMembership.objects.filter(brand=brand, member=member, ended_at=None)
        return [
            shared.counterpart for shared in rows.select_related("counterpart__merchant").order_by("-since")
        ]


def known_as_one(*, members: Iterable[Member], counterparts: Iterable[Member]) -> set[tuple[int, int]]:
    """Of these brands' members and these members of the store merchant in scope: which pairs, (the brand's, the
    store's) by id, the person let be known as one."""
    members, counterparts = list(members), list(counterparts)
    if not (members and counterparts):
        return set()
    return set(_pairs(members=members, counterparts=counterparts))


@compiled
def _pairs(
    *, members: Collection[Member], counterparts: Collection[Member]
) -> QuerySet[SharedMembership, tuple[int, int]]:
    rows = SharedMembership.party.filter(member__in=members, counterpart__in=counterparts, ended_at=None)
    return rows.values_list("member_id", "counterpart_id")


def counterparts_in_scope(members: Iterable[Member]) -> dict[int, Member]:
    """Brands' members by id → the own member of the store merchant in scope whom each let it know as the same; one
    of them, where several brands said so."""
    members = list(members)
    if not members:
        return {}
    return {shared.member_id: shared.counterpart for shared in _shared_here(members=members)}


@compiled
def _shared_here(*, members: Collection[Member]) -> QuerySet[SharedMembership]:
    rows = SharedMembership.party.filter(member__in=members, ended_at=None).order_by("-pk")
    return rows.select_related("counterpart")


def brands_shared_with(*, member: Member) -> list[SharedMembership]:
    """For a store merchant's member: the brands that let it know this person is theirs too, each with its
    member."""
    with scope(merchant=member.merchant):
        rows = SharedMembership.party.filter(counterpart=member, ended_at=None)
        return list(rows.select_related("brand__merchant", "member__merchant").order_by("since", "id"))
