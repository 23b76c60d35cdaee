"""Tell the people an event concerns: it goes to the inbox of each user or guide among its refs. What the other
side of a contract did goes to those who may answer it; a proof that failed, to those who may see the books."""

from django.utils import timezone

from events.models import Event
from guides.models import Guide
from merchants.appointed import holders
from merchants.models import Merchant, User
from merchants.onboarding import root_of
from notifications import inbox
from stores.models import Contract

OF_CONTRACTS = {
    f"contract.{deed}" for deed in ("drafted", "revised", "withdrawn", "accepted", "declined", "ended")
}
OF_PEOPLE = {"member.joined", "binding.made", "coupon.redeemed", "order.refunded", "commission.clawed"}
OF_BOOKS = {"ledger.proof_failed"}
KINDS = OF_PEOPLE | OF_CONTRACTS | OF_BOOKS


def tell(events: list[Event]) -> None:
    """Whoever did it themselves is not told; nor is a guide told of a joining twice, as that and as its binding."""
    _tell_of_contracts([event for event in events if event.kind in OF_CONTRACTS])
    _tell_of_books([event for event in events if event.kind in OF_BOOKS])
    _tell_of_people([event for event in events if event.kind in OF_PEOPLE])


def _tell_of_contracts(events: list[Event]) -> None:
    news = [event for event in events if not event.payload.get("own_deed")]
    places = _places({event.subject for event in news})
    now = timezone.now()
    for event in news:
        if path := places.get(event.subject):
            answering = holders("contracts.write", path=path, at=now)
            inbox.deliver(event, user_ids=[user.pk for user in answering if user.ref != event.actor_ref])


def _places(refs: set[str]) -> dict[str, str]:
    """Contracts → where each hangs in the acting merchant's tree: its store's unit, or the brand's for it."""
    ours = Contract.party.filter(ref__in=refs).values_list("ref", "store__org_unit__path")
    granted = Contract.objects.filter(ref__in=refs).values_list("ref", "brand_unit__path")
    return dict(ours) | dict(granted) if refs else {}


def _tell_of_books(events: list[Event]) -> None:
    for event in events:
        book = Merchant.objects.get(pk=event.merchant_id)
        told = holders("ledger.read", path=root_of(book).path, at=timezone.now())
        inbox.deliver(event, user_ids=[user.pk for user in told])


def _tell_of_people(events: list[Event]) -> None:
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
