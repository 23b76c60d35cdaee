"""Many sales in one call, each answered for itself."""

from functools import cache
from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from api import access
from api.calls import Call, checked
from api.errors import invalid_input, problem
from api.idempotency import idempotent
from api.schema import ProblemAnswer
from api.v1.order_bodies import OrderBody
from api.v1.orders import facts
from flows.purchase import Told, paid_all
from merchants.errors import DomainError
from orders.facts import OrderFacts

MOST_SALES = 200
MOST_PARTS = 4_000  # lines times payments of all: a call is worked as one, and booked with those of others


class BatchBody(serializers.Serializer):
    orders = OrderBody(many=True, allow_empty=False, max_length=MOST_SALES)


class Envelope(serializers.Serializer):
    """The body before its sales are looked at: one that is malformed takes no other down."""

    orders = serializers.ListField(
        child=serializers.JSONField(allow_null=True), allow_empty=False, max_length=MOST_SALES
    )


class ToldAnswer(serializers.Serializer):
    status = serializers.IntegerField(help_text=_("201 kept, 200 told before, else that of the problem"))
    id = serializers.CharField(allow_null=True, help_text=_("Of the order, if it is kept"))
    problem = ProblemAnswer(allow_null=True)


class BatchAnswer(serializers.Serializer):
    data = ToldAnswer(many=True, help_text=_("One for each sale, in their order"))


class OrderBatches(Call):
    scopes = {"POST": "orders:write"}
    names = {"POST": "createOrders"}

    @extend_schema(
        description=_(
            "Tell of up to 200 paid sales at once, for what a till gathered while it was offline, or a channel that "
            "sells much. Each is kept as by `POST /orders`, in their order, or refused for itself; the call "
            "answers 200 with what became of each. Sent again, what stands is answered as told before."
        ),
        request=BatchBody,
        responses={200: BatchAnswer},
    )
    @idempotent
    def post(self, request: Request) -> Response:
        given = self.given(Envelope)["orders"]
        store = cache(access.store_that_sells_for)
        sales: dict[int, OrderFacts] = {}
        answers: list[dict[str, Any]] = [{}] * len(given)
        for place, body in enumerate(given):
            try:
                sale = checked(OrderBody, body)
                sales[place] = facts(sale, store(sale.pop("store")))
            except ValidationError as error:
                refusal, faults = invalid_input(error)
                answers[place] = self._refused(refusal, errors=faults)
            except DomainError as refusal:
                answers[place] = self._refused(refusal)
        if sum(len(sale.lines) * max(1, len(sale.tenders)) for sale in sales.values()) > MOST_PARTS:
            raise DomainError(
                "batch.too_large",
                _("The sales of one call have at most %(most)d parts: their lines, times their payments.")
                % {"most": MOST_PARTS},
                next_step=_("Nothing was kept. Send fewer sales a call."),
                field="orders",
                extra={"most": MOST_PARTS},
            )
        told = paid_all(list(sales.values()), by=self.by, brands_of=self.merchant)
        for place, one in zip(sales, told, strict=True):
            answers[place] = self._told(one)
        return Response({"data": answers})

    def _told(self, told: Told) -> dict[str, Any]:
        if told.order is None:
            assert told.refusal is not None
            return self._refused(told.refusal)
        return {"status": 201 if told.is_new else 200, "id": told.order.ref, "problem": None}

    def _refused(self, refusal: DomainError, **more: Any) -> dict[str, Any]:
        said = problem(refusal, request_id=self.request.request_id, **more)
        return {"status": refusal.status, "id": None, "problem": said}
