"""Whom a book owes and what became of what it paid: names and words for finance. Inside the book's scope."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from commissions.models import PayeeAccount, Payout, WechatReceiver, WithholdingRule
from commissions.reasons import percent
from events.models import Event
from insights.accounts import label_of, names_of
from ledger import balances
from ledger.transfers import of_source
from merchants.models import Appointment, Merchant, Party

STEPS = {
    "payout.created": gettext_lazy("Made"),
    "payout.submitted": gettext_lazy("Submitted"),
    "payout.unknown": gettext_lazy("No answer came"),
    "payout.held": gettext_lazy("Put on hold"),
    "payout.succeeded": gettext_lazy("Arrived"),
    "payout.contested": gettext_lazy("It did not arrive, the payee says"),
    "payout.failed": gettext_lazy("Failed: due again"),
    "payout.returned": gettext_lazy("Came back: due again"),
}
MOVES = {
    "recover": gettext_lazy("Kept for what the payee owed"),
    "withhold": gettext_lazy("Tax withheld"),
    "payout": gettext_lazy("On its way"),
    "payout_paid": gettext_lazy("Arrived"),
    "payout_received": gettext_lazy("Payment received"),
    "payout_contested": gettext_lazy("Contested by the payee: on its way again"),
    "payout_confirmed": gettext_lazy("Arrived after all"),
    "payout_failed": gettext_lazy("Failed: due again"),
    "payout_returned": gettext_lazy("Came back: due again"),
    "withhold_back": gettext_lazy("Tax given back"),
}


@dataclass(frozen=True)
class Payable:
    """What the book owes one payee, in fen: `due` now, `owed` back by the payee (≥ 0), which is kept first."""

    ref: str
    name: str
    is_guide: bool
    due: int
    owed: int
    account: PayeeAccount | None
    receiver: WechatReceiver | None
    under_way: Payout | None


@dataclass(frozen=True)
class Row:
    """`standing` beside the rail's bills, as `insights.reconciling` knows it; empty where none is to have it."""

    payout: Payout
    name: str
    standing: str = ""


@dataclass(frozen=True)
class Step:
    words: str
    at: datetime
    by: str


@dataclass(frozen=True)
class Move:
    words: str
    debit: str
    credit: str
    amount: int
    at: datetime


@dataclass(frozen=True)
class Withheld:
    """A rule in words: brackets as (from fen, `20` percent); `state` is holds, coming or replaced."""

    rule: WithholdingRule
    brackets: list[tuple[int, str]]
    state: str


def payable(book: Merchant) -> list[Payable]:
    """Whom something is due to: who can be paid first, the largest sums first."""
    standing: dict[int, dict[str, int]] = {}
    parties: dict[int, Party] = {}
    for balance in balances.of_book(book, codes=("due", "owed")):
        party = balance.account.party
        parties[party.pk] = party
        standing.setdefault(party.pk, {})[balance.account.code] = balance.amount
    due = {pk: codes for pk, codes in standing.items() if codes.get("due", 0) > 0}
    names = names_of(parties[pk] for pk in due)
    kept = {row.party_id: row for row in PayeeAccount.objects.filter(party__in=due, ended_at=None)}
    shared = {row.party_id: row for row in WechatReceiver.objects.filter(party__in=due, ended_at=None)}
    open_ = {row.payee_id: row for row in Payout.objects.filter(payee__in=due, state__in=Payout.OPEN)}
    rows = [
        Payable(
            ref=parties[pk].ref,
            name=names[pk],
            is_guide=parties[pk].kind == Party.Kind.GUIDE,
            due=codes["due"],
            owed=-codes.get("owed", 0),
            account=kept.get(pk),
            receiver=shared.get(pk),
            under_way=open_.get(pk),
        )
        for pk, codes in due.items()
    ]
    return sorted(rows, key=lambda row: (row.under_way is not None, -row.due, row.name))


def named(payouts: Sequence[Payout], standings: Mapping[int, str] | None = None) -> list[Row]:
    """Payouts come loaded with payee and its merchant; `standings` by their ids."""
    names, known = names_of(payout.payee for payout in payouts), standings or {}
    return [Row(payout, names[payout.payee_id], known.get(payout.pk, "")) for payout in payouts]


def by_state(payouts: QuerySet[Payout]) -> dict[str, int]:
    """How many stand in each state; states without any are left out."""
    return dict(payouts.order_by().values_list("state").annotate(Count("id")))


def payees_of(book: Merchant, refs: Iterable[str]) -> list[Party]:
    """Those of the parties that have an account in the book, with their merchant."""
    rows = Party.objects.filter(ref__in=list(refs), accounts__book=book).select_related("merchant", "guide")
    return list(rows.distinct().order_by("id"))


def steps(payout: Payout, book: Merchant) -> list[Step]:
    """What happened to it, the first first, as the book's stream tells it."""
    events = list(Event.objects.for_merchant(book.pk).filter(subject=payout.ref).order_by("id"))
    people = Appointment.objects.filter(user__ref__in={event.actor_ref for event in events})
    names = dict(people.values_list("user__ref", "user__name"))
    return [
        Step(str(STEPS.get(event.kind, event.kind)), event.at, _by(event, payout, names, book))
        for event in events
    ]


def story(payout: Payout, book: Merchant) -> list[Move]:
    """What it moved in the book, in turn."""
    rows = of_source(book, "payout", payout.ref)
    return [
        Move(
            str(MOVES.get(row.kind, row.kind)),
            label_of(row.debit.code),
            label_of(row.credit.code),
            row.amount,
            row.at,
        )
        for row in rows.select_related("debit", "credit")
    ]


def withholding(rules: Iterable[WithholdingRule], now: WithholdingRule | None) -> list[Withheld]:
    """`rules` the newest first; `now` is the one in force."""
    found: list[Withheld] = []
    for rule in rules:
        brackets = [(begin, percent(ppm)) for begin, ppm in rule.brackets]
        ahead = now is None or rule.starts_on > now.starts_on
        last = (
            not found or found[-1].rule.starts_on != rule.starts_on
        )  # of several for one month the last holds
        state = "holds" if rule == now else "coming" if ahead and last else "replaced"
        found.append(Withheld(rule, brackets, state))
    return found


def _by(event: Event, payout: Payout, names: dict[str, str], book: Merchant) -> str:
    if name := names.get(event.actor_ref):
        return name
    if payout.guide and event.actor_ref == payout.guide.user.ref:
        return payout.guide.name
    if event.actor_kind == "user" and payout.guide is None and payout.payee_merchant:
        other = payout.merchant if payout.payee_merchant == book else payout.payee_merchant
        return other.name
    return _("The system") if event.actor_kind == "system" else _("A colleague")
