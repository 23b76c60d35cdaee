from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.calls import Call
from api.fields import Instant, page_of
from api.pagination import PageQuery, page
from commissions import progress
from commissions.models import SettlementBatch
from guides.models import Guide
from merchants.finding import every, one
from merchants.models import Merchant, Party


class PartAnswer(serializers.Serializer):
    payee = serializers.CharField(help_text=_("Id of the guide, the merchant or the party that is owed it"))
    payee_kind = serializers.ChoiceField(Party.Kind.choices)
    amount = serializers.IntegerField(help_text=_("In fen: what it made payable at once"))
    paid = serializers.IntegerField()
    under_way = serializers.IntegerField(help_text=_("Of payouts without a final answer, or contested"))
    set_off = serializers.IntegerField(
        help_text=_("Taken back since, kept for what the payee owed, or set against a debt")
    )
    left = serializers.IntegerField(help_text=_("Not paid yet; a guide's lies in her wallet"))
    came_back = serializers.IntegerField(help_text=_("The part of “left” that failed or came back"))


class SettlementAnswer(serializers.Serializer):
    id = serializers.CharField()
    state = serializers.ChoiceField(progress.Stage.choices)
    business_date = serializers.DateField(help_text=_("The last date whose sales it takes"))
    needs_approval = serializers.BooleanField()
    lines = serializers.IntegerField(help_text=_("As frozen"))
    total = serializers.IntegerField(help_text=_("In fen, as frozen: what is for others, reserves included"))
    locked_total = serializers.IntegerField(
        allow_null=True, help_text=_("In fen, as approved: exactly this becomes payable")
    )
    amount = serializers.IntegerField(help_text=_("In fen: what it made payable at once, reserves not"))
    paid = serializers.IntegerField()
    under_way = serializers.IntegerField()
    set_off = serializers.IntegerField()
    left = serializers.IntegerField(help_text=_("What you have still to pay, guides' wallets not"))
    in_wallets = serializers.IntegerField(help_text=_("What guides have not drawn yet"))
    came_back = serializers.IntegerField()
    payouts = serializers.IntegerField(help_text=_("How many payouts that arrived paid of it"))
    matched = serializers.IntegerField(help_text=_("How many of these a bill has without an open break"))
    opened_at = Instant()
    frozen_at = Instant(allow_null=True)
    approved_at = Instant(allow_null=True)
    posted_at = Instant(allow_null=True)


class OneSettlementAnswer(SettlementAnswer):
    payees = PartAnswer(many=True)


class Settlements(Call):
    scopes = {"GET": "ledger:read"}
    names = {"GET": "listSettlements"}

    @extend_schema(
        description=_("Your T+1 settlement runs and how far each has come, the newest first."),
        parameters=[PageQuery],
        responses=page_of(SettlementAnswer),
    )
    def get(self, request: Request) -> Response:
        found = page(self.asked(PageQuery), every(SettlementBatch), lambda batch: {"batch": batch})
        rows = [row["batch"] for row in found["data"]]
        reached = progress.of(self.merchant, rows)
        return Response(found | {"data": [show(batch, reached[batch.pk]) for batch in rows]})


class OneSettlement(Call):
    scopes = {"GET": "ledger:read"}
    names = {"GET": "getSettlement"}

    @extend_schema(
        description=_("One settlement run, payee by payee."),
        responses=OneSettlementAnswer,
    )
    def get(self, request: Request, ref: str) -> Response:
        batch = one(every(SettlementBatch), ref=ref)
        reached = progress.of(self.merchant, [batch])[batch.pk]
        return Response(show(batch, reached) | {"payees": [show_part(part) for part in reached.parts]})


def whose(party: Party) -> Party | Merchant | Guide:
    if party.kind == Party.Kind.GUIDE:
        return party.guide
    return party.merchant if party.kind == Party.Kind.MERCHANT else party


def show(batch: SettlementBatch, reached: progress.Progress) -> dict[str, Any]:
    return {
        "id": batch.ref,
        "state": reached.stage,
        "business_date": batch.business_date,
        "needs_approval": batch.needs_approval,
        "lines": batch.lines,
        "total": batch.total,
        "locked_total": batch.locked_total,
        "amount": reached.amount,
        "paid": reached.paid,
        "under_way": reached.under_way,
        "set_off": reached.set_off,
        "left": reached.left,
        "in_wallets": reached.in_wallets,
        "came_back": reached.came_back,
        "payouts": reached.payments,
        "matched": reached.matched,
        "opened_at": batch.opened_at,
        "frozen_at": batch.frozen_at,
        "approved_at": batch.approved_at,
        "posted_at": batch.posted_at,
    }


def show_part(part: progress.Part) -> dict[str, Any]:
    return {
        "payee": whose(part.payee).ref,
        "payee_kind": part.payee.kind,
        "amount": part.amount,
        "paid": part.paid,
        "under_way": part.under_way,
        "set_off": part.set_off,
        "left": part.left,
        "came_back": part.came_back,
    }
