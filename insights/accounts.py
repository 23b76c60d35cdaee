"""Accounts in words: what each one of a book holds, and whose it is."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from guides.models import Guide
from ledger.balances import Balance
from merchants.models import Party
from stores.models import Contract

_CODES = {
    "held:cash": gettext_lazy("Cash held"),
    "held:acquirer": gettext_lazy("Held by the acquirer"),
    "held:psp": gettext_lazy("Payment account"),
    "held:platform": gettext_lazy("Platform benefits to come in"),
    "held:bank": gettext_lazy("Bank"),
    "clearing": gettext_lazy("Clearing"),
    "pending": gettext_lazy("Booked, not settled"),
    "reserve": gettext_lazy("Settled, kept in reserve"),
    "due": gettext_lazy("Payable now"),
    "owed": gettext_lazy("To be recovered"),
    "transit": gettext_lazy("Payout on its way"),
    "tax": gettext_lazy("Tax withheld"),
    "own:residual": gettext_lazy("Own residual"),
    "own:share": gettext_lazy("Own shares"),
    "own:cost": gettext_lazy("Own cost of coupons and bonuses"),
    "own:fee": gettext_lazy("Own fees"),
    "own:adjust": gettext_lazy("Own adjustments"),
    "own:points": gettext_lazy("Points that were spent"),
}


@dataclass(frozen=True)
class Row:
    label: str
    code: str
    party: str
    party_ref: str
    debits: int
    credits: int
    amount: int


@dataclass(frozen=True)
class Total:
    """All accounts of one code; `count` of them, each of a party if the code `has_parties`."""

    label: str
    code: str
    count: int
    has_parties: bool
    debits: int
    credits: int
    amount: int


def summed(balances: Iterable[Balance]) -> list[Total]:
    """One book by kind of account, in the order the balances come."""
    groups: dict[str, list[Balance]] = {}
    for balance in balances:
        groups.setdefault(balance.account.code, []).append(balance)
    return [
        Total(
            label=label_of(code),
            code=code,
            count=len(group),
            has_parties=group[0].account.party_id is not None,
            debits=sum(balance.debits for balance in group),
            credits=sum(balance.credits for balance in group),
            amount=sum(balance.amount for balance in group),
        )
        for code, group in groups.items()
    ]


def label_of(code: str) -> str:
    """Of stored value each programme has an account of its own, named by its code."""
    if code.startswith("stored:"):
        return _("Stored value not used · %(programme)s") % {"programme": code.removeprefix("stored:")}
    return str(_CODES.get(code, code))


def named(balances: Iterable[Balance]) -> list[Row]:
    """The balances of one book with names; a partner's guide is named with the store, which the contract shares."""
    balances = list(balances)
    names = names_of(balance.account.party for balance in balances if balance.account.party)
    return [
        Row(
            label=label_of(balance.account.code),
            code=balance.account.code,
            party=names[balance.account.party.pk] if balance.account.party else "",
            party_ref=balance.account.party.ref if balance.account.party else "",
            debits=balance.debits,
            credits=balance.credits,
            amount=balance.amount,
        )
        for balance in balances
    ]


def names_of(parties: Iterable[Party]) -> dict[int, str]:
    """Party id → the name this merchant knows it by; parties come loaded with their merchant, if they are one."""
    known = {party.pk: party for party in parties}
    guides = _partners_guides(set(known)) | dict(
        Guide.objects.filter(party__in=known).values_list("party_id", "name")
    )
    return {pk: _party(party, guides) for pk, party in known.items()}


def _partners_guides(parties: set[int]) -> dict[int, str]:
    post = "store__assignments__guide"
    rows = Contract.objects.accepted().filter(**{f"{post}__party__in": parties})
    found = rows.values_list(f"{post}__party", f"{post}__name", "store__name").distinct()
    return {party: f"{guide} · {store}" for party, guide, store in found}


def _party(party: Party, guides: dict[int, str]) -> str:
    if party.kind == Party.Kind.MERCHANT:
        return party.merchant.name
    if party.kind == Party.Kind.PLATFORM:
        return _("The platform")
    return guides.get(party.pk, _("A guide of a partner store"))
