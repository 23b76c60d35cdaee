"""A coupon is found by its code, judged at a store, and used up with a sale. Locks:
docs/adr/0005-locking.md."""

import unicodedata
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_scopes import scope

from coupons.bearing import agreed, not_agreed
from coupons.issuing import CODE_DIGITS, code_hash
from coupons.models import Allocation, Coupon, Redemption
from coupons.pricing import Benefit, Priced
from events.compiled import compiled
from events.record import Actor, Happening, record_many
from events.rows import write
from merchants.errors import DomainError
from merchants.models import Merchant
from orders.models import Touch
from orders.receipts import CLOCKS_DIFFER
from orders.recording import Sale
from stores.models import Contract, Store


def find(*, code: str, store: Store, at: datetime | None = None) -> Coupon:
    """The coupon of a code, if it may be used at this store at `at` (now).

    DomainError, each with its next step: `coupon.unknown`, `coupon.foreign`, `coupon.not_here`,
    `coupon.cost_not_agreed`, `coupon.used`, `coupon.voided`, `coupon.issued_later`, `coupon.not_yet`, `coupon.expired`.
    """
    at = at or timezone.now()
    with scope(merchant=store.merchant):
        live = list(Contract.party.filter(store=store).live(at))
    return judged([code], Held([code], lock=False), store=store, at=at, live=live)[0]


class Held:
    """The coupons of these codes, whosesoever; locked until the transaction ends, unless not to `lock`."""

    def __init__(self, codes: Iterable[str], *, lock: bool = True) -> None:
        hashes = {code_hash(digits(code)) for code in codes}
        self._by_hash: dict[bytes, Coupon] = {}
        if not hashes:
            return
        # A code alone tells whose coupon it is; from there on everything is read in that merchant's scope.
        for owner_id in _owners(hashes=hashes):
            with scope(merchant=owner_id):
                for coupon in (_locked if lock else _shown)(hashes=hashes):
                    self._by_hash[bytes(coupon.code_hash)] = coupon

    def of(self, code: str) -> Coupon | None:
        return self._by_hash.get(code_hash(digits(code)))


def judged(
    codes: Sequence[str], held: Held, *, store: Store, at: datetime, live: Sequence[Contract]
) -> list[Coupon]:
    """The coupons of one sale, in the order given; `live` are the contracts in force at the store. Errors as `find`,
    by place, and `coupon.twice`."""
    coupons: list[Coupon] = []
    for place, code in enumerate(codes):
        coupon = held.of(code)
        if coupon is None:
            raise _refused(
                "coupon.unknown",
                _("No coupon has this code."),
                _("Check the %(digits)d digits, or scan the code again.") % {"digits": CODE_DIGITS},
                place,
            )
        if coupon in coupons:
            raise _refused(
                "coupon.twice",
                _("The same coupon is named twice on this sale."),
                _("Name each coupon once."),
                place,
            )
        _judge(coupon, store, at, place, live)
        coupons.append(coupon)
    return coupons


def benefit(coupon: Coupon) -> Benefit:
    """What the coupon is worth, in pricing's words."""
    campaign = coupon.campaign
    return Benefit(
        key=coupon.ref,
        campaign=campaign.ref,
        name=campaign.name,
        threshold=campaign.threshold,
        amount_off=campaign.amount_off,
        brand=campaign.brand_id,
        bearers=tuple((role, ppm) for role, ppm in campaign.bearers),
        pieces=campaign.pieces,
        sku=campaign.sku_id,
    )


@dataclass(frozen=True)
class Use:
    """A sale that is kept, its coupons and its price with them."""

    sale: Sale
    coupons: Sequence[Coupon]
    priced: Priced


def redeem(uses: Iterable[Use], *, by: Actor) -> list[Redemption]:
    """Use up the coupons of sales, in the transaction that holds them and keeps the sales; inside the seller's
    scope."""
    redemptions: list[Redemption] = []
    allocations: list[Allocation] = []
    for use in uses:
        lines = {line.number: line for line in use.sale.lines}
        for coupon, discount in zip(use.coupons, use.priced.discounts, strict=True):
            redemptions.append(_redemption(coupon, discount.amount, use.sale))
            allocations += [
                Allocation(
                    redemption=redemptions[-1],
                    line=lines[part.line],
                    merchant=redemptions[-1].merchant,
                    counterparty=use.sale.order.merchant,
                    amount=part.amount,
                    costs=[list(cost) for cost in part.costs],
                )
                for part in discount.parts
            ]
    if not redemptions:
        return []
    write(Redemption, redemptions)
    write(Allocation, allocations)
    for owner, own in _by_owner([redemption.coupon for redemption in redemptions]).items():
        with scope(merchant=owner):
            Coupon.objects.filter(pk__in=[coupon.pk for coupon in own]).update(state=Coupon.State.REDEEMED)
    record_many([told for each in redemptions for told in _happenings(each)], by=by)
    return redemptions


def _redemption(coupon: Coupon, amount_off: int, sale: Sale) -> Redemption:
    serving = next((touch for touch in sale.touches if touch.kind == Touch.Kind.SERVING), None)
    order = sale.order
    return Redemption(
        merchant=coupon.merchant,
        counterparty=order.merchant,
        coupon=coupon,
        order=order,
        store=order.store,
        guide=serving.guide if serving else None,
        amount_off=amount_off,
        bearers=coupon.campaign.bearers,
        redeemed_at=order.paid_at,
    )


@compiled
def _owners(*, hashes: Collection[bytes]) -> QuerySet[Merchant, int]:
    owners = Merchant.objects.filter(coupons__code_hash__in=hashes).distinct().order_by("id")
    return owners.values_list("id", flat=True)


def _of(hashes: Collection[bytes]) -> QuerySet[Coupon]:
    own = Coupon.objects.filter(code_hash__in=hashes).order_by("id")
    return own.select_related("merchant", "campaign", "member")


@compiled
def _shown(*, hashes: Collection[bytes]) -> QuerySet[Coupon]:
    """With all that a face tells of them."""
    return _of(hashes).select_related("campaign__brand", "campaign__sku", "member__person")


@compiled
def _locked(*, hashes: Collection[bytes]) -> QuerySet[Coupon]:
    """Two tills with one code: the second waits here, then sees the coupon used."""
    return _of(hashes).select_for_update(of=("self",))


def digits(code: str) -> str:
    """A code as people type it (`8264 0917-3358 0001`, full-width digits) as it is looked up."""
    return "".join(char for char in unicodedata.normalize("NFKC", code) if char.isalnum())


def _judge(coupon: Coupon, store: Store, at: datetime, place: int, live: Sequence[Contract]) -> None:
    _judge_place(coupon, store, place, live)
    if coupon.state == Coupon.State.REDEEMED:
        raise _used(coupon, store, place)
    if coupon.state == Coupon.State.VOIDED:
        raise _refused(
            "coupon.voided",
            _("This coupon was withdrawn."),
            _("Sell without it, or send another coupon."),
            place,
        )
    if at < coupon.issued_at - CLOCKS_DIFFER:
        raise _refused(
            "coupon.issued_later",
            _("The coupon was issued on %(when)s, after this sale was paid.")
            % {"when": _wall(coupon.issued_at, store)},
            _("Sell without it; the coupon counts for purchases made since it was issued."),
            place,
        )
    # By the clock of the sale, not by whether the sweeper has passed: a sale told late is judged as it was.
    if at >= coupon.usable_until:
        raise _refused(
            "coupon.expired",
            _("The coupon expired on %(when)s.") % {"when": _wall(coupon.usable_until, store)},
            _("Sell without it, or send a coupon of a running campaign."),
            place,
        )
    if at < coupon.usable_from:
        raise _refused(
            "coupon.not_yet",
            _("The coupon can be used from %(when)s.") % {"when": _wall(coupon.usable_from, store)},
            _("Keep it for a purchase from then on."),
            place,
        )


def _judge_place(coupon: Coupon, store: Store, place: int, live: Sequence[Contract]) -> None:
    campaign = coupon.campaign
    own = coupon.merchant_id == store.merchant_id
    if (own and campaign.brand_id is None) or campaign.brand_id in {one.brand_id for one in live}:
        if not agreed(campaign, live):
            raise not_agreed(campaign, field=f"coupons[{place}]")
        return
    with scope(merchant=store.merchant):
        ever = Contract.party.filter(store=store).accepted()
        known = own or ever.filter(merchant=coupon.merchant).exists()
    if not known:
        raise _refused(
            "coupon.foreign",
            _("This coupon is of a brand that this store does not carry."),
            _("It can be used at the brand's own stores; sell without it here."),
            place,
        )
    raise _refused(
        "coupon.not_here",
        _("“%(name)s” is not valid at this store today.") % {"name": campaign.name},
        _("Its brand has no contract in force with this store; sell without the coupon."),
        place,
    )


def _used(coupon: Coupon, store: Store, place: int) -> DomainError:
    """When and where; the place only to those who may know it: the store's merchant and the campaign's."""
    with scope(merchant=coupon.merchant):
        live = Redemption.objects.filter(coupon=coupon, rolled_back_at=None).select_related("store").first()
    when = _wall(live.redeemed_at, store) if live else ""
    ours = live is not None and store.merchant_id in (live.counterparty_id, live.merchant_id)
    where = live.store.name if live and ours else _("another store")
    return _refused(
        "coupon.used",
        _("The coupon was used on %(when)s at %(where)s.") % {"when": when, "where": where},
        _("Sell without it, or send another coupon."),
        place,
    )


def _wall(instant: datetime, store: Store) -> str:
    return timezone.localtime(instant, ZoneInfo(store.time_zone)).strftime("%Y-%m-%d %H:%M")


def _refused(code: str, message: object, next_step: object, place: int) -> DomainError:
    return DomainError(code, message, next_step=next_step, field=f"coupons[{place}]")


def _by_owner(coupons: Sequence[Coupon]) -> dict[Merchant, list[Coupon]]:
    owners: dict[Merchant, list[Coupon]] = {}
    for coupon in coupons:
        owners.setdefault(coupon.merchant, []).append(coupon)
    return owners


def _happenings(redemption: Redemption) -> list[Happening]:
    """The campaign's merchant hears it of its member, the seller of its own."""
    order, coupon, guide = redemption.order, redemption.coupon, redemption.guide
    about = {order.merchant_id: order.member, redemption.merchant_id: coupon.member}
    return [
        Happening(
            "coupon.redeemed",
            merchant_id=merchant_id,
            subject=coupon.ref,
            payload={
                "coupon": coupon.ref,
                "campaign": coupon.campaign.ref,
                "redemption": redemption.ref,
                "order": order.ref,
                "store": order.store.ref,
                "member": member.ref if member else None,
                "guide": guide.ref if guide else None,
                "amount_off": redemption.amount_off,
            },
            concerns=[
                member.ref if member else "",
                guide.ref if guide else "",
                order.store.ref,
            ],
            at=redemption.redeemed_at,
        )
        for merchant_id, member in about.items()
    ]
