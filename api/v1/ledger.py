from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.calls import Call
from api.fields import Day
from guides.models import Guide
from ledger.balances import Balance
from ledger.proof import trial_balance
from merchants.finding import every
from merchants.models import Merchant, Party


class TrialBalanceQuery(serializers.Serializer):
    as_of = Day(required=False, help_text=_("A business date; all dates if left out"))


class AccountAnswer(serializers.Serializer):
    account = serializers.CharField(help_text=_("Such as held:cash, pending or due"))
    party = serializers.CharField(
        allow_null=True,
        help_text=_("Whose it is, for most: id of a merchant, of your guide, or of the party"),
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
        parties = [row.account.party_id for row in proof.rows]
        guides = dict(every(Guide).filter(party__in=parties).values_list("party_id", "ref"))
        return Response(
            {
                "currency": self.merchant.currency,
                "as_of": as_of,
                "debits": proof.debits,
                "credits": proof.credits,
                "total": proof.total,
                "holds": proof.holds,
                "accounts": [show(row, guides) for row in proof.rows],
                "breaks": [
                    {"account": found.code, "here": found.here, "there": found.there}
                    for found in proof.breaks
                ],
            }
        )


def show(row: Balance, guides: dict[int, str]) -> dict[str, Any]:
    """`guides` maps a party to the id of the own guide that it is."""
    party = row.account.party
    return {
        "account": row.account.code,
        "party": party and (guides.get(party.pk) or whose(party).ref),
        "party_kind": party and party.kind,
        "debits": row.debits,
        "credits": row.credits,
        "balance": row.amount,
    }


def whose(party: Party) -> Party | Merchant:
    return party.merchant if party.kind == Party.Kind.MERCHANT else party
