"""Which stores and contracts a seat may see: its own in its subtree, and partners' that hang there by
contract. Everything here is read inside the seat's merchant."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from merchants.models import Brand, Merchant, OrgUnit
from merchants.scoping import Seat
from stores.drafts import store_told
from stores.models import Contract, ContractQuerySet, Store

READ, WRITE = "contracts.read", "contracts.write"


@dataclass(frozen=True)
class SeenStore:
    """A store as far as the seat may see it; `partner` is another merchant's, `live` as long as a contract of
    one's brands is in force there (always, for an own store)."""

    store: Store
    partner: bool
    live: bool


def own_stores(seat: Seat) -> QuerySet[Store]:
    return Store.objects.filter(seat.within("org_unit__path", "stores.read")).select_related("merchant")


def partner_stores(seat: Seat, *, at: datetime) -> ContractQuerySet:
    """Other merchants' stores that carry the seat's brands at `at`, as one contract each, with its store; by
    name."""
    return (
        _placed(seat)
        .live(at)
        .select_related("store__merchant")
        .order_by("store__pinyin", "store_id")
        .distinct("store__pinyin", "store_id")
    )


def seen_store(seat: Seat, ref: str, *, at: datetime) -> SeenStore | None:
    """An own store, or a partner's under a contract of any time: what was sold there stays to be seen."""
    if store := own_stores(seat).filter(ref=ref).first():
        return SeenStore(store, partner=False, live=True)
    contracts = _placed(seat).accepted().filter(store__ref=ref)
    contract = contracts.select_related("store__merchant").order_by("-starts_at").first()
    if contract is None:
        return None
    return SeenStore(contract.store, partner=True, live=contracts.live(at).exists())


def named(rows: QuerySet, text: str, *, path: str = "") -> QuerySet:
    """Of these rows, those whose store (reached by `path`) the text means: name, pinyin, code, city or
    district."""
    text = text.strip()
    if not text:
        return rows
    letters = text.replace(" ", "").lower()
    wanted = Q()
    for name in ("name", "code", "city", "district"):
        wanted |= Q(**{f"{path}{name}__icontains": text})
    if letters.isascii() and letters.isalpha():
        wanted |= Q(**{f"{path}pinyin__regex": " ?".join(letters)})
    return rows.filter(wanted)


def granted(seat: Seat, permission: str = READ) -> ContractQuerySet:
    """What the seat's merchant, as brand owner, drafted or agreed with stores; its own ones included. What it may read
    of these, unless another permission is asked for."""
    return Contract.objects.filter(seat.within("brand_unit__path", permission)).with_sides()


def held(seat: Seat, permission: str = READ) -> ContractQuerySet:
    """Under what other merchants' brands are sold at the seat's stores, or are offered to be; as `granted`."""
    within = seat.within("store__org_unit__path", permission)
    return Contract.party.filter(within).exclude(merchant=seat.merchant).with_sides()


def contracts_at(seat: Seat, store: Store) -> ContractQuerySet:
    """The accepted contracts of one store that are the seat's to read: all of an own one, else those its merchant
    granted."""
    own = store.merchant_id == seat.merchant.id
    here = Contract.party.filter(seat.within("store__org_unit__path", READ)).with_sides()
    rows = here if own else granted(seat)
    return rows.filter(store=store).accepted().order_by("brand_id", "-starts_at")


def offers_made(seat: Seat, *, declined_since: datetime) -> ContractQuerySet:
    """The drafts that the seat's merchant offered: those still open, and those declined since then."""
    lately = Q(declined_at__gte=declined_since)
    return granted(seat).filter(Q(pk__in=Contract.objects.drafts()) | lately)


def offers_received(seat: Seat) -> ContractQuerySet:
    """The open drafts that wait for the seat's merchant to accept or decline them."""
    return held(seat).drafts()


def offers_instead(seat: Seat, contract: Contract) -> list[Contract]:
    """The open drafts that would take the place of this contract."""
    rows = granted(seat) if contract.merchant_id == seat.merchant.pk else held(seat)
    return list(rows.drafts().filter(succeeds=contract).order_by("pk"))


def offerable(seat: Seat, told: str) -> Store | None:
    """A store to draft a contract with: an own one by its code, anybody's by the number its merchant told. The contract
    with an own one is made by drafting it, so it takes a role over that store."""
    own = Store.objects.filter(seat.within("org_unit__path", WRITE)).select_related("merchant")
    if store := own.filter(Q(code=told) | Q(ref=told)).first():
        return store
    other = store_told(told)
    return other if other and other.merchant_id != seat.merchant.pk else None


def units_to_hang_in(seat: Seat) -> list[OrgUnit]:
    """Where in the own tree a store under contract may be placed, from the root down; stores are no places."""
    places = OrgUnit.objects.filter(seat.within("path", WRITE))
    return list(places.exclude(kind=OrgUnit.Kind.STORE).order_by("path"))


def partners_of(brand: Brand) -> list[Merchant]:
    """The merchants whose stores carry or carried the brand, its owner left out, by name."""
    contracts = Contract.objects.filter(brand=brand).accepted()
    ids = contracts.exclude(counterparty=brand.merchant_id).values("counterparty")
    return list(Merchant.objects.filter(pk__in=ids).order_by("name"))


def _placed(seat: Seat) -> ContractQuerySet:
    placed = Contract.objects.filter(seat.within("brand_unit__path", "stores.read"))
    return placed.exclude(counterparty=seat.merchant)
