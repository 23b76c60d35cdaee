"""Facts become a receipt: each line finds its SKU, its brand and the contract under which the store
sells it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from catalog.models import Sku
from merchants.errors import DomainError
from merchants.models import Brand, Merchant
from merchants.money import yuan
from merchants.storable import EARLIEST
from orders.facts import LineFacts, OrderFacts
from orders.goods import Goods, Offer
from orders.models import Order
from orders.numbers import check_number
from stores.models import Contract, Store

CHANNELS = frozenset(Order.Channel.values)
MOST_LINES = 500
MOST_PIECES = 100_000
MOST_FEN = 10**11  # a thousand million yuan, of a line and of a whole sale: sums of them stay far from 2**63
CLOCKS_DIFFER = timedelta(minutes=10)  # how far ahead of ours a till's clock may run


@dataclass(frozen=True)
class ReceiptLine:
    """A line that the store may sell. `asked` is what the channel says was paid for it, None when we
    price it."""

    number: int
    sku: Sku
    brand: Brand | None
    contract: Contract | None
    brand_owner: Merchant
    quantity: int
    list_amount: int
    asked: int | None


def read(
    facts: OrderFacts, goods: Goods | None = None, *, brands_of: Merchant | None = None
) -> list[ReceiptLine]:
    """The lines of a sale, resolved at the instant it was paid; inside the seller's scope. `goods` is what was read
    for the whole batch; left out, it is read for this sale alone, for an owner of brands with `brands_of`.

    DomainError: `store.closed`, `store.paused`, `order.empty`, `order.out_of_range`, `order.in_future`,
    `order.too_early`, `order.placed_after_paid`, `order.currency`, `order.channel_unknown`, `order.number_invalid`,
    `sku.unknown`, `sku.ambiguous`, `contract.missing`; each names its line.
    """
    _sane(facts)
    return resolve(store=facts.store, lines=facts.lines, at=facts.paid_at, goods=goods, brands_of=brands_of)


def resolve(
    *,
    store: Store,
    lines: Sequence[LineFacts],
    at: datetime,
    first: int = 1,
    goods: Goods | None = None,
    brands_of: Merchant | None = None,
) -> list[ReceiptLine]:
    """Find what each line sells at this store at that instant, numbered from `first`."""
    goods = goods or Goods([(store, at, lines)], brands_of=brands_of)
    offer = goods.offer(store, at, lines)
    resolved = []
    for number, line in enumerate(lines, start=first):
        _in_range(number, line)
        sku = _the_one(number, line, offer, goods)
        brand_id = sku.product.brand_id
        contract = offer.contracts.get(brand_id) if brand_id else None
        if brand_id and contract is None:
            raise _no_contract(number, line, store)
        list_amount = (sku.list_price if line.list_price is None else line.list_price) * line.quantity
        if list_amount > MOST_FEN:
            raise _too_much(
                _("Line %(line)d: its price times its quantity is more than %(most)s.")
                % {"line": number, "most": yuan(MOST_FEN)},
                field=f"lines[{number - 1}]",
            )
        resolved.append(
            ReceiptLine(
                number=number,
                sku=sku,
                brand=contract.brand if contract else None,
                contract=contract,
                brand_owner=contract.brand.merchant if contract else store.merchant,
                quantity=line.quantity,
                list_amount=list_amount,
                asked=line.paid,
            )
        )
    if sum(line.list_amount for line in resolved) > MOST_FEN:
        raise _too_much(_("The lines come to more than %(most)s.") % {"most": yuan(MOST_FEN)}, field="lines")
    return resolved


def _the_one(number: int, line: LineFacts, offer: Offer, goods: Goods) -> Sku:
    brands = {brand_id for brand_id, contract in offer.contracts.items() if _named(contract.brand, line)}
    if line.brand and not brands:
        raise _no_contract(number, line, offer.store)
    fits = [
        sku
        for sku in offer.by_code.get(line.sku, ())
        if line.sku and (not line.brand or sku.product.brand_id in brands)
    ]
    exact = [sku for sku in fits if line.sku in (sku.ref, sku.code)] or fits
    if len(exact) == 1:
        return exact[0]
    if exact:
        raise DomainError(
            "sku.ambiguous",
            _("Line %(line)d: “%(sku)s” is a code of more than one brand in this store.")
            % {"line": number, "sku": line.sku},
            next_step=_("Say which brand the line is of."),
            field=f"lines[{number - 1}].brand",
            extra={"line": number, "sku": line.sku},
        )
    if line.sku and not line.brand and goods.was_sold(line.sku, offer.store):
        raise _no_contract(number, line, offer.store)
    raise DomainError(
        "sku.unknown",
        _("Line %(line)d: this store sells nothing with the code “%(sku)s”.")
        % {"line": number, "sku": line.sku},
        next_step=_("Check the code; if it belongs to a brand new to this store, agree a contract first."),
        field=f"lines[{number - 1}].sku",
        extra={"line": number, "sku": line.sku},
    )


def _named(brand: Brand, line: LineFacts) -> bool:
    return line.brand in (brand.ref, brand.slug)


def _no_contract(number: int, line: LineFacts, store: Store) -> DomainError:
    return DomainError(
        "contract.missing",
        _("Line %(line)d: %(store)s has no contract in force for the brand of “%(sku)s”.")
        % {"line": number, "store": store.name, "sku": line.sku},
        next_step=_("Take the line off, or let the brand agree a contract with this store."),
        field=f"lines[{number - 1}].brand",
        extra={"line": number, "sku": line.sku, "brand": line.brand, "store": store.ref},
    )


def _sane(facts: OrderFacts) -> None:
    store = facts.store
    traded = store.traded(facts.paid_at)
    if not traded and store.status == Store.Status.CLOSED:
        raise DomainError(
            "store.closed",
            _("%(store)s is closed for good and sells no more.") % {"store": store.name},
            next_step=_("Post the sale for the store that made it."),
            field="store",
            extra={"store": store.ref},
        )
    if not traded:
        raise DomainError(
            "store.paused",
            _("%(store)s is paused and sells nothing for now.") % {"store": store.name},
            next_step=_("Let the store trade again, then send the sale."),
            field="store",
            extra={"store": store.ref},
        )
    if facts.channel not in CHANNELS:
        raise DomainError(
            "order.channel_unknown",
            _("A sale needs a known channel."),
            next_step=_("Correct the channel and send the sale again."),
            field="channel",
        )
    check_number(facts.external_no, code="order.number_invalid", field="external_no")
    if not 0 < len(facts.lines) <= MOST_LINES:
        raise DomainError(
            "order.empty" if not facts.lines else "order.out_of_range",
            _("A sale has between 1 and %(most)d lines.") % {"most": MOST_LINES},
            next_step=_("Add what was sold."),
            field="lines",
        )
    if facts.currency != store.merchant.currency:
        raise DomainError(
            "order.currency",
            _("This store trades in %(currency)s.") % {"currency": store.merchant.currency},
            next_step=_("Send the amounts in the store's currency."),
            field="currency",
        )
    if facts.paid_at > timezone.now() + CLOCKS_DIFFER:
        raise DomainError(
            "order.in_future",
            _("The sale is dated in the future."),
            next_step=_("Set the till's clock and its time zone, then send the sale again."),
            field="paid_at",
        )
    placed_at = facts.placed_at or facts.paid_at
    for field, instant in (("paid_at", facts.paid_at), ("placed_at", placed_at)):
        if instant < EARLIEST:
            raise DomainError(
                "order.too_early",
                _("The sale is dated before %(year)d.") % {"year": EARLIEST.year},
                next_step=_("Set the till's clock and its time zone, then send the sale again."),
                field=field,
            )
    if placed_at - facts.paid_at > CLOCKS_DIFFER:
        raise DomainError(
            "order.placed_after_paid",
            _("The sale is placed after it was paid."),
            next_step=_("Send when it was placed and when it was paid, each with its offset."),
            field="placed_at",
        )


def _in_range(number: int, line: LineFacts) -> None:
    amounts = [amount for amount in (line.list_price, line.paid) if amount is not None]
    if 0 < line.quantity <= MOST_PIECES and all(0 <= amount <= MOST_FEN for amount in amounts):
        return
    raise DomainError(
        "order.out_of_range",
        _("Line %(line)d: the quantity or an amount is out of range.") % {"line": number},
        next_step=_("A quantity is 1 or more; amounts are whole fen and not negative."),
        field=f"lines[{number - 1}]",
        extra={"line": number},
    )


def _too_much(said: str, *, field: str) -> DomainError:
    return DomainError(
        "order.out_of_range",
        said,
        next_step=_("Check the prices and quantities; tell a sale that is really larger as several."),
        field=field,
    )
