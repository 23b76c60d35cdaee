"""A member as headquarters sees one: who serves them, wherever that guide is employed, and their worth."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Q

from members.models import Binding, Member, SharedMembership
from merchants.scoping import acting_for
from stores.models import Contract


def served_by(members: Sequence[Member], *, at: datetime) -> dict[int, Binding]:
    """Member id → the live binding behind the member, with guide, store and merchant; inside the members'
    merchant. A store merchant's guide shows where the shopper agreed that the store knows them, and as far as
    the brand's contract with that store reaches."""
    found = {binding.member_id: binding for binding in _live(at).filter(member__in=members)}
    shares = SharedMembership.objects.filter(
        member__in=[member for member in members if member.id not in found], ended_at=None
    ).select_related("counterparty")
    by_partner: dict[int, list[SharedMembership]] = {}
    for share in shares:
        by_partner.setdefault(share.counterparty_id, []).append(share)
    for group in by_partner.values():
        with acting_for(group[0].counterparty):
            theirs = {
                binding.member_id: binding
                for binding in _live(at).filter(member__in=[share.counterpart_id for share in group])
            }
        carried = _carried(theirs.values())
        for share in group:
            binding = theirs.get(share.counterpart_id)
            if binding and (share.brand_id, binding.store_id) in carried:
                found.setdefault(share.member_id, binding)
    return found


def _live(at: datetime):
    return Binding.objects.live(at).select_related("guide", "store", "merchant")


def _carried(bindings: Sequence[Binding]) -> set[tuple[int, int]]:
    """Brand and store of one's own contracts that were in force when the binding was made, or came after."""
    reach = Q(pk__in=[])
    for binding in bindings:
        reach |= Q(store=binding.store_id) & (Q(ends_at=None) | Q(ends_at__gt=binding.starts_at))
    rows = Contract.objects.filter(reach, accepted_at__isnull=False)
    return set(rows.values_list("brand_id", "store_id"))
