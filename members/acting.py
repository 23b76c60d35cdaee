"""Who a shopper is in one merchant's events."""

from events.record import Actor
from members.models import Member


def as_member(by: Actor, member: Member) -> Actor:
    """The actor as this merchant may know it: a person's own ref would tie two merchants' rows together."""
    return Actor.person(member.ref) if by.kind == "person" else by
