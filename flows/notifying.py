"""Tell the people an event concerns: it goes to the inbox of each user or guide among its refs. What the other
side of a contract did goes to those who may answer it; so does an appeal. What is said of a payment between merchants
goes to whoever pays at the other; a proof that failed, to those who may see the books."""

from collections.abc import Callable

from django.utils import timezone

from commissions.models import Appeal
from events.models import Event
from guides.models import Guide
from merchants.appointed import holders
from merchants.models import Merchant, OrgUnit, User
from merchants.onboarding import root_of
from notifications import inbox
from stores.models import Contract

OF_CONTRACTS = {
    f"contract.{deed}" for deed in ("drafted", "revised", "withdrawn", "accepted", "declined", "ended")
}
OF_PEOPLE = {
    "member.joined",
    "binding.made",
    "coupon.redeemed",
    "order.refunded",
    "commission.clawed",
    "payee_account.kept",
    "appeal.answered",
}
BETWEEN_MERCHANTS = {"payout.succeeded", "payout.contested", "payout.returned"}
# Of a guide's own money. Told where the guide is employed: a payer's and a sender's stream say it once more each.
OF_A_GUIDES_MONEY = {f"payout.{state}" for state in ("succeeded", "failed", "returned")}
OF_APPEALS = {"appeal.raised"}
OF_BOOKS = {"ledger.proof_failed"}


def tell(events: list[Event]) -> None:
    """Whoever did it themselves is not told; nor is a guide told of a joining twice, as that and as its binding."""
    for kinds, teller in _TELLERS:
        teller([event for event in events if event.kind in kinds])


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


def _tell_merchants_of_payouts(events: list[Event]) -> None:
    """A merchant is told what others say they paid it, and the payer that the payee objects."""
    between = [event for event in events if event.payload["payee"].startswith("mch_")]
    refs = {event.merchant_id: event.payload for event in between}
    ours = dict(Merchant.objects.filter(pk__in=refs).values_list("pk", "ref"))
    roots = dict(OrgUnit.objects.filter(merchant__in=refs, parent=None).values_list("merchant_id", "path"))
    now = timezone.now()
    for event in between:
        to_payee = ours[event.merchant_id] == event.payload["payee"]
        if to_payee != (event.kind == "payout.contested"):
            paying = holders("payouts.write", path=roots[event.merchant_id], at=now)
            inbox.deliver(event, user_ids=[user.pk for user in paying if user.ref != event.actor_ref])


def _tell_of_appeals(events: list[Event]) -> None:
    """To whoever decides at the line's principal, at headquarters or over the store; the seller's copy is no news."""
    mine = (
        Appeal.objects.filter(ref__in={event.subject for event in events})
        if events
        else Appeal.objects.none()
    )
    places = {
        row.ref: row for row in mine.select_related("split__contract__brand_unit", "split__store__org_unit")
    }
    now = timezone.now()
    for event in events:
        if row := places.get(event.subject):
            deciding = holders("settlements.write", path=_place(row), at=now)
            inbox.deliver(event, user_ids=[user.pk for user in deciding if user.ref != event.actor_ref])


def _place(row: Appeal) -> str:
    """Where the line hangs in its book's tree: the brand's unit of the contract, or one's own store."""
    split = row.split
    if split.contract and split.contract.merchant_id == row.merchant_id:
        return split.contract.brand_unit.path
    return split.store.org_unit.path


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


def _tell_guides_of_payouts(events: list[Event]) -> None:
    refs = {ref for event in events for ref in event.concerns}
    guides = Guide.objects.filter(ref__in=refs).values_list("ref", "user_id") if refs else ()
    users = dict(guides)
    for event in events:
        inbox.deliver(event, user_ids=[users[ref] for ref in event.concerns if ref in users])


def _without_bindings_of_joining(events: list[Event]) -> list[Event]:
    """Who joins and is bound at once does both at one instant."""
    bound = {(event.subject, event.at) for event in events if event.kind == "binding.made"}
    members = sorted({subject for subject, _at in bound})
    joinings = Event.objects.concerning(*members).filter(kind="member.joined")
    joined = set(joinings.values_list("subject", "at")) if members else set()
    return [
        event for event in events if event.kind != "binding.made" or (event.subject, event.at) not in joined
    ]


_TELLERS: list[tuple[set[str], Callable[[list[Event]], None]]] = [
    (OF_CONTRACTS, _tell_of_contracts),
    (BETWEEN_MERCHANTS, _tell_merchants_of_payouts),
    (OF_A_GUIDES_MONEY, _tell_guides_of_payouts),
    (OF_APPEALS, _tell_of_appeals),
    (OF_BOOKS, _tell_of_books),
    (OF_PEOPLE, _tell_of_people),
]
KINDS = set[str]().union(*(kinds for kinds, _teller in _TELLERS))
