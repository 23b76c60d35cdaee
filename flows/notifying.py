"""Tell the people an event concerns: it goes to the inbox of each user or guide among its refs."""

from events.models import Event
from guides.models import Guide
from merchants.models import User
from notifications import inbox

KINDS = {"member.joined", "binding.made", "coupon.redeemed", "order.refunded", "commission.clawed"}


def tell(events: list[Event]) -> None:
    """Whoever did it themselves is not told; nor is a guide told of a joining twice, as that and as its binding."""
    events = _without_bindings_of_joining(events)
    refs = {ref for event in events for ref in event.concerns}
    guides = Guide.objects.filter(ref__in=refs, status=Guide.Status.ACTIVE).select_related("user")
    by_ref = {guide.ref: guide.user for guide in guides}
    by_ref |= {user.ref: user for user in User.objects.filter(ref__in=refs, is_active=True)}
    for event in events:
        concerned = [by_ref[ref] for ref in event.concerns if ref in by_ref]
        inbox.deliver(event, user_ids=[user.pk for user in concerned if user.ref != event.actor_ref])


def _without_bindings_of_joining(events: list[Event]) -> list[Event]:
    """Who joins and is bound at once does both at one instant."""
    bound = {(event.subject, event.at) for event in events if event.kind == "binding.made"}
    members = sorted({subject for subject, _at in bound})
    joinings = Event.objects.concerning(*members).filter(kind="member.joined")
    joined = set(joinings.values_list("subject", "at")) if members else set()
    return [
        event for event in events if event.kind != "binding.made" or (event.subject, event.at) not in joined
    ]
