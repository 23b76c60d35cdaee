"""What the last nightly proof of a book found, in words. Inside the book's scope."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from insights.accounts import label_of, names_of
from ledger.proving import last_proof
from merchants.models import Merchant, Party
from merchants.money import yuan

Facts = dict[str, Any]

_CHECKS = {
    "zero": gettext_lazy("The book does not sum to zero."),
    "clearing": gettext_lazy("Clearing is not empty after these stories."),
    "keys": gettext_lazy("What was told once is not what stands there."),
    "mirrors": gettext_lazy("Two merchants' books tell the same debt differently."),
    "purses": gettext_lazy("What is payable to a person is below zero."),
    "snapshots": gettext_lazy("A kept balance is not what its transfers say."),
    "chain": gettext_lazy("Sealed transfers are not what they were."),
    "periods": gettext_lazy("A closed period is not what it was."),
}
_BLOCKS = {
    "changed": gettext_lazy("Block %(block)s: changed transfers %(transfers)s"),
    "missing": gettext_lazy("Block %(block)s: missing transfers %(transfers)s"),
    "extra": gettext_lazy("Block %(block)s: transfers slipped in %(transfers)s"),
    "altered": gettext_lazy("Block %(block)s was altered"),
    "gone": gettext_lazy("Block %(block)s is gone"),
    "rewritten": gettext_lazy("Block %(block)s is not the one an earlier proof saw"),
}


@dataclass(frozen=True)
class Failure:
    """One rule that does not hold, and where."""

    words: str
    places: list[str]


@dataclass(frozen=True)
class Proof:
    """`transfers` and `blocks`: how many are sealed. It holds if there are no failures."""

    ref: str
    at: datetime
    transfers: int
    blocks: int
    failures: list[Failure]


def last(book: Merchant) -> Proof | None:
    """None for a book that has not been proved yet."""
    run = last_proof(book)
    if run is None:
        return None
    tell = _Teller(run.findings)
    failures = [
        Failure(str(_CHECKS[check]), [tell(facts) for facts in run.findings if facts["check"] == check])
        for check in run.failed
    ]
    return Proof(run.ref, run.at, run.transfers, run.block, failures)


class _Teller:
    """One finding in a line, with the names its refs stand for."""

    def __init__(self, findings: Iterable[Facts]) -> None:
        findings = list(findings)
        partners = Merchant.objects.filter(ref__in={facts.get("merchant", "") for facts in findings})
        self.merchants = dict(partners.values_list("ref", "name"))
        people = Party.objects.filter(ref__in={facts.get("party", "") for facts in findings})
        parties = list(people.select_related("merchant"))
        names = names_of(parties) if parties else {}
        self.people = {party.ref: names[party.pk] for party in parties}

    def __call__(self, facts: Facts) -> str:
        return _PLACES[facts["check"]](self, facts)

    def zero(self, facts: Facts) -> str:
        return _("Off by %(amount)s") % {"amount": yuan(facts["amount"])}

    def clearing(self, facts: Facts) -> str:
        return _("%(story)s: off by %(amount)s") % {
            "story": facts["source_id"],
            "amount": yuan(facts["amount"]),
        }

    def keys(self, facts: Facts) -> str:
        return _("%(story)s: told as %(told)s transfers, %(standing)s stand there") % {
            "story": facts["source_id"],
            "told": facts["told"],
            "standing": facts["standing"],
        }

    def mirrors(self, facts: Facts) -> str:
        return _("%(account)s, %(merchant)s: %(here)s here, %(there)s there") % {
            "account": label_of(facts["account"]),
            "merchant": self.merchants.get(facts["merchant"], facts["merchant"]),
            "here": yuan(facts["here"]),
            "there": yuan(facts["there"]),
        }

    def purses(self, facts: Facts) -> str:
        return _("%(person)s: %(amount)s") % {
            "person": self.people.get(facts["party"], facts["party"]),
            "amount": yuan(facts["amount"]),
        }

    def snapshots(self, facts: Facts) -> str:
        return _("%(account)s: kept %(kept)s, by its transfers %(entries)s") % {
            "account": label_of(facts["account"]),
            "kept": yuan(facts["kept"]),
            "entries": yuan(facts["entries"]),
        }

    def chain(self, facts: Facts) -> str:
        transfers = ", ".join(f"#{pk}" for pk in facts["transfers"])
        return str(_BLOCKS[facts["what"]]) % {"block": facts["block"], "transfers": transfers}

    def periods(self, facts: Facts) -> str:
        return _("%(first)s to %(last)s: %(was)s transfers when it was sealed, %(now)s now") % facts


_PLACES: dict[str, Callable[[_Teller, Facts], str]] = {
    "zero": _Teller.zero,
    "clearing": _Teller.clearing,
    "keys": _Teller.keys,
    "mirrors": _Teller.mirrors,
    "purses": _Teller.purses,
    "snapshots": _Teller.snapshots,
    "chain": _Teller.chain,
    "periods": _Teller.periods,
}
