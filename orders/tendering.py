"""What paid a sale, as it was told: it adds up, it fits its lines, and whoever is said to have taken the money
agreed to be named (docs/adr/0012-whose-word-makes-a-debt.md)."""

import re
from collections.abc import Mapping, Sequence

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from members.models import Programme
from merchants.errors import DomainError
from merchants.models import Merchant
from merchants.scoping import acting_for
from orders.facts import OrderFacts, TenderFacts
from orders.laying import DoesNotFit, lay
from orders.models import NO_MONEY, Order, Tender
from orders.receipts import ReceiptLine

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
