from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.calls import Call
from api.fields import Instant, page_of
from api.idempotency import idempotent
from api.pagination import PageQuery, page
from commissions.models import Payout
from commissions.payouts import contesting, reading
from merchants.finding import one


class ReceivedAnswer(serializers.Serializer):
    id = serializers.CharField()
    number = serializers.CharField(help_text=_("What the bank or payment service knows it by"))
    state = serializers.ChoiceField(Payout.State.choices)
    rail = serializers.ChoiceField(Payout.Rail.choices)
    payer = serializers.CharField(help_text=_("Id of the merchant who owed it"))
    sender = serializers.CharField(
        help_text=_("Id of the merchant who sent it: the payer, or who pays for it")
    )
    currency = serializers.CharField()
    net = serializers.IntegerField(help_text=_("In fen: what is sent"))
    submitted_at = Instant()
    paid_at = Instant(allow_null=True, help_text=_("When it arrived, says the payer"))
    contested_at = Instant(allow_null=True, help_text=_("When you said that it did not arrive"))
    objection = serializers.CharField(help_text=_("Your words for it"))
    may_contest = serializers.BooleanField(help_text=_("Whether you may still say that it did not arrive"))


class ObjectionBody(serializers.Serializer):
    reason = serializers.CharField(max_length=200, default="", allow_blank=True)


class ReceivedPayouts(Call):
    scopes = {"GET": "payouts:read"}
    names = {"GET": "listReceivedPayouts"}

    @extend_schema(
        description=_("What other merchants sent to you, the newest first."),
        parameters=[PageQuery],
        responses=page_of(ReceivedAnswer),
    )
    def get(self, request: Request) -> Response:
        return Response(page(self.asked(PageQuery), reading.received(), show))


class OneReceivedPayout(Call):
    scopes = {"GET": "payouts:read"}
    names = {"GET": "getReceivedPayout"}

    @extend_schema(description=_("One payout that was sent to you."), responses=ReceivedAnswer)
    def get(self, request: Request, ref: str) -> Response:
        return Response(show(one(reading.received(), ref=ref)))


class PayoutObjection(Call):
    scopes = {"POST": "payouts:write"}
    names = {"POST": "contestPayout"}

    @extend_schema(
        description=_(
            "Say that a payout did not arrive: the claim stands again in your book, and in the payer's the money is on"
            " its way. Once for each payout that went by bank file or by hand."
        ),
        request=ObjectionBody,
        responses=ReceivedAnswer,
    )
    @idempotent
    def post(self, request: Request, ref: str) -> Response:
        reason = self.given(ObjectionBody)["reason"]
        payout = one(reading.received(), ref=ref)
        contesting.contest(payout, merchant=self.merchant, reason=reason, by=self.by)
        return Response(show(one(reading.received(), ref=ref)))


class PayoutArrival(Call):
    scopes = {"POST": "payouts:write"}
    names = {"POST": "confirmPayout"}

    @extend_schema(
        description=_("Say that a payout you objected to has arrived after all: it counts as paid for good."),
        request=None,
        responses=ReceivedAnswer,
    )
    @idempotent
    def post(self, request: Request, ref: str) -> Response:
        contesting.confirm(one(reading.received(), ref=ref), merchant=self.merchant, by=self.by)
        return Response(show(one(reading.received(), ref=ref)))


def show(payout: Payout) -> dict[str, object]:
    same = (
        "number",
        "state",
        "rail",
        "currency",
        "net",
        "submitted_at",
        "paid_at",
        "contested_at",
        "objection",
    )
    return {
        "id": payout.ref,
        **{name: getattr(payout, name) for name in same},
        "payer": payout.merchant.ref,
        "sender": payout.sender.ref,
        "may_contest": payout.is_contestable,
    }
