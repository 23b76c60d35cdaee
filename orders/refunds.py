"""Money given back, line by line, never more than was paid. A refund that comes before its order waits
for it."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_scopes import scope

from events.compiled import compiled
from events.record import Actor
from merchants.errors import Conflict, DomainError
from merchants.finding import not_found
from merchants.models import Merchant
from orders.facts import RefundFacts, body_hash, plain, refund_facts
from orders.giving_back import check_dates, decide, keep
from orders.models import Order, OrderLine, ParkedRefund, Refund, RefundLine
from orders.numbers import check_number
from orders.recording import hold_number, hold_refund_number
from orders.returning import Payments

MOST_PARKED = 20  # refunds that may wait for one sale: its own transaction applies them all


def refund(
    facts: RefundFacts, *, by: Actor, teller: Merchant | None = None
) -> tuple[Refund | ParkedRefund, bool]:
    """Give money back on an order of `facts.merchant`: (refund, is_new), or (parked, is_new) before the
    order is there. `teller` is whose number the refund's is, and the order's where it is named by one: the seller's,
    if left out. An order named by its ref may have been told by anybody, and cannot be waited for.

    Conflict `refund.reused_number`; NotFound `order.not_found`; DomainError `refund.sale_unclear`,
    `refund.number_invalid`, `refund.too_many_parked`, `refund.in_future`, `refund.too_early`, `refund.before_sale`,
    and those of orders.spreading.
    """
    teller = teller or facts.merchant
    seller, channel, order_no = facts.merchant, facts.channel, facts.order_external_no
    with scope(merchant=seller), transaction.atomic():
        if not facts.order:  # an order that is named by its ref is there: its row is lock enough
            hold_number(merchant=seller, teller=teller, channel=channel, external_no=order_no)
        hold_refund_number(merchant=seller, teller=teller, channel=channel, external_no=facts.external_no)
        if (told := _told_before(facts, teller)) is not None:
            return told, False
        _named(facts)
        check_dates(facts)
        order = _locked(facts, teller)
        if order is None:
            return _park(facts, teller), True
        lines = _lines(order)
        given = decide(order, lines, _payments(order, lines, teller.id), facts, teller_id=teller.id)
        keep(order, [given], by=by)
        return given.refund, True


def apply_parked(orders: Sequence[Order], *, by: Actor) -> Collection[Order]:
    """What waited for these orders of one seller and teller, in the orders' own transaction; whether anything did is
    asked once for all of them. Returns those for which something did."""
    told = {(order.channel, order.external_no): order for order in orders}
    waiting: dict[Order, list[ParkedRefund]] = defaultdict(list)
    rows = _waiting(
        tellers={order.teller_id for order in orders},
        channels={order.channel for order in orders},
        numbers={order.external_no for order in orders},
    )
    for row in rows:
        if order := told.get((row.channel, row.order_external_no)):
            waiting[order].append(row)
    for order, parked in waiting.items():
        _apply(order, parked, by=by)
    return waiting.keys()


@compiled
def _waiting(
    *, tellers: Collection[int], channels: Collection[str], numbers: Collection[str]
) -> QuerySet[ParkedRefund]:
    rows = ParkedRefund.objects.filter(
        teller__in=tellers, channel__in=channels, order_external_no__in=numbers, applied_at=None
    )
    return rows.order_by("id")


def _apply(order: Order, parked: Sequence[ParkedRefund], *, by: Actor) -> None:
    """In as many statements for many as for one. One that cannot be lawful says why and stays; the sale is kept
    whatever waited for it."""
    waiting = {row: refund_facts(order.merchant, row.facts) for row in parked}
    lines, taken, given = _lines(order), _taken(order, waiting.values()), {}
    payments = _payments(order, lines, order.teller_id)
    for row, facts in waiting.items():
        row.applied_at = timezone.now()
        try:
            if facts.external_no in taken:
                raise _reused(facts)
            given[row] = decide(order, lines, payments, facts, teller_id=order.teller_id)
            taken.add(facts.external_no)
        except DomainError as refusal:
            row.refused_code = refusal.code
    try:
        with transaction.atomic():
            keep(order, list(given.values()), by=by)
    except IntegrityError:
        for row in given:
            row.refused_code = "refund.not_kept"
    ParkedRefund.objects.bulk_update(waiting, ["applied_at", "refused_code"])


def _taken(order: Order, told: Iterable[RefundFacts]) -> set[str]:
    """Of these refunds' numbers, those that another refund has."""
    numbers = [facts.external_no for facts in told]
    refunds = Refund.objects.filter(teller=order.teller_id, channel=order.channel, external_no__in=numbers)
    return set(refunds.values_list("external_no", flat=True))


def _parked(teller_id: int, channel: str, order_no: str) -> QuerySet[ParkedRefund]:
    return ParkedRefund.objects.filter(teller=teller_id, channel=channel, order_external_no=order_no)


def _told_before(facts: RefundFacts, teller: Merchant) -> Refund | ParkedRefund | None:
    number = {"teller": teller, "channel": facts.channel, "external_no": facts.external_no}
    told = Refund.objects.filter(**number).first() or ParkedRefund.objects.filter(**number).first()
    if told is not None and bytes(told.body_hash) != body_hash(facts):
        raise _reused(facts)
    return told


def _locked(facts: RefundFacts, teller: Merchant) -> Order | None:
    """The order, locked: whoever else gives money back on it waits here, then sees what was given."""
    number = {"teller": teller, "channel": facts.channel, "external_no": facts.order_external_no}
    orders = Order.objects.filter(**({"ref": facts.order} if facts.order else number))
    order = orders.select_for_update(no_key=True, of=("self",)).select_related("store", "member").first()
    if order is None and facts.order:
        raise not_found(Order, field="order")
    return order


def _lines(order: Order) -> list[OrderLine]:
    return list(order.lines.select_related("sku", "brand", "brand_member").order_by("number"))


def _payments(order: Order, lines: Sequence[OrderLine], teller_id: int) -> Payments:
    """Whoever gives back may speak for payments that reached it, and for all of a sale that it told itself: so far
    they agreed to its word (docs/adr/0012-whose-word-makes-a-debt.md)."""
    tenders = list(order.tenders.order_by("number"))
    own = {tender.number for tender in tenders if teller_id in (tender.collector_id, order.teller_id)}
    earlier = RefundLine.objects.filter(line__in=lines)
    return Payments(lines, tenders, earlier, may_name=frozenset(own))


def _park(facts: RefundFacts, teller: Merchant) -> ParkedRefund:
    """Under the hold of the order's number, so that the count cannot change."""
    waiting = _parked(teller.id, facts.channel, facts.order_external_no).filter(applied_at=None)
    if waiting.count() >= MOST_PARKED:
        raise DomainError(
            "refund.too_many_parked",
            _("%(most)d refunds already wait for the sale %(number)s, which has not come.")
            % {"most": MOST_PARKED, "number": facts.order_external_no},
            next_step=_("Check the number of the sale; or tell the sale first, and then this refund."),
            field="order_external_no",
        )
    return ParkedRefund.objects.create(
        merchant=facts.merchant,
        teller=teller,
        channel=facts.channel,
        external_no=facts.external_no,
        order_external_no=facts.order_external_no,
        body_hash=body_hash(facts),
        facts=plain(facts),
    )


def _named(facts: RefundFacts) -> None:
    check_number(facts.external_no, code="refund.number_invalid", field="external_no")
    if bool(facts.order) == bool(facts.order_external_no):
        raise DomainError(
            "refund.sale_unclear",
            _("A refund names its sale once: by its id, or by the number it was told with."),
            next_step=_("Send either “order” or “order_external_no”."),
            field="order",
        )
    if facts.order_external_no:
        check_number(facts.order_external_no, code="refund.number_invalid", field="order_external_no")


def _reused(facts: RefundFacts) -> Conflict:
    return Conflict(
        "refund.reused_number",
        _("The number %(number)s was used for another refund.") % {"number": facts.external_no},
        next_step=_("Give this refund a number of its own."),
        field="external_no",
    )
