"""The names that refs stand for, as far as the reader's merchant knows them."""

from collections.abc import Callable

from commissions.models import Appeal, Payout
from coupons.models import Campaign
from guides.models import Guide
from members.models import Member, TopUp
from merchants.models import Appointment, Brand
from orders.models import Order, OrderLine, Refund, RefundLine, Tender
from stores.models import Contract, Store


class Names:
    """Refs → names, read through the merchant's own scope: a stranger's name stays a word like “a store”."""

    def __init__(self, refs: set[str], known: dict[str, str]) -> None:
        self.known = dict(known)
        by_prefix: dict[str, list[str]] = {}
        for ref in refs - known.keys():
            by_prefix.setdefault(ref.partition("_")[0], []).append(ref)
        for prefix, look_up in _LOOK_UPS.items():
            if prefix in by_prefix:
                self.known.update(look_up(by_prefix[prefix]))

    def of(self, ref: str | None, otherwise: str) -> str:
        return self.known.get(ref or "") or otherwise


def _stores(refs: list[str]) -> dict[str, str]:
    contracted = Contract.objects.filter(store__ref__in=refs).values_list("store__ref", "store__name")
    return dict(Store.objects.filter(ref__in=refs).values_list("ref", "name").union(contracted))


def _guides(refs: list[str]) -> dict[str, str]:
    """One's own, and those at stores under one's contracts: the contract shares their names."""
    place = "store__assignments__guide"
    contracted = Contract.objects.accepted().filter(**{f"{place}__ref__in": refs})
    shared = contracted.values_list(f"{place}__ref", f"{place}__name")
    return dict(Guide.objects.filter(ref__in=refs).values_list("ref", "name").union(shared))


def _members(refs: list[str]) -> dict[str, str]:
    return dict(Member.objects.filter(ref__in=refs).values_list("ref", "name"))


def _orders(refs: list[str]) -> dict[str, str]:
    about = OrderLine.about.filter(order__ref__in=refs).values_list("order__ref", "order__external_no")
    return dict(Order.objects.filter(ref__in=refs).values_list("ref", "external_no").union(about))


def _refunds(refs: list[str]) -> dict[str, str]:
    """A refund goes by its sale's number, also to who took a payment of the sale."""
    number = "refund__order__external_no"
    about = RefundLine.about.filter(refund__ref__in=refs).values_list("refund__ref", number)
    took = Tender.collected.filter(order__refunds__ref__in=refs)
    took = took.values_list("order__refunds__ref", "order__external_no")
    return dict(
        Refund.objects.filter(ref__in=refs).values_list("ref", "order__external_no").union(about, took)
    )


def _appeals(refs: list[str]) -> dict[str, str]:
    """An appeal goes by its sale's number, in the book and to the seller."""
    number = ("ref", "split__order__external_no")
    theirs = Appeal.party.filter(ref__in=refs).values_list(*number)
    return dict(Appeal.objects.filter(ref__in=refs).values_list(*number).union(theirs))


def _payouts(refs: list[str]) -> dict[str, str]:
    """A payout goes by its number to whoever owed it, sent it or was to have it."""
    ways = (Payout.objects, Payout.sent, Payout.payable)
    own, *others = (rows.filter(ref__in=refs).values_list("ref", "number") for rows in ways)
    return dict(own.union(*others))


def _top_ups(refs: list[str]) -> dict[str, str]:
    """A top-up goes by its receipt's number."""
    return dict(TopUp.objects.filter(ref__in=refs).values_list("ref", "external_no"))


def _campaigns(refs: list[str]) -> dict[str, str]:
    return dict(Campaign.objects.filter(ref__in=refs).values_list("ref", "name"))


def _colleagues(refs: list[str]) -> dict[str, str]:
    return dict(Appointment.objects.filter(user__ref__in=refs).values_list("user__ref", "user__name"))


def _brands(refs: list[str]) -> dict[str, str]:
    """One's own, and those that one's stores sell or are offered, as the reader's language calls them."""
    offered = Contract.party.filter(brand__ref__in=refs).values_list(
        "brand__ref", "brand__name", "brand__name_en"
    )
    rows = Brand.objects.filter(ref__in=refs).values_list("ref", "name", "name_en").union(offered)
    return {ref: Brand(name=name, name_en=name_en).local_name for ref, name, name_en in rows}


def _partners(refs: list[str]) -> dict[str, str]:
    """The merchants one has or had a contract with, on either side."""
    sellers = Contract.objects.filter(counterparty__ref__in=refs)
    owners = Contract.party.filter(merchant__ref__in=refs).values_list("merchant__ref", "merchant__name")
    return dict(sellers.values_list("counterparty__ref", "counterparty__name").union(owners))


_LOOK_UPS: dict[str, Callable[[list[str]], dict[str, str]]] = {
    "sto": _stores,
    "gui": _guides,
    "mem": _members,
    "ord": _orders,
    "rfd": _refunds,
    "apl": _appeals,
    "pay": _payouts,
    "tup": _top_ups,
    "cmp": _campaigns,
    "brd": _brands,
    "usr": _colleagues,
    "mch": _partners,
}
