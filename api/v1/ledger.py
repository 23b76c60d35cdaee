from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.calls import Call
from ledger.balances import Balance
from ledger.proof import trial_balance
from merchants.models import Party


class TrialBalanceQuery(serializers.Serializer):
    as_of = serializers.DateField(required=False, help_text=_("A business date; all dates if left out"))


class AccountAnswer(serializers.Serializer):
    account = serializers.CharField(help_text=_("Such as held:cash, pending or due"))
    party = serializers.CharField(
        allow_null=True, help_text=_("Whose it is, for most; a merchant by its own id")
    )
    party_kind = serializers.ChoiceField(Party.Kind.choices, allow_null=True)
    debits = serializers.IntegerField()
    credits = serializers.IntegerField()
    balance = serializers.IntegerField(help_text=_("Credits less debits"))


class BreakAnswer(serializers.Serializer):
    account = serializers.CharField()
    here = serializers.IntegerField()
    there = serializers.IntegerField()


class TrialBalanceAnswer(serializers.Serializer):
    currency = serializers.CharField()
    as_of = serializers.DateField(allow_null=True)
    debits = serializers.IntegerField()
    credits = serializers.IntegerField()
    total = serializers.IntegerField(help_text=_("Zero, or something is wrong"))
    holds = serializers.BooleanField(help_text=_("Zero total, empty clearing, and the mirrored books agree"))
    accounts = AccountAnswer(many=True)
    breaks = BreakAnswer(many=True)


class OwnTrialBalance(Call):
    scopes = {"GET": "ledger:read"}
    names = {"GET": "getTrialBalance"}

    @extend_schema(
        description=_("Every account of your book, and the proof that it balances."),
        parameters=[TrialBalanceQuery],
        responses=TrialBalanceAnswer,
    )
    def get(self, request: Request) -> Response:
        as_of = self.asked(TrialBalanceQuery).get("as_of")
        proof = trial_balance(self.merchant, as_of=as_of)
        return Response(
            {
                "currency": self.merchant.currency,
                "as_of": as_of,
                "debits": proof.debits,
                "credits": proof.credits,
                "total": proof.total,
                "holds": proof.holds,
                "accounts": [show(row) for row in proof.rows],
                "breaks": [
                    {"account": found.code, "here": found.here, "there": found.there}
                    for found in proof.breaks
                ],
            }
        )


def show(row: Balance) -> dict[str, Any]:
    party = row.account.party
    whose = party.merchant if party and party.kind == Party.Kind.MERCHANT else party
    return {
        "account": row.account.code,
        "party": whose.ref if whose else None,
        "party_kind": party.kind if party else None,
        "debits": row.debits,
        "credits": row.credits,
        "balance": row.amount,
    }
