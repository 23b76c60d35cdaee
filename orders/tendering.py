"""What paid a sale, as it was told: it adds up, it fits its lines, and whoever is said to have taken the money
agreed to be named (docs/adr/0012-whose-word-makes-a-debt.md)."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from members import programmes
from members.models import Programme
from merchants.errors import DomainError
from merchants.models import Merchant
from merchants.scoping import acting_for
from orders.facts import OrderFacts, TenderFacts
from orders.laying import DoesNotFit, lay
from orders.models import NO_MONEY, Order, Tender
from orders.receipts import ReceiptLine
from stores.models import Contract, Store

_TRANSACTION = re.compile(r"[0-9A-Za-z]{1,32}")
PLACES = frozenset(Tender.Place.values)
MOST_TENDERS = 20  # each may lie over every line, and each part of it is booked:
MOST_PARTS = 2_000


def tendered(
    facts: OrderFacts,
    order: Order,
    lines: Sequence[ReceiptLine],
    discounts: Sequence[int],
    *,
    teller: Merchant,
) -> list[Tender]:
    """The tenders of a sale, unsaved. Without any, the whole reached whoever tells: cash of the seller, the payment
    account of a brand owner.

    DomainError: `order.out_of_range`, `order.tenders_differ`, `order.tender_invalid`, `order.tender_fee`,
    `order.tender_does_not_fit`, `tender.collector_not_agreed`, `tender.programme_unknown`; each names its payment.
    """
    own_place = Tender.Place.CASH if teller == order.merchant else Tender.Place.PSP
    given = facts.tenders or (TenderFacts(place=own_place, amount=order.paid_total),)
    _add_up(given, order, len(lines))
    agreed = collectors(lines, seller=order.merchant, teller=teller)
    numbers = {line.number for line in lines}
    tenders = []
    for number, tender in enumerate(given, start=1):
        _sane(number, tender, numbers)
        collector = agreed.get(tender.collector or teller.ref)
        if collector is None:
            raise _not_agreed(number, tender)
        if tender.amount:
            tenders.append(
                Tender(
                    order=order,
                    merchant_id=order.merchant_id,
                    collector=collector,
                    number=number,
                    place=tender.place,
                    amount=tender.amount,
                    lines=list(tender.lines),
                    transaction=tender.transaction,
                    programme=_programme(number, tender, collector),
                    fee=tender.fee,
                )
            )
    _lie_over(
        given,
        {line.number: line.list_amount - off for line, off in zip(lines, discounts, strict=True)},
    )
    return tenders


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


def collectors(lines: Sequence[ReceiptLine], *, seller: Merchant, teller: Merchant) -> dict[str, Merchant]:
    """Whom `teller` may say the money reached, by ref: itself, and who agreed to it by the contracts of these
    lines. A seller told for by a brand owner agreed by all of them, since any tender may pay any line."""
    contracts = [line.contract for line in lines]
    if teller != seller:
        told = all(contract is not None and contract.brand_tells_for_store for contract in contracts)
        agreed = [seller] if told else []
    else:
        agreed = [line.brand_owner for line in lines if line.contract and line.contract.store_tells_for_brand]
    return {merchant.ref: merchant for merchant in (teller, *agreed)}


def _nameable(sales: Sequence[tuple[OrderFacts, Merchant]]) -> Iterator[set[str]]:
    """Whom each may name at most, by ref: the whole that `collectors` chooses from by the lines."""
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


def _add_up(given: Sequence[TenderFacts], order: Order, lines: int) -> None:
    if len(given) > MOST_TENDERS:
        raise DomainError(
            "order.out_of_range",
            _("A sale has at most %(most)d payments.") % {"most": MOST_TENDERS},
            next_step=_("Add up what reached the same place."),
            field="tenders",
        )
    if len(given) * lines > MOST_PARTS:
        raise DomainError(
            "order.out_of_range",
            _("%(payments)d payments over %(lines)d lines are more than a sale can have.")
            % {"payments": len(given), "lines": lines},
            next_step=_("Add up what reached the same place, or tell the sale as several."),
            field="tenders",
            extra={"most": MOST_PARTS},
        )
    paid = sum(tender.amount for tender in given)
    if paid != order.paid_total or any(tender.amount < 0 for tender in given):
        raise DomainError(
            "order.tenders_differ",
            _("The payments come to %(given)s fen; the lines to %(due)s fen.")
            % {"given": paid, "due": order.paid_total},
            next_step=_("Correct the payments so that they add up to what the lines cost."),
            field="tenders",
            extra={"paid_total": order.paid_total, "tendered": paid},
        )


def _sane(number: int, tender: TenderFacts, numbers: set[int]) -> None:
    is_money = tender.place not in NO_MONEY
    named = numbers.issuperset(tender.lines) and len(tender.lines) <= len(numbers)
    fitting = not tender.transaction or (
        tender.place == Tender.Place.PSP and _TRANSACTION.fullmatch(tender.transaction)
    )
    fitting = fitting and bool(tender.programme) == (tender.place == Tender.Place.STORED)
    if tender.place not in PLACES or not named or not fitting:
        raise DomainError(
            "order.tender_invalid",
            _("Payment %(number)d: its place or its lines are not of this sale.") % {"number": number},
            next_step=_(
                "Name a known place, and each line of the sale at most once; a WeChat Pay transaction belongs to"
                " the place `psp`, a programme to the place `stored`, and there it must be."
            ),
            field=f"tenders[{number - 1}]",
        )
    if not 0 <= tender.fee <= (tender.amount if is_money else 0):
        raise DomainError(
            "order.tender_fee",
            _("Payment %(number)d: its fee is not between nothing and the payment itself.")
            % {"number": number},
            next_step=_(
                "Tell what the payment service keeps of this payment, in fen; of stored value and points it keeps"
                " nothing."
            ),
            field=f"tenders[{number - 1}].fee",
        )


def _programme(number: int, tender: TenderFacts, issuer: Merchant) -> Programme | None:
    """Looked for among the issuer's own, who told the sale or agreed to be named: nobody else's can be probed."""
    if tender.place != Tender.Place.STORED:
        return None
    with acting_for(issuer):
        named = Q(ref=tender.programme) | Q(code=tender.programme)
        programme = Programme.objects.filter(named).first()
    if programme is None:
        raise DomainError(
            "tender.programme_unknown",
            _("Payment %(number)d: %(issuer)s has no such programme.")
            % {"number": number, "issuer": issuer.name},
            next_step=_(
                "Name a programme by its id or code; if another merchant issued it, name that as collector."
            ),
            field=f"tenders[{number - 1}].programme",
        )
    return programme


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


def _not_agreed(number: int, tender: TenderFacts) -> DomainError:
    return DomainError(
        "tender.collector_not_agreed",
        _("Payment %(number)d: no contract lets you say that this merchant took the money.")
        % {"number": number},
        next_step=_(
            "Leave the collector out if the money reached you; else agree with that merchant, in the contract,"
            " that you tell for it."
        ),
        field=f"tenders[{number - 1}].collector",
        extra={"collector": tender.collector},
    )


def _lie_over(tenders: Sequence[TenderFacts], paid: Mapping[int, int]) -> None:
    """What cannot be laid here could never be booked."""
    try:
        lay([(tender.amount, tender.lines) for tender in tenders], paid)
    except DoesNotFit as excess:
        raise DomainError(
            "order.tender_does_not_fit",
            _("Payment %(number)d is %(given)d fen, but the lines it may pay for still cost %(left)d fen.")
            % {
                "number": excess.index + 1,
                "given": tenders[excess.index].amount,
                "left": excess.lacked,
            },
            next_step=_("Name every line the payment was for, or none: then it pays for what is left."),
            field=f"tenders[{excess.index}]",
            extra={"left": excess.lacked},
        ) from excess
