"""What the books must say of these sales and refunds, worked out a second time: plain Python over plain facts, whole
fen, none of the product's code. Discounts and tenders lie over lines, and claims over what there is, by largest
remainder; what comes back is taken fen by fen, by the odd divisors; a reserve is of what was held at the close."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple

from tests.stack.agreed import (
    AMOUNT_OFF,
    BEARERS,
    CONTRACTS,
    GOODS,
    GUIDES,
    MERCHANTS,
    NO_CONTRACT,
    PLANS,
    PLATFORM,
    STORES,
    Terms,
)


class Tender(NamedTuple):
    place: str
    collector: str
    amount: int
    lines: tuple[int, ...] = ()


class Back(NamedTuple):
    line: int
    quantity: int
    amount: int
    late: bool  # after the business day was closed


@dataclass(frozen=True)
class Sale:
    """As a till told it and the API took it. `own_guide` is the buyer's, bound before the sale."""

    no: str
    store: str
    lines: tuple[tuple[str, int], ...]  # goods, quantity
    serving: str
    own_guide: str = ""
    has_coupon: bool = False
    tenders: tuple[Tender, ...] = ()
    refunds: tuple[Back, ...] = ()

    @property
    def list_amounts(self) -> list[int]:
        return [GOODS[code].price * quantity for code, quantity in self.lines]

    @property
    def paid(self) -> list[int]:
        off = dealt(AMOUNT_OFF, self.list_amounts) if self.has_coupon else [0] * len(self.lines)
        return [amount - less for amount, less in zip(self.list_amounts, off, strict=True)]


class Part(NamedTuple):
    """A share as it must stand in the end."""

    role: str
    payee: str
    amount: int
    clawed: int


Account = tuple[str, str, str]  # book, account, party (empty for none)


@dataclass
class Books:
    """`accounts`: credits − debits in the end. `kinds`: (book, party, kind of transfer) → what it added to what the
    book owes the party. `shares`: (sale, line) → its shares in order."""

    accounts: Counter[Account] = field(default_factory=Counter)
    kinds: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    shares: dict[tuple[str, int], list[Part]] = field(default_factory=dict)

    def moves(self, book: str, account: str, party: str, amount: int) -> None:
        if book in MERCHANTS:  # the platform and people keep no book
            self.accounts[book, account, party] += amount

    def owes(self, book: str, party: str, kind: str, amount: int) -> None:
        if book in MERCHANTS:
            self.kinds[book, party, kind] += amount


def recomputed(sales: list[Sale]) -> Books:
    books = Books()
    for sale in sales:
        laid = tenders_by_line(sale)
        for number, (code, quantity) in enumerate(sale.lines, start=1):
            _line(books, sale, number, code, quantity, laid[number])
    for counter in (books.accounts, books.kinds):
        for name in [name for name, amount in counter.items() if not amount]:
            del counter[name]
    return books


def _line(
    books: Books, sale: Sale, number: int, code: str, quantity: int, tenders: list[tuple[str, str, int]]
) -> None:
    seller, owner, branded = STORES[sale.store], *GOODS[code][:2]
    terms = CONTRACTS[owner, sale.store] if branded else NO_CONTRACT
    principal = owner if branded and terms.mode == "central" else seller
    paid, off = sale.paid[number - 1], sale.list_amounts[number - 1] - sale.paid[number - 1]

    borne: Counter[str] = Counter()
    for (role, _ppm), cost in zip(BEARERS, dealt(off, [ppm for _role, ppm in BEARERS]), strict=True):
        borne[owner if role == "brand" else seller] += cost
    owing = {bearer: cost for bearer, cost in borne.items() if bearer != principal and cost}

    rules = PLANS[owner, terms.mode] if branded else ()
    claims = [Fraction(paid * ppm, 1_000_000) for _role, ppm in rules]
    base = paid + sum(owing.values())
    amounts = dealt(base, [*claims, base - sum(claims)])
    guide = sale.own_guide if GUIDES.get(sale.own_guide) == sale.store else sale.serving
    behind = {"channel": seller, "store": seller, "brand": owner, "guide": guide, "platform": PLATFORM}
    payees = [behind[role] for role, _ppm in rules] + [principal]
    roles = [role for role, _ppm in rules] + ["residual"]

    def back(late: bool) -> tuple[list[int], list[int], list[int]]:
        """Of tenders, contributions and shares, with or without what came after the close."""
        refunds = [one for one in sale.refunds if one.line == number and (late or not one.late)]
        given = sum(one.amount for one in refunds)
        costs = [cost * given // paid for cost in owing.values()]
        return (
            returned(given, [amount for _place, _collector, amount in tenders]),
            costs,
            returned(given + sum(costs), amounts),
        )

    tendered, contributed, clawed = back(late=True)
    clawed_at_close = back(late=False)[2]
    books.shares[sale.no, number] = [Part(*row) for row in zip(roles, payees, amounts, clawed, strict=True)]

    for (place, collector, amount), less in zip(tenders, tendered, strict=True):
        books.moves(collector, f"held:{place}", "", less - amount)
        if collector != principal:
            _owed(books, principal, collector, "remittance", -amount)
            _owed(books, principal, collector, "refund", less)
            books.moves(principal, "due", collector, less - amount)
            books.moves(collector, "due", principal, amount - less)
    for (bearer, cost), less in zip(owing.items(), contributed, strict=True):
        _owed(books, principal, bearer, "contribution", -cost)
        _owed(books, principal, bearer, "contribution_back", less)
        books.moves(principal, "due", bearer, less - cost)
        books.moves(bearer, "due", principal, cost - less)
        books.moves(bearer, "own:cost", "", less - cost)
    for role, payee, amount, less, before in zip(
        roles, payees, amounts, clawed, clawed_at_close, strict=True
    ):
        _share(books, terms, principal, role, payee, amount, less, before)


def _share(
    books: Books, terms: Terms, principal: str, role: str, payee: str, amount: int, less: int, before: int
) -> None:
    if payee == principal:
        books.moves(principal, "own:residual" if role == "residual" else "own:share", "", amount - less)
        return
    employer = STORES[GUIDES[payee]] if payee in GUIDES else ""
    passes_on = terms.guide_pay == "employer" and employer not in ("", principal)
    other = employer if passes_on else payee
    reserve = (amount - before) * terms.reserve_ppm // 1_000_000
    kept = max(reserve - (less - before), 0)  # a late refund takes the reserve first
    due = amount - less - kept
    _owed(books, principal, other, "share", amount)
    _owed(books, principal, other, "clawback", -less)
    for account, piece in (("reserve", kept), ("due", due)):
        books.moves(principal, account, other, piece)
        books.moves(other, account, principal, -piece)
        if passes_on:
            books.moves(other, account, payee, piece)
    if passes_on:
        books.owes(other, payee, "share", amount)
        books.owes(other, payee, "clawback", -less)
    else:
        books.moves(other, "own:share", "", amount - less)


def _owed(books: Books, principal: str, other: str, kind: str, amount: int) -> None:
    """Grows what the principal owes the other, in both books."""
    books.owes(principal, other, kind, amount)
    books.owes(other, principal, kind, -amount)


def tenders_by_line(sale: Sale) -> dict[int, list[tuple[str, str, int]]]:
    """Line → (place, collector, amount). A sale without tenders was paid in cash to its store."""
    tenders = sale.tenders or (Tender("cash", STORES[sale.store], sum(sale.paid)),)
    lacks = dict(enumerate(sale.paid, start=1))
    laid: dict[int, list[tuple[str, str, int]]] = defaultdict(list)
    for tender in sorted(tenders, key=lambda tender: not tender.lines):
        lines = [number for number in lacks if number in (tender.lines or lacks)]
        for number, part in zip(lines, dealt(tender.amount, [lacks[n] for n in lines]), strict=True):
            lacks[number] -= part
            if part:
                laid[number].append((tender.place, tender.collector, part))
    assert not any(lacks.values()), sale
    return laid


def dealt(total: int, weights: list[int] | list[Fraction]) -> list[int]:
    """Largest remainder; what is left to deal goes to the larger remainder, the larger weight, whoever is first."""
    whole = sum(weights)
    if not total:
        return [0 for _weight in weights]
    exact = [Fraction(total * weight) / whole for weight in weights]
    parts = [int(part) for part in exact]
    turns = sorted(
        (part - claim, -weight, place)
        for place, (part, claim, weight) in enumerate(zip(parts, exact, weights, strict=True))
    )
    for _rest, _weight, place in turns[: total - sum(parts)]:
        parts[place] += 1
    return parts


def returned(total: int, held: list[int]) -> list[int]:
    """Fen by fen: the next comes from the smallest (2 · returned + 1) / held. Nobody ends more than half as many fen
    below the exact part as there are parts, so the first are given without asking."""
    whole = sum(held)
    back = [max(total * amount // whole - len(held), 0) if whole else 0 for amount in held]
    while sum(back) < total:
        back[
            min(
                (place for place, amount in enumerate(held) if amount > back[place]),
                key=lambda place: (Fraction(2 * back[place] + 1, held[place]), -held[place], place),
            )
        ] += 1
    return back
