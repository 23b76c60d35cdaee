"""What a channel tells about a sale or a refund, as it was told. Nothing here is looked up or computed."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from merchants.models import Merchant
from stores.models import Store

# Of a field that came later: without it, what was told before keeps its hash, and its replay stays a replay.
LEFT_OUT_EMPTY = {"left_out_empty": True}


@dataclass(frozen=True, kw_only=True)
class BuyerFacts:
    """Who bought, as far as the channel knows: a phone, a member of whoever tells the sale (the store's
    merchant, or the brand owner), or a source's identity."""

    phone: str = ""
    member: str = ""  # mem_…
    identity: tuple[str, str] | None = None  # (system, value)


@dataclass(frozen=True, kw_only=True)
class LineFacts:
    """One line. `list_price` is fen a piece (None: the SKU's own); `paid` is fen for the whole line
    (None: we price)."""

    sku: str  # ref, code or barcode
    quantity: int
    list_price: int | None = None
    paid: int | None = None
    brand: str = ""  # ref or slug; needed only where a code means two things in one store


@dataclass(frozen=True, kw_only=True)
class TenderFacts:
    """Money that paid. `collector` is the merchant (mch_…) it reached, empty for whoever tells the sale;
    `lines` restrict it."""

    place: str  # orders.models.Tender.Place
    amount: int
    collector: str = ""
    lines: tuple[int, ...] = ()
    # What WeChat Pay calls the payment, which was made to be shared; place `psp` only.
    transaction: str = field(default="", metadata=LEFT_OUT_EMPTY)
    fee: int = field(default=0, metadata=LEFT_OUT_EMPTY)  # fen that the payment service keeps of it
    programme: str = field(
        default="", metadata=LEFT_OUT_EMPTY
    )  # the collector's, ref or code; place `stored` only


@dataclass(frozen=True, kw_only=True)
class OrderFacts:
    """A paid sale. `touches` is kind → guide (ref or code), or the guides who share that part, each with a
    weight, and `touched_at` kind → when, where it was before the sale: the shared link opened, the member recruited.
    `coupons` are codes in the order they are to count.

    Without tenders, the whole reached whoever tells the sale (orders.tendering).
    """

    store: Store
    channel: str  # orders.models.Order.Channel
    external_no: str
    paid_at: datetime
    lines: tuple[LineFacts, ...]
    placed_at: datetime | None = None  # None: when it was paid
    currency: str = "CNY"
    buyer: BuyerFacts | None = None
    tenders: tuple[TenderFacts, ...] = ()
    coupons: tuple[str, ...] = ()
    touches: Mapping[str, str | tuple[tuple[str, int], ...]] = field(default_factory=dict)
    touched_at: Mapping[str, datetime] = field(default_factory=dict, metadata=LEFT_OUT_EMPTY)


@dataclass(frozen=True, kw_only=True)
class RefundTenderFacts:
    """So much (fen) goes back of one of the sale's payments, known by its number there."""

    number: int
    amount: int


@dataclass(frozen=True, kw_only=True)
class RefundLineFacts:
    """Money (fen) and pieces given back on one line, named by its SKU (ref, code or barcode) or by its
    number. `tenders` name the payments it goes back on, and come to its amount; without any, all that paid it."""

    amount: int
    quantity: int = 0
    sku: str = ""
    number: int | None = None
    tenders: tuple[RefundTenderFacts, ...] = field(default=(), metadata=LEFT_OUT_EMPTY)


@dataclass(frozen=True, kw_only=True)
class RefundFacts:
    """Money given back on an order of `merchant`, the seller, named either by its ref or by the number it was
    told with in this channel."""

    merchant: Merchant
    channel: str
    external_no: str
    lines: tuple[RefundLineFacts, ...]
    refunded_at: datetime
    order_external_no: str = ""
    order: str = field(default="", metadata=LEFT_OUT_EMPTY)  # ord_…


def body_hash(facts: OrderFacts | RefundFacts) -> bytes:
    """SHA-256 over the canonical facts: equal exactly when the same thing was told again."""
    text = json.dumps(plain(facts), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).digest()


def plain(value: Any) -> Any:
    """The facts as JSON keeps them: rows as their refs, instants in UTC."""
    if value is None or isinstance(value, (str, int)):
        return value
    if isinstance(value, (Store, Merchant)):
        return value.ref
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    kind: type = type(value)
    if is_dataclass(value):
        return {
            name: plain(item)
            for name, may_be_left_out in _parts(kind)
            if (item := getattr(value, name)) or not may_be_left_out
        }
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


@cache
def _parts(facts: type) -> list[tuple[str, bool]]:
    return [(part.name, "left_out_empty" in part.metadata) for part in fields(facts)]


def refund_facts(merchant: Merchant, kept: Mapping[str, Any]) -> RefundFacts:
    """What `plain` made of a refund, read back."""
    return RefundFacts(
        merchant=merchant,
        channel=kept["channel"],
        external_no=kept["external_no"],
        order_external_no=kept["order_external_no"],
        lines=tuple(
            RefundLineFacts(
                **line | {"tenders": tuple(RefundTenderFacts(**one) for one in line.get("tenders", ()))}
            )
            for line in kept["lines"]
        ),
        refunded_at=datetime.fromisoformat(kept["refunded_at"]),
    )
