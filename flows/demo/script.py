"""What happens in the demo, drawn up beforehand: pure, and the same for the same date and scale."""

import csv
from bisect import bisect
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

from flows.demo import cast
from flows.demo.acts import Act, GiveBack, Greet, GuideRole, Join, Place, Sale, Script, Send, StoreRole

PLACES = Path(__file__).with_name("places.csv")
SHANGHAI = ZoneInfo("Asia/Shanghai")
DAYS = 90


@dataclass(frozen=True)
class Scale:
    orders: int
    stores: float  # part of the full cast's stores
    joins: int  # members who join without buying at once


SCALES = {"full": Scale(1500, 1.0, 160), "small": Scale(40, 0.04, 10)}


def write(*, as_of: date, scale: str, until: datetime) -> Script:
    """The demo's story: about three months up to `as_of`, without what lies after `until`."""
    size = SCALES[scale]
    random = Random(f"tiandi {as_of} {scale}")
    stores, guides = _open(size, random)
    script = Script(as_of, stores, guides)
    acts = sorted(_Months(script, size, random).acts(), key=lambda act: (act.at, _RANK[type(act)]))
    script.acts = _before(acts, until)
    return script


_RANK: dict[type, int] = {Join: 0, Greet: 1, Send: 2, Sale: 3, GiveBack: 4}


def _before(acts: list[Act], until: datetime) -> list[Act]:
    return [act for act in acts if act.at <= until]


def _open(size: Scale, random: Random) -> tuple[list[StoreRole], list[GuideRole]]:
    with PLACES.open(encoding="utf-8", newline="") as file:
        places = [
            Place(lng=float(row.pop("lng")), lat=float(row.pop("lat")), **row) for row in csv.DictReader(file)
        ]
    by_city: dict[str, list[Place]] = {}
    for place in places:
        by_city.setdefault(place.city, []).append(place)
    # The stores that sell most stand in Shanghai and close late; then every city fills at the same pace.
    front = sorted(by_city["上海市"], key=lambda p: (p.closes, -p.lat), reverse=True)[:8]
    pace = {p: (i / len(by_city[p.city]), p.city) for city in by_city.values() for i, p in enumerate(city)}
    queue = front + sorted((p for p in places if p not in front), key=lambda p: pace[p])
    named = {login.merchant: login for login in cast.LOGINS if login.role == "guide"}
    stores: list[StoreRole] = []
    guides: list[GuideRole] = []
    counts = {m.key: max(3, round(m.stores * size.stores)) for m in cast.MERCHANTS}
    for merchant in _queue_up(counts, random):
        role = next(m for m in cast.MERCHANTS if m.key == merchant)
        place = queue.pop(0)
        number = sum(1 for store in stores if store.merchant == merchant) + 1
        brands = {
            cast.QINGLAN: (cast.QINGLAN,),
            cast.MUBAI: (cast.MUBAI,),
            cast.HEHE: (cast.QINGLAN, cast.MUBAI),
            cast.JINCHENG: (cast.QINGLAN,),
        }[merchant]
        sign = {cast.QINGLAN: "青岚", cast.MUBAI: "木白", cast.HEHE: "和合", cast.JINCHENG: "青岚"}[merchant]
        code = f"{merchant[:2].upper()}{number:03d}"
        team = []
        for place_in_team in range(3 if number == 1 else 2 if number <= 8 else 1):
            guide_code = f"{code}-{place_in_team + 1}"
            login = named.get(merchant) if number == 1 and place_in_team == 0 else None
            phone = login.phone if login and login.phone else f"+86199{1_000_000 + len(guides):08d}"
            name = login.name if login else _name(random)
            guides.append(GuideRole(guide_code, merchant, code, name, phone))
            team.append(guide_code)
        stores.append(
            StoreRole(merchant, code, f"{sign}{place.name}店", role.kind, place, brands, tuple(team))
        )
    return stores, guides


def _queue_up(counts: dict[str, int], random: Random) -> list[str]:
    """Each merchant's first two stores come first, the rest in a shuffled mix."""
    rest = [key for key, count in counts.items() for _ in range(count - 2)]
    random.shuffle(rest)
    return [*counts, *counts, *rest]


def _name(random: Random) -> str:
    return random.choice(cast.SURNAMES) + random.choice(cast.GIVEN)


class _Months:
    """Three months of trade, drawn slot by slot in order of time."""

    def __init__(self, script: Script, size: Scale, random: Random) -> None:
        self.script, self.size, self.random = script, size, random
        ranks: dict[str, int] = {}
        self.weights = []
        for store in script.stores:  # a few stores sell most, as in life; each merchant has one that leads
            rank = ranks[store.merchant] = ranks.get(store.merchant, 0) + 1
            self.weights.append(5.0 if rank == 1 else rank**-0.75)
        self.cumulative = list(accumulate(self.weights))
        self.members_at: dict[str, list[int]] = {}
        self.joined: dict[int, Join] = {}
        self.coupons = 0
        self.goods = {
            brand: [g for g in cast.GOODS if g.brand == brand] for brand in (cast.QINGLAN, cast.MUBAI, None)
        }

    def acts(self) -> Iterator[Act]:
        slots = [(at, "sale") for at in self._times(self.size.orders)]
        slots += [(at, "join") for at in self._times(self.size.joins)]
        for number, (at, what) in enumerate(sorted(slots)):
            store = self._store_at(at)
            if what == "join":
                yield from self._welcomed(self._join(at, store))
            else:
                yield from self._sale(at, store, f"{store.code}-{at:%y%m%d}-{number:05d}")

    def _times(self, count: int) -> list[datetime]:
        days = [self.script.as_of - timedelta(days=age) for age in range(DAYS - 1, -1, -1)]
        weights = [cast.weight_of(day, age=(self.script.as_of - day).days) for day in days]
        times = []
        for day in self.random.choices(days, weights, k=count):
            # Two humps: after lunch and after work.
            hour = self.random.gauss(*self.random.choice([(13.5, 1.6), (18.5, 1.5)]))
            minutes = int(min(max(hour, 9.0), 21.4) * 60)
            wall = datetime.combine(
                day, time(minutes // 60, minutes % 60, self.random.randrange(60)), SHANGHAI
            )
            times.append(wall.astimezone(UTC))
        return times

    def _store_at(self, at: datetime) -> StoreRole:
        wall = f"{at.astimezone(SHANGHAI):%H:%M}"
        for _ in range(20):
            index = bisect(self.cumulative, self.random.random() * self.cumulative[-1])
            store = self.script.stores[min(index, len(self.script.stores) - 1)]
            if store.place.opens <= wall < store.place.closes:
                return store
        return self.script.stores[0]

    def _guide_of(self, store: StoreRole) -> str:
        """The first of a team serves as much as all the others."""
        first, *others = store.guides
        return self.random.choice(others) if others and self.random.random() < 0.5 else first

    def _join(self, at: datetime, store: StoreRole) -> Join:
        member = len(self.joined)
        join = Join(
            at=at - timedelta(minutes=self.random.randint(6, 15)),
            member=member,
            brand=self.random.choice(store.brands),
            store=store.code,
            guide=self._guide_of(store),
            name=_name(self.random),
            phone=f"+86199{20_000_000 + member:08d}",
            shares_with_store=self.random.random() < 0.85,
            takes_offers=self.random.random() < 0.6,
        )
        self.joined[member] = join
        self.members_at.setdefault(store.code, []).append(member)
        return join

    def _welcomed(self, join: Join) -> Iterator[Act]:
        """Joined and greeted; about half are sent a coupon of their brand soon after."""
        yield join
        yield from self._greeted(join)
        if join.takes_offers and self._may_send(join) and self.random.random() < 0.7:
            yield self._send(join, join.at + timedelta(minutes=self.random.randint(5, 600)))

    def _greeted(self, join: Join) -> Iterator[Act]:
        """Within the day, nearly always; what was forgotten for weeks nobody has open any more."""
        old = (self.script.as_of - join.at.astimezone(SHANGHAI).date()).days > 4
        if old or self.random.random() < 0.75:
            yield Greet(join.at + timedelta(minutes=self.random.randint(15, 1200)), join.member, join.store)

    def _may_send(self, join: Join) -> bool:
        """A guide reaches a brand's member only at the brand's own store, or with the shopper's consent."""
        own = {cast.QINGLAN: "QI", cast.MUBAI: "MU"}[join.brand]
        return join.store.startswith(own) or join.shares_with_store

    def _send(self, join: Join, at: datetime, campaign: str = "") -> Send:
        self.coupons += 1
        campaign = campaign or {cast.QINGLAN: "ql200", cast.MUBAI: "mb100"}[join.brand]
        return Send(at, self.coupons, campaign, join.member, join.guide, join.store)

    def _sale(self, at: datetime, store: StoreRole, no: str) -> Iterator[Act]:
        member: int | None = None
        known = self.members_at.get(store.code, [])
        draw = self.random.random()
        if draw < 0.21:
            join = self._join(at, store)
            yield join
            yield from self._greeted(join)
            member = join.member
        elif draw < 0.72 and known:
            member = self.random.choice(known)
        lines = self._basket(store)
        coupon = None
        if member is not None and self.random.random() < 0.4:
            join = self.joined[member]
            campaign = "ql500" if join.brand == cast.QINGLAN else "mb100"
            threshold = next(c.threshold for c in cast.CAMPAIGNS if c.key == campaign)
            if self._may_send(join) and self._total(lines, join.brand) >= threshold and join.at < at:
                send = self._send(
                    join, max(join.at, at - timedelta(hours=self.random.randint(1, 90))), campaign
                )
                yield send
                coupon = send.coupon
        guide = self._guide_of(store)
        place = "cash" if self.random.random() < 0.12 else "acquirer"
        stored = 12_000 if store.merchant == cast.GIFT_CARD.owner and int(no[-5:]) % 9 == 4 else 0
        yield Sale(at, no, store.code, guide, member, lines, place, coupon, stored)
        if self.random.random() < 0.035:
            back = at + timedelta(hours=self.random.randint(20, 130))
            yield GiveBack(back, f"R-{no}", store.code, no, self.random.randint(1, len(lines)))

    def _basket(self, store: StoreRole) -> tuple[tuple[str, int], ...]:
        brands: list[str | None] = [self.random.choice(store.brands)]
        if len(store.brands) > 1:
            if self.random.random() < 0.45:
                brands = list(store.brands)
            if self.random.random() < 0.25:
                brands.append(None)
        lines: dict[str, int] = {}
        for brand in brands:
            for goods in self.random.sample(self.goods[brand], self.random.choice([1, 1, 1, 2])):
                lines[goods.code] = 2 if goods.price < 20000 and self.random.random() < 0.3 else 1
        return tuple(lines.items())

    def _total(self, lines: tuple[tuple[str, int], ...], brand: str) -> int:
        goods = {g.code: g for g in cast.GOODS}
        return sum(goods[code].price * quantity for code, quantity in lines if goods[code].brand == brand)
