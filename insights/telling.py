"""Events in a sentence, with the names their refs stand for as far as the reader's merchant knows them."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from events.models import Event
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
        found.update([event.subject, *_named(event.payload)])
        found.update(ref for ref in event.concerns if not ref.startswith("usr_"))  # no sentence names those
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
    def payee(self) -> str:
        payee = self.payload.get("payee", "")
        words = {"gui": _("a guide"), "mch": _("another merchant")}
        return self.names.of(payee, words.get(payee[:3], _("the platform")))

    def money(self, *keys: str) -> str:
        return yuan(next((int(self.payload[key]) for key in keys if key in self.payload), 0))

    def plainly(self) -> str:
        """For kinds without a sentence of their own: the kind, said in words where we have them."""
        words = _KINDS.get(self.event.kind)
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


def _of_share(t: _Teller, commission: str, part: str) -> str:
    """A guide earns a commission; what a merchant or the platform keeps of a sale is none."""
    words = commission if t.payload.get("payee", "").startswith("gui_") else part
    return words % {"amount": t.money("amount"), "payee": t.payee, "orders": _of_what(t)}


def _of_what(t: _Teller) -> str:
    """One order by its number, several counted; of a closed day only how many lines is told."""
    if "count" in t.payload:
        lines = int(t.payload["count"])
        return ngettext("%(n)d line at %(store)s", "%(n)d lines at %(store)s", lines) % {
            "n": lines,
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


_TONES = {"coupon": "warn", "member": "celadon"}
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
    "guide.hired": _hired,
    "signin.succeeded": _signed_in,
    "signin.refused": _kept_out,
}
_KINDS = {
    "appointment.made": gettext_lazy("A role was given"),
    "brand.added": gettext_lazy("A brand was added"),
    "campaign.created": gettext_lazy("Campaign %(campaign)s was created"),
    "campaign.paused": gettext_lazy("Campaign %(campaign)s was paused"),
    "campaign.resumed": gettext_lazy("Campaign %(campaign)s runs again"),
    "contract.accepted": gettext_lazy("The contract for %(store)s was accepted"),
    "contract.declined": gettext_lazy("The draft for %(store)s was declined"),
    "contract.drafted": gettext_lazy("A contract was drafted for %(store)s"),
    "contract.ended": gettext_lazy("A contract was ended"),
    "contract.revised": gettext_lazy("The draft for %(store)s was revised"),
    "contract.withdrawn": gettext_lazy("The draft for %(store)s was withdrawn"),
    "coupon.expired": gettext_lazy("A coupon expired"),
    "followup.opened": gettext_lazy("%(guide)s has a follow-up about %(member)s"),
    "followup.done": gettext_lazy("%(guide)s followed up %(member)s"),
    "guide.left": gettext_lazy("%(guide)s left"),
    "guide.moved": gettext_lazy("%(guide)s moved to another store"),
    "guide.off_duty": gettext_lazy("%(guide)s is off duty"),
    "guide.on_duty": gettext_lazy("%(guide)s is back on duty"),
    "guide.renamed": gettext_lazy("A guide has another name"),
    "key.issued": gettext_lazy("An API key was issued"),
    "key.revoked": gettext_lazy("An API key was revoked"),
    "member.consented": gettext_lazy("%(member)s gave or refused a consent"),
    "member.left": gettext_lazy("%(member)s left"),
    "member.unshared": gettext_lazy("A member no longer wants the store to know them"),
    "merchant.opened": gettext_lazy("The merchant came on board"),
    "money.arrived": gettext_lazy("Money arrived on another account"),
    "bank_file.taken": gettext_lazy("A bank file was downloaded"),
    "commission.adjusted": gettext_lazy("Commission was adjusted by hand"),
    "payee_account.kept": gettext_lazy("A bank account for payouts was entered"),
    "payout.created": gettext_lazy("A payout to %(payee)s was made"),
    "payout.submitted": gettext_lazy("A payout to %(payee)s was sent"),
    "payout.unknown": gettext_lazy("The answer to a payout to %(payee)s is lost"),
    "payout.held": gettext_lazy("A payout to %(payee)s is on hold"),
    "payout.succeeded": gettext_lazy("A payout to %(payee)s has arrived"),
    "payout.failed": gettext_lazy("A payout to %(payee)s failed"),
    "payout.returned": gettext_lazy("A payout to %(payee)s came back"),
    "phone.revealed": gettext_lazy("A phone number was looked at in full"),
    "plan.discarded": gettext_lazy("A draft of a commission plan was thrown away"),
    "plan.drafted": gettext_lazy("A commission plan was drafted"),
    "plan.opened": gettext_lazy("A commission plan was opened"),
    "plan.published": gettext_lazy("A commission plan was published"),
    "plan.revised": gettext_lazy("A draft of a commission plan was revised"),
    "product.added": gettext_lazy("A product was added"),
    "product.changed": gettext_lazy("A product was changed"),
    "settlement.approved": gettext_lazy("Finance approved a settlement run"),
    "settlement.frozen": gettext_lazy("A closed day was frozen for settlement"),
    "settlement.policy_set": gettext_lazy("Whether settlement runs need approval was changed"),
    "settlement.posted": gettext_lazy("A closed day became payable"),
    "sku.added": gettext_lazy("A SKU was added"),
    "sku.changed": gettext_lazy("A SKU was changed"),
    "store.opened": gettext_lazy("%(store)s was opened"),
    "store.revised": gettext_lazy("%(store)s was changed"),
    "withdrawal.minimum_asked": gettext_lazy("The smallest withdrawal was set"),
    "withholding.published": gettext_lazy("A rule for withholding tax was set"),
    "target.set": gettext_lazy("A target was set"),
}
