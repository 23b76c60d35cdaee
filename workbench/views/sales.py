"""A sale at the counter, with or without a coupon: goods, totals, confirm, done."""

from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRedirect, replace_url

from catalog import ringing
from commissions.explain import shares_of
from components.formatting import yuan
from coupons import reading
from flows import purchase
from merchants.errors import Conflict, DomainError
from orders import receipts
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
    return HttpResponseClientRedirect(done) if request.htmx else redirect(done)


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
    response = shell.fragment(request, "sale/_basket", context, status=422)
    carried_on = {name: given[name] for name in ("coupon", "member", "number") if given.get(name)}
    return replace_url(response, f"{reverse('workbench:sale')}?{urlencode(carried_on)}")


@require_POST
def basket(request: HttpRequest) -> HttpResponse:
    """The goods after one more tap, priced anew. What nobody here sells is said and not taken in."""
    desk = access.desk(request, "orders.write")
    goods, said, adding = Basket.of(request.POST), None, "add" in request.POST
    if adding and goods.rows:
        try:
            goods.rows[-1] = replace(goods.rows[-1], sku=_found(desk, goods))
        except DomainError as refusal:
            goods.rows.pop()
            said = refusal
    context = counter.shown(desk, goods, request.POST) | {"said": said, "picked": adding and said is None}
    return shell.fragment(request, "sale/_basket", context)


def _found(desk: Desk, goods: Basket) -> str:
    """The ref of what was added last by code, barcode or tap."""
    (line,) = receipts.resolve(
        store=desk.store, lines=goods.facts()[-1:], at=timezone.now(), first=len(goods.rows)
    )
    return line.sku.ref


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
    context = {
        "order": order,
        "lines": order.lines.select_related("sku", "brand").order_by("number"),
        "used": reading.used_on(order),
        "fresh": request.GET.get("done") == "1",
        **_earned(desk, order),
    }
    return shell.page(request, "sale/done", context)


@require_GET
def earned(request: HttpRequest, ref: str) -> HttpResponse:
    desk = access.desk(request)
    return shell.fragment(request, "sale/_earned", _earned(desk, access.sale(desk, ref)))


def _earned(desk: Desk, order: Order) -> dict[str, Any]:
    """The guide's own shares of a sale, once the worker has split it."""
    split = shares_of(order, merchant=desk.seat.merchant)
    own = [share for line in split for share in line.shares if share.payee == desk.guide.ref]
    return {"order": order, "split": bool(split), "own": own, "sum": sum(share.held for share in own)}
