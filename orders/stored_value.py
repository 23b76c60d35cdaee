"""Of stored value no more is spent than is left of it, whoever tells the sales, and however many at once."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

from django.utils.translation import gettext_lazy as _

from members import programmes
from members.models import Programme
from merchants.errors import DomainError
from merchants.models import Merchant
from merchants.scoping import acting_for
from orders.facts import OrderFacts
from orders.models import Tender
from stores.models import Contract, Store


class StoredValue:
    """What is left of the programmes that some sales name, held until the transaction ends; the last lock before they
    are kept. Of each sale, with whoever tells it. Programmes of those whom it may not name are not held: nobody makes a
    stranger's tills wait."""

    def __init__(self, sales: Iterable[tuple[OrderFacts, Merchant]]) -> None:
        asked: dict[str, set[str]] = defaultdict(set)  # issuer's ref → codes
        naming = [(facts, teller) for facts, teller in sales if any(one.programme for one in facts.tenders)]
        for (facts, teller), issuers_named in zip(naming, _nameable(naming), strict=True):
            for tender in facts.tenders:
                issuer_ref = tender.collector or teller.ref
                if tender.programme and issuer_ref in issuers_named:
                    asked[issuer_ref].add(tender.programme)
        self._left: dict[Merchant, dict[str, int]] = {}
        self._spent: dict[Merchant, Counter[str]] = defaultdict(Counter)
        issuers = Merchant.objects.filter(ref__in=asked).order_by("pk") if asked else ()
        for issuer in issuers:
            with acting_for(issuer):
                self._left[issuer] = programmes.hold(asked[issuer.ref])

    def take(self, tenders: Sequence[Tender]) -> None:
        """What one sale was paid with is there no more. DomainError `order.stored_value_short`, which names the payment
        and what is left; then nothing is taken. Of what was agreed or registered since all was held, nothing is."""
        taken: Counter[tuple[Merchant, str]] = Counter()
        for tender in tenders:
            if tender.programme:
                key = tender.collector, tender.programme.code
                left = self._left.get(tender.collector, {}).get(tender.programme.code, 0) - taken[key]
                if tender.amount > left:
                    raise _short(tender, tender.programme, left)
                taken[key] += tender.amount
        for (issuer, code), amount in taken.items():
            self._left[issuer][code] -= amount
            self._spent[issuer][code] += amount

    def write(self) -> None:
        """Keep what was taken since the last time."""
        for issuer, spent in sorted(self._spent.items(), key=lambda item: item[0].pk):
            with acting_for(issuer):
                programmes.spend(spent)
        self._spent.clear()


def _nameable(sales: Sequence[tuple[OrderFacts, Merchant]]) -> Iterator[set[str]]:
    """Whom each may name at most, by ref: the whole that `orders.tendering.collectors` chooses from by the lines."""
    stores: dict[Merchant, set[Store]] = defaultdict(set)
    for facts, teller in sales:
        if any(tender.collector not in ("", teller.ref) for tender in facts.tenders):
            stores[facts.store.merchant].add(facts.store)
    agreed: dict[int, list[Contract]] = defaultdict(list)
    for seller, own in stores.items():
        with acting_for(seller):
            for contract in Contract.party.filter(store__in=own).accepted().select_related("merchant"):
                agreed[contract.store_id].append(contract)
    for facts, teller in sales:
        seller, at = facts.store.merchant, facts.paid_at
        named = {teller.ref}
        for contract in agreed[facts.store.pk]:
            if contract.starts_at <= at and (contract.ends_at is None or at < contract.ends_at):
                if teller == seller and contract.store_tells_for_brand:
                    named.add(contract.merchant.ref)
                if teller == contract.merchant and contract.brand_tells_for_store:
                    named.add(seller.ref)
        yield named


def _short(tender: Tender, programme: Programme, left: int) -> DomainError:
    return DomainError(
        "order.stored_value_short",
        _(
            "Payment %(number)d is %(given)d fen of stored value, but only %(left)d fen of “%(programme)s” are left."
        )
        % {
            "number": tender.number,
            "given": tender.amount,
            "left": left,
            "programme": programme.name,
        },
        next_step=_("Top up first, or take the rest another way. Nothing was recorded."),
        field=f"tenders[{tender.number - 1}].amount",
        extra={"left": left},
    )
