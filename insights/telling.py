"""Events in a sentence, with the names their refs stand for as far as the reader's merchant knows them."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from events.models import Event
from insights.event_words import KINDS
from insights.names import Names
from merchants.models import Merchant
from merchants.money import yuan
from merchants.scoping import acting_for


@dataclass(frozen=True)
class Told:
    """`tone` is a component's tone; `about` a kind of page (order, member, contract, store) and the ref to open."""

    seq: int
    at: datetime
    kind: str
    text: str
    tone: str
    about: tuple[str, str] | None


def tell(events: Iterable[Event], *, merchant: Merchant) -> list[Told]:
    """Sentences for a merchant's numbered events in the active language; few look-ups for many events."""
    events = list(events)
    with acting_for(merchant):
        names = Names(_refs(events), {merchant.ref: merchant.name})
        return [_told(event, names) for event in events]


def _refs(events: Iterable[Event]) -> set[str]:
    found: set[str] = set()
    for event in events:
        with_doer = event.kind.partition(".")[0] in _WITH_DOER
        named = {event.subject, *_named(event.payload)}
        # No other sentence names a brand.
        found.update(ref for ref in named if with_doer or not ref.startswith("brd_"))
        found.update(ref for ref in event.concerns if not ref.startswith("usr_"))  # no sentence names those
        if event.actor_kind == "user" and with_doer:
            found.add(event.actor_ref)
    return found


def _named(payload: Mapping[str, Any]) -> list[str]:
    """The refs a payload names: `{"order": "ord_…", "orders": ["ord_…"]}`."""
    values = [item for value in payload.values() for item in (value if isinstance(value, list) else [value])]
    return [value for value in values if isinstance(value, str) and value[3:4] == "_"]


def _told(event: Event, names: Names) -> Told:
    payload: Mapping[str, Any] = event.payload
    told = _Teller(event, payload, names)
    sentence = _SENTENCES.get(event.kind)
    text = sentence(told) if sentence else told.plainly()
    text = text[:1].upper() + text[1:]  # “a store”, where the name is not the reader's to know
    tone = _TONES.get(event.kind.partition(".")[0], "plain")
    if event.kind in _WARM:
        tone = "celadon"
    return Told(event.seq, event.at, event.kind, text, tone, _about(event))


def _about(event: Event) -> tuple[str, str] | None:
    refs = [*_named(event.payload), event.subject, *event.concerns]
    for prefix, kind in (("ord", "order"), ("mem", "member"), ("con", "contract"), ("sto", "store")):
        for ref in refs:
            if ref.startswith(f"{prefix}_"):
                return kind, ref
    return None


class _Teller:
    """The words of one event."""

    def __init__(self, event: Event, payload: Mapping[str, Any], names: Names) -> None:
        self.event, self.payload, self.names = event, payload, names

    def one(self, prefix: str) -> str | None:
        refs = [*_named(self.payload), self.event.subject, *self.event.concerns]
        return next((ref for ref in refs if ref.startswith(f"{prefix}_")), None)

    @property
    def store(self) -> str:
        return self.names.of(self.one("sto"), _("a store"))

    @property
    def guide(self) -> str:
        return self.names.of(self.one("gui"), _("a guide"))

    @property
    def member(self) -> str:
        return self.names.of(self.one("mem"), _("a member"))

    @property
    def order(self) -> str:
        return self.names.of(self.one("ord"), _("an order"))

    @property
    def campaign(self) -> str:
        return self.names.of(self.one("cmp"), _("a coupon"))

    @property
    def colleague(self) -> str:
        return self.names.of(self.one("usr"), _("a colleague"))

    @property
    def brand(self) -> str:
        return self.names.of(self.one("brd"), _("a brand"))

    @property
    def doer(self) -> str:
        """Who did it: a colleague, one's own system, Tiandi, or whoever stands on the other side."""
        others = {"key": _("your system"), "system": _("Tiandi")}
        nameless = others.get(self.event.actor_kind, _("a colleague"))
        if self.payload.get("own_deed") is False and self.event.actor_kind != "system":
            nameless = _("the other side")
        return self.names.of(self.event.actor_ref, nameless)

    @property
    def day(self) -> str:
        return self.payload.get("business_date", "")

    @property
    def number(self) -> str:
        return str(self.payload.get("number", ""))

    @property
    def lines(self) -> str:
        count = int(self.payload.get("lines", 0))
        return ngettext("%(n)s line", "%(n)s lines", count) % {"n": f"{count:,}"}

    @property
    def payee(self) -> str:
        payee = self.payload.get("payee", "")
        words = {"gui": _("a guide"), "mch": _("another merchant")}
        return self.names.of(payee, words.get(payee[:3], _("the platform")))

    @property
    def payer(self) -> str:
        return self.names.of(self.payload.get("payer", ""), _("another merchant"))

    def money(self, *keys: str) -> str:
        return yuan(next((int(self.payload[key]) for key in keys if key in self.payload), 0))

    def plainly(self) -> str:
        """For kinds without a sentence of their own: the kind, said in words where we have them."""
        words = KINDS.get(self.event.kind)
        return str(words) % self if words else self.event.kind.replace(".", " · ").replace("_", " ")

    def __getitem__(self, name: str) -> str:
        """For words with a name in them: `"%(guide)s left" % self`."""
        return getattr(self, name)


def _joined(t: _Teller) -> str:
    return _("%(member)s joined at %(store)s") % {"member": t.member, "store": t.store}


def _bound(t: _Teller) -> str:
    return _("%(member)s is now served by %(guide)s") % {"member": t.member, "guide": t.guide}


def _issued(t: _Teller) -> str:
    return _("%(campaign)s was sent to %(member)s") % {"campaign": t.campaign, "member": t.member}


def _redeemed(t: _Teller) -> str:
    return _("%(store)s redeemed %(campaign)s, %(amount)s off") % {
        "store": t.store,
        "campaign": t.campaign,
        "amount": t.money("amount_off"),
    }


def _paid(t: _Teller) -> str:
    return _("%(store)s sold %(amount)s, order %(order)s") % {
        "store": t.store,
        "amount": t.money("paid", "paid_total", "amount"),
        "order": t.order,
    }


def _refunded(t: _Teller) -> str:
    return _("%(store)s refunded %(amount)s of order %(order)s") % {
        "store": t.store,
        "amount": t.money("amount"),
        "order": t.order,
    }


def _booked(t: _Teller) -> str:
    return _of_share(t, _("Commission of %(amount)s booked for %(payee)s, %(orders)s"),
                     _("Split: %(amount)s booked for %(payee)s, %(orders)s"))  # fmt: skip


def _settled(t: _Teller) -> str:
    return _of_share(t, _("Commission of %(amount)s settled for %(payee)s, %(orders)s"),
                     _("Split: %(amount)s settled for %(payee)s, %(orders)s"))  # fmt: skip


def _clawed(t: _Teller) -> str:
    return _of_share(t, _("Commission of %(amount)s taken back from %(payee)s, %(orders)s"),
                     _("Split: %(amount)s taken back from %(payee)s, %(orders)s"))  # fmt: skip


def _appealed(t: _Teller) -> str:
    return _("%(guide)s appeals a share of %(order)s") % {"guide": t.payee, "order": _order(t)}


def _decided(t: _Teller) -> str:
    words = {
        "upheld": _("An appeal was upheld: %(amount)s of %(order)s moved to %(guide)s"),
        "rejected": _("An appeal by %(guide)s about %(order)s was rejected"),
        "withdrawn": _("%(guide)s withdrew an appeal about %(order)s"),
        "expired": _("An appeal by %(guide)s about %(order)s was not answered in time"),
    }[t.payload["state"]]
    return words % {"amount": t.money("amount"), "guide": t.payee, "order": _order(t)}


def _order(t: _Teller) -> str:
    return _("order %(order)s") % {"order": t.order}


def _of_share(t: _Teller, commission: str, part: str) -> str:
    """A guide earns a commission; what a merchant or the platform keeps of a sale is none."""
    words = commission if t.payload.get("payee", "").startswith("gui_") else part
    return words % {"amount": t.money("amount"), "payee": t.payee, "orders": _of_what(t)}


def _of_what(t: _Teller) -> str:
    """One order by its number, several counted; of a closed day only how many shares is told."""
    if "count" in t.payload:
        shares = int(t.payload["count"])
        return ngettext("%(n)d share at %(store)s", "%(n)d shares at %(store)s", shares) % {
            "n": shares,
            "store": t.store,
        }
    orders = t.payload.get("orders", [])
    if len(orders) < 2:
        return _("order %(order)s") % {"order": t.order}
    return ngettext("%d order", "%d orders", len(orders)) % len(orders)


def _signed_in(t: _Teller) -> str:
    return _("%(colleague)s signed in") % {"colleague": t.colleague}


def _kept_out(t: _Teller) -> str:
    return _("A sign-in as %(colleague)s was refused") % {"colleague": t.colleague}


def _hired(t: _Teller) -> str:
    return _("%(guide)s began at %(store)s") % {"guide": t.guide, "store": t.store}


_WITH_DOER = {"contract", "plan", "settlement"}  # whose sentences say who did it, and of which brand
_TONES = {"coupon": "warn", "ledger": "warn", "member": "celadon"}
_WARM = {"coupon.redeemed", "order.paid", "order.lines_paid"}
_SENTENCES: dict[str, Callable[[_Teller], str]] = {
    "member.joined": _joined,
    "binding.made": _bound,
    "coupon.issued": _issued,
    "coupon.redeemed": _redeemed,
    "order.paid": _paid,
    "order.lines_paid": _paid,
    "order.refunded": _refunded,
    "order.lines_refunded": _refunded,
    "commission.booked": _booked,
    "commission.settled": _settled,
    "commission.clawed": _clawed,
    "appeal.raised": _appealed,
    "appeal.answered": _decided,
    "guide.hired": _hired,
    "signin.succeeded": _signed_in,
    "signin.refused": _kept_out,
}
