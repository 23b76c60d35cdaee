from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.calls import Call
from api.fields import Instant, page_of
from api.pagination import PageQuery, page
from commissions.models import Payout
from commissions.payouts import reading
from merchants.finding import one
from merchants.models import Party


class PayoutsQuery(PageQuery):
    state = serializers.ChoiceField(Payout.State.choices, required=False)


class PayoutAnswer(serializers.Serializer):
    id = serializers.CharField()
    number = serializers.CharField(help_text=_("What the bank or payment service knows it by"))
    state = serializers.ChoiceField(Payout.State.choices)
    rail = serializers.ChoiceField(Payout.Rail.choices)
    payee = serializers.CharField(help_text=_("Id of the guide, the merchant or the party that is paid"))
    payee_kind = serializers.ChoiceField(Party.Kind.choices)
    sender = serializers.CharField(help_text=_("Id of the merchant who sends it: you, or who pays for you"))
    currency = serializers.CharField()
    gross = serializers.IntegerField(help_text=_("In fen: taken from what was due"))
    recovered = serializers.IntegerField(help_text=_("In fen: kept for what the payee owed"))
    tax = serializers.IntegerField(help_text=_("In fen: withheld"))
    net = serializers.IntegerField(help_text=_("In fen: what is sent"))
    tax_month = serializers.DateField(help_text=_("The first of the month whose tax it counts to"))
    created_at = Instant()
    submitted_at = Instant(allow_null=True)
    paid_at = Instant(allow_null=True, help_text=_("Stays when the money is returned later"))
    given_back_at = Instant(allow_null=True, help_text=_("When it failed or came back"))
    reason = serializers.CharField(help_text=_("The bank's words for a failure or return"))


class Payouts(Call):
    scopes = {"GET": "payouts:read"}
    names = {"GET": "listPayouts"}

    @extend_schema(
        description=_("What you pay to guides, merchants and the platform, the newest first."),
        parameters=[PayoutsQuery],
        responses=page_of(PayoutAnswer),
    )
    def get(self, request: Request) -> Response:
        asked, rows = self.asked(PayoutsQuery), reading.of_payer()
        if "state" in asked:
            rows = rows.filter(state=asked["state"])
        return Response(page(asked, rows, show))


class OnePayout(Call):
    scopes = {"GET": "payouts:read"}
    names = {"GET": "getPayout"}

    @extend_schema(description=_("One of your payouts."), responses=PayoutAnswer)
    def get(self, request: Request, ref: str) -> Response:
        return Response(show(one(reading.of_payer(), ref=ref)))


def show(payout: Payout) -> dict[str, Any]:
    payee = payout.guide or payout.payee_merchant or payout.payee
    return {
        "id": payout.ref,
        "number": payout.number,
        "state": payout.state,
        "rail": payout.rail,
        "payee": payee.ref,
        "payee_kind": payout.payee.kind,
        "sender": payout.sender.ref,
        "currency": payout.currency,
        "gross": payout.gross,
        "recovered": payout.recovered,
        "tax": payout.tax,
        "net": payout.net,
        "tax_month": payout.tax_month,
        "created_at": payout.at,
        "submitted_at": payout.submitted_at,
        "paid_at": payout.paid_at,
        "given_back_at": payout.given_back_at,
        "reason": payout.reason,
    }
