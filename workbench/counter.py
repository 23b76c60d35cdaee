"""What stands on the sale page between two taps, and the sale that it becomes."""

from typing import Any

from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from commissions.preview import PreviewLine, estimate
from components.formatting import yuan
from flows import till
from flows.till import CouponCard, Quote
from members.models import Member
from merchants.errors import DomainError
from orders.facts import BuyerFacts, OrderFacts, TenderFacts
from orders.models import Order, Tender
from workbench import access
from workbench.access import Desk
from workbench.baskets import Basket
from workbench.carrying import carried, unpacked
from workbench.sale_numbers import is_number

# Where a guide may say that money reached the store; a platform's benefit is told by the store's system.
TAKEN_HERE = (Tender.Place.CASH, Tender.Place.ACQUIRER, Tender.Place.PSP)


def shown(desk: Desk, basket: Basket, given: QueryDict) -> dict[str, Any]:
    """The coupon's card or the member, rows, totals, the commission to expect. `unusable` says why the coupon
    cannot be used, `refused` why the goods cannot be sold, `given_away` names those whose price was typed as 0."""
    now, code, member_ref = timezone.now(), unpacked(given.get("coupon", "")), given.get("member", "")
    context: dict[str, Any] = {
        "desk": desk,
        "basket": basket,
        "code": code,
        "coupon": carried(code),
        "card": None,
        "member": access.member(desk, member_ref) if member_ref else None,
        "member_ref": member_ref,
        "unusable": None,
        "refused": None,
        "quote": None,
        "rows": [],
        "given_away": [],
        "places": [Tender.Place.ACQUIRER, Tender.Place.CASH],
        "place": given.get("place", Tender.Place.ACQUIRER),
    }
    try:
        if code:
            context["card"] = card = till.preview(code=code, store=desk.store, at=now)
            context["member"] = context["member"] or card.member
            context["promised"] = _promised(desk, card)
    except DomainError as refusal:
        context["unusable"] = refusal
    if not basket.rows:
        return context
    try:
        coupons = [context["card"].coupon] if context["card"] else []
        quote = till.quote(store=desk.store, lines=basket.facts(), coupons=coupons, at=now)
    except DomainError as refusal:
        return context | {"refused": refusal}
    rows = [
        {
            "row": row,
            "line": line,
            "price": row.as_typed("price", yuan(line.list_amount // line.quantity).lstrip("¥")),
            "pieces": row.as_typed("quantity", str(line.quantity)),
        }
        for row, line in zip(basket.rows, quote.lines, strict=True)
    ]
    return context | {
        "quote": quote,
        "rows": rows,
        "given_away": [
            line.sku.name
            for row, line in zip(basket.rows, quote.lines, strict=True)
            if row.price == 0 and line.sku.list_price
        ],
        "expected": _expected(desk, quote, context["member"]),
    }


def told(desk: Desk, context: dict[str, Any], given: QueryDict) -> OrderFacts:
    """The sale of this page; DomainError for what stands between the two. The total must be the one that was shown."""
    fault, number = context["basket"].fault, given.get("number", "")
    if fault or not context["basket"].rows or not is_number(number):
        raise DomainError(
            "sale.form",
            fault or _("There is nothing to sell yet."),
            next_step=_("Add goods, or correct what is marked. Nothing has been recorded."),
        )
    if context["place"] not in TAKEN_HERE:
        raise DomainError(
            "sale.place",
            _("A sale is not paid so at the counter."),
            next_step=_("Choose how it was paid, then confirm again. Nothing has been recorded."),
            field="place",
        )
    quote: Quote | None = context["quote"]
    if refusal := context["unusable"] or context["refused"] or (quote and quote.refusal):
        raise refusal
    total = quote.priced.total if quote else 0
    if given.get("total") != str(total):
        raise DomainError(
            "sale.total_changed",
            _("The total is now %(total)s.") % {"total": yuan(total)},
            next_step=_("Check it with the member, then confirm again. Nothing has been recorded."),
        )
    member: Member | None = context["member"]
    return OrderFacts(
        store=desk.store,
        channel=Order.Channel.WORKBENCH,
        external_no=number,
        paid_at=timezone.now(),
        currency=desk.seat.merchant.currency,
        lines=context["basket"].facts(),
        buyer=BuyerFacts(member=member.ref) if member else None,
        tenders=(TenderFacts(place=context["place"], amount=total),),
        coupons=(context["code"],) if context["code"] else (),
        touches={"serving": desk.guide.ref},
    )


def _expected(desk: Desk, quote: Quote, member: Member | None) -> int:
    """Fen of commission to expect for serving this."""
    lines = [
        PreviewLine(line.brand, quote.priced.nets[line.number], line.sku, line.quantity)
        for line in quote.lines
    ]
    return estimate(lines, store=desk.store, guide=desk.guide, member=member, at=timezone.now()).total


def _promised(desk: Desk, card: CouponCard) -> int:
    """The same for a sale that just reaches the coupon's threshold; nothing for what is exchanged."""
    campaign = card.coupon.campaign
    lines = [PreviewLine(campaign.brand, campaign.threshold - campaign.amount_off)]
    return estimate(lines, store=desk.store, guide=desk.guide, member=card.member, at=timezone.now()).total
