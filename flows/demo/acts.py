"""What can happen in the demo, and to whom: facts by the script's own names, no rows."""

from dataclasses import dataclass, field
from datetime import date, datetime


@dataclass(frozen=True)
class Place:
    province: str
    city: str
    district: str
    adcode: str
    address: str
    lng: float
    lat: float
    opens: str
    closes: str
    name: str


@dataclass(frozen=True)
class StoreRole:
    merchant: str
    code: str
    name: str
    kind: str
    place: Place
    brands: tuple[str, ...]
    guides: tuple[str, ...]  # codes


@dataclass(frozen=True)
class GuideRole:
    code: str
    merchant: str
    store: str
    name: str
    phone: str


@dataclass(frozen=True)
class Join:
    at: datetime
    member: int
    brand: str
    store: str
    guide: str
    name: str
    phone: str
    shares_with_store: bool
    takes_offers: bool


@dataclass(frozen=True)
class Greet:
    """The guide has welcomed the new member, and ticks it off."""

    at: datetime
    member: int
    store: str


@dataclass(frozen=True)
class Send:
    at: datetime
    coupon: int
    campaign: str
    member: int
    guide: str
    store: str


@dataclass(frozen=True)
class Sale:
    at: datetime
    no: str
    store: str
    guide: str
    member: int | None
    lines: tuple[tuple[str, int], ...]  # goods code, quantity
    place: str
    coupon: int | None
    stored: int = 0  # fen, at most half of what is to pay


@dataclass(frozen=True)
class GiveBack:
    at: datetime
    no: str
    store: str
    sale: str
    line: int


Act = Join | Greet | Send | Sale | GiveBack


@dataclass
class Script:
    as_of: date
    stores: list[StoreRole]
    guides: list[GuideRole]
    acts: list[Act] = field(default_factory=list)
