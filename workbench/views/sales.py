"""A sale at the counter, with or without a coupon: goods, totals, confirm, done."""

from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import replace_url, trigger_client_event

from catalog import ringing
from commissions import appealed
from commissions.explain import shares_of
from commissions.models import Appeal
from components.formatting import yuan
from coupons import reading
from flows import purchase
from members import followups
from merchants.errors import Conflict, DomainError
from orders import payments, receipts
from orders.facts import LineFacts
from orders.models import Order
from workbench import access, counter, shell
from workbench.access import Desk
from workbench.baskets import Basket
from workbench.retelling import is_again
from workbench.sale_numbers import is_number, new_number

CHOICES = 8


@require_http_methods(["GET", "POST"])
def sale(request: HttpRequest) -> HttpResponse:
    """GET opens a sale (`coupon` as `scan` carried it, `member` a ref); POST confirms it, once a number.

    The number stands in the address: to load the page again, after a lost answer, shows what became of it."""
    desk = access.desk(request, "orders.write")
    if request.method == "POST":
        return _confirmed(request, desk)
    number = request.GET.get("number", "")
    if not is_number(number):
        query = request.GET.copy()
        query["number"] = new_number(desk.day)
        return redirect(f"{reverse('workbench:sale')}?{query.urlencode()}")
    if order := access.sale_told(desk, number):
        return redirect("workbench:sold", ref=order.ref)
    return shell.page(request, "sale/sale", counter.shown(desk, Basket(), request.GET) | {"number": number})


def _confirmed(request: HttpRequest, desk: Desk) -> HttpResponse:
    context = counter.shown(desk, Basket.of(request.POST), request.POST)
    try:
        order, _is_new = purchase.paid(counter.told(desk, context, request.POST), by=desk.seat.actor)
        if order.member:
            followups.welcomed(member=order.member, guide=desk.guide, by=desk.seat.actor)
    except DomainError as refusal:
        before = access.sale_told(desk, request.POST.get("number", ""))
        if before is None:
            return shell.fragment(request, "sale/_basket", context | {"said": refusal}, status=422)
        if not is_again(before, context, request.POST):
            return _anew(request, desk, before)
        order = before  # this very sale was confirmed before: a second tap
        messages.info(
            request, _("This sale was recorded before. For the same goods again, begin a new sale.")
        )
    done = f"{reverse('workbench:sold', args=[order.ref])}?done=1"
    return redirect(done)


def _anew(request: HttpRequest, desk: Desk, before: Order) -> HttpResponse:
    """Other goods under the number of a sale that is kept, as the back button brings them: the goods stay, under
    a number of their own, and nothing is recorded until they are confirmed."""
    given = request.POST.copy()
    given["number"] = new_number(desk.day)
    if reading.used_on(before):
        given["coupon"] = ""  # it went with that sale
    words = _("The sale before, %(total)s, is recorded under %(number)s.")
    said = Conflict(
        "sale.another",
        words % {"total": yuan(before.paid_total), "number": before.external_no},
        next_step=_(
            "What stands here differs, so it is a new sale, not recorded yet. Check it and confirm again."
        ),
    )
    context = counter.shown(desk, Basket.of(given), given)
    context |= {"number": given["number"], "said": said, "anew": True}
    return _told_anew(shell.fragment(request, "sale/_basket", context, status=422), given)


def _told_anew(response: HttpResponse, given: QueryDict) -> HttpResponse:
    """The page's address names the number, coupon and member that stand on it now."""
    carried_on = {name: given[name] for name in ("coupon", "member", "number") if given.get(name)}
    return replace_url(response, f"{reverse('workbench:sale')}?{urlencode(carried_on)}")


@require_POST
def basket(request: HttpRequest) -> HttpResponse:
    """The goods after one more tap, priced anew; `without` is the tap that leaves the coupon out. What was added by
    a name that several goods bear is to be chosen; what nobody here sells is said, and neither is taken in."""
    desk = access.desk(request, "orders.write")
    goods, adding = Basket.of(request.POST), None
    if "add" in request.POST and goods.rows:
        adding = _adding(desk, goods.rows[-1].sku, len(goods.rows))
        found = adding["found"]
        goods.rows[-1:] = [replace(goods.rows[-1], sku=found[0].sku.ref)] if len(found) == 1 else []
    if "without" in request.POST:
        return _without_coupon(request, desk, goods)
    context = counter.shown(desk, goods, request.POST)
    response = shell.fragment(request, "sale/_basket", context | {"adding": adding})
    if adding and len(adding["found"]) != 1:
        trigger_client_event(response, "sale:choose")  # a confirmation that waits for this answer is dropped
    return response


def _without_coupon(request: HttpRequest, desk: Desk, goods: Basket) -> HttpResponse:
    """The same goods for the same member, at their prices; the coupon stays the member's for another day."""
    given, with_it = request.POST.copy(), counter.shown(desk, Basket(), request.POST)
    given["coupon"] = ""
    given["member"] = with_it["member"].ref if with_it["member"] else ""
    context = counter.shown(desk, goods, given) | {"number": given.get("number", ""), "anew": True}
    return _told_anew(shell.fragment(request, "sale/_basket", context), given)


def _adding(desk: Desk, text: str, number: int) -> dict[str, Any]:
    """What is meant by a ref, code, barcode or name: one of `found` to be taken in, several to choose from, or
    none and the `unfound` that says why."""
    now = timezone.now()
    try:
        found = receipts.resolve(
            store=desk.store, lines=(LineFacts(sku=text, quantity=1),), at=now, first=number
        )
        return {"found": found, "q": text}
    except DomainError as refusal:
        offers = ringing.offers(store=desk.store, at=now, search=text, limit=CHOICES)
        if refusal.code == "sku.unknown":  # which speaks of codes and lines, as to a till
            refusal = DomainError(
                "sku.unknown",
                _("This store sells nothing by the name, code or barcode “%(text)s”.") % {"text": text},
                next_step=_("Try a part of the name; what fits is listed as you type."),
            )
        return {"found": offers, "q": text, "unfound": None if offers else refusal}


@require_GET
def goods(request: HttpRequest) -> HttpResponse:
    desk = access.desk(request, "orders.write")
    text = request.GET.get("q", "").strip()
    found = ringing.offers(store=desk.store, at=timezone.now(), search=text, limit=CHOICES) if text else []
    return shell.fragment(request, "sale/_goods", {"found": found, "q": text})


@require_GET
def done(request: HttpRequest, ref: str) -> HttpResponse:
    desk = access.desk(request)
    order = access.sale(desk, ref)
    lines = order.lines.select_related("sku", "brand").order_by("number")
    context = {
        "lines": lines,
        "used": reading.used_on(order),
        "refunds": payments.of_own(order).refunds if order.refunded_total else [],
        "fresh": request.GET.get("done") == "1",
        **_earned(desk, order),
    }
    return shell.page(request, "sale/done", context)


@require_GET
def earned(request: HttpRequest, ref: str) -> HttpResponse:
    desk = access.desk(request)
    return shell.fragment(request, "sale/_earned", _earned(desk, access.sale(desk, ref)))


def _earned(desk: Desk, order: Order) -> dict[str, Any]:
    """The guide's own shares of a sale, once the worker has split it; lines that say the same are one."""
    split = shares_of(order, merchant=desk.seat.merchant)
    articles = dict(order.lines.values_list("number", "sku__name"))
    own: dict[tuple[str, str, bool], list[int]] = {}
    for line in split:
        for share in line.shares:
            if share.payee == desk.guide.ref:
                told = (articles[line.line], share.reason, share.state == "settled")
                sums = own.setdefault(told, [0, 0, 0])
                for place, fen in enumerate((share.held, share.amount, share.clawed)):
                    sums[place] += fen
    return {
        "order": order,
        "split": bool(split),
        "appealed": appealed.standing(order, desk.guide),
        "reasons": Appeal.Reason.choices,
        "own": [(*told, *sums) for told, sums in own.items()],
        "sum": sum(held for held, _whole, _clawed in own.values()),
    }
