from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from api import access
from api.calls import Call
from api.fields import page_of
from api.idempotency import idempotent
from api.pagination import page
from api.v1.order_bodies import OrderAnswer, OrderBody, OrderQuery
from api.v1.order_shapes import show, with_redemptions
from commissions.explain import shares_of
from flows.purchase import paid_all
from orders import reading
from orders.facts import BuyerFacts, LineFacts, OrderFacts, TenderFacts

EXPANDABLE = ("splits",)


class Orders(Call):
    scopes = {"GET": "orders:read", "POST": "orders:write"}
    names = {"GET": "listOrders", "POST": "createOrder"}

    @extend_schema(
        description=_("The sales of your own stores, the last recorded first."),
        parameters=[OrderQuery],
        responses=page_of(OrderAnswer),
    )
    def get(self, request: Request) -> Response:
        asked = self.asked(OrderQuery)
        orders = with_redemptions(reading.receipts())
        for name, lookup in OrderQuery.LOOKUPS.items():
            if name in asked:
                orders = orders.filter(**{lookup: asked[name]})
        return Response(page(asked, orders, lambda order: show(reading.whole(order))))

    @extend_schema(
        description=_(
            "Tell of a paid sale (201). The same sale told again is 200, the same number with other "
            "facts 409. With `coupons`, leave `paid` of the lines out and they are priced, or send "
            "our price: else 422 with the priced lines. One unusable coupon refuses the whole sale "
            "and nothing is kept. A brand owner's key tells of a store under its contract, lines of "
            "its own brands only."
        ),
        request=OrderBody,
        responses={201: OrderAnswer, 200: OrderAnswer},
    )
    @idempotent
    def post(self, request: Request) -> Response:
        given = self.given(OrderBody)
        store = access.store_that_sells_for(given.pop("store"))
        (told,) = paid_all([facts(given, store)], by=self.by, brands_of=self.merchant)
        if told.order is None:
            raise told.refusal
        if told.receipt is not None:
            shown = show(told.receipt, told.used)
        else:
            shown = show(reading.receipt(told.order.ref, reader=self.merchant))
        return Response(shown, status=201 if told.is_new else 200)


class OneOrder(Call):
    scopes = {"GET": "orders:read"}
    names = {"GET": "getOrder"}

    @extend_schema(
        description=_(
            "A sale of your store whole; of another merchant's store, the lines of your brands and no total, with"
            " the payments that reached you and what went back of them."
        ),
        parameters=[OpenApiParameter("expand[]", str, many=True, enum=EXPANDABLE)],
        responses=OrderAnswer,
    )
    def get(self, request: Request, ref: str) -> Response:
        wanted = self.expanded(*EXPANDABLE)
        receipt = reading.receipt(ref, reader=self.merchant)
        shown = show(receipt)
        if "splits" in wanted:
            shown["splits"] = [line.as_json() for line in shares_of(receipt.order, merchant=self.merchant)]
        return Response(shown)


def facts(given: dict[str, Any], store) -> OrderFacts:
    """The body as the rooms know it."""
    buyer = given.pop("buyer", None)
    lines, tenders = given.pop("lines"), given.pop("tenders")
    return OrderFacts(
        store=store,
        buyer=buyer_facts(buyer) if buyer else None,
        lines=tuple(LineFacts(**line) for line in lines),
        tenders=tuple(TenderFacts(**tender | {"lines": tuple(tender["lines"])}) for tender in tenders),
        coupons=tuple(given.pop("coupons")),
        **_touches(given.pop("touches")),
        **given,
    )


def _touches(told: dict[str, Any]) -> dict[str, Any]:
    """Who, and when where it was before the sale."""
    at = {kind: told.pop(f"{kind}_at", None) for kind in ("sharing", "recruiting")}
    return {"touches": told, "touched_at": {kind: when for kind, when in at.items() if when}}


def buyer_facts(buyer: dict[str, Any]) -> BuyerFacts:
    identity = buyer.get("identity")
    return BuyerFacts(
        phone=buyer.get("phone", ""),
        member=buyer.get("member", ""),
        identity=(identity["system"], identity["external_id"]) if identity else None,
    )
