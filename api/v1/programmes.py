from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.calls import Call
from api.fields import Instant, Money, page_of
from api.idempotency import idempotent
from api.pagination import PageQuery, page
from members import programmes
from members.models import Programme, TopUp
from merchants.finding import every, one


class ProgrammeBody(serializers.Serializer):
    code = serializers.CharField(
        max_length=32, help_text=_("Names its account in your book, stored:<code>; it stays")
    )
    name = serializers.CharField(max_length=60)


class ProgrammeAnswer(serializers.Serializer):
    id = serializers.CharField()
    code = serializers.CharField()
    name = serializers.CharField()
    outstanding = serializers.IntegerField(help_text=_("In fen: what may still be spent, bonus included"))
    created_at = Instant()


class TopUpBody(serializers.Serializer):
    external_no = serializers.CharField(max_length=64, help_text=_("Your number of the top-up"))
    paid = Money(help_text=_("In fen: what the shopper paid"))
    bonus = Money(default=0, help_text=_("In fen: what you add; you owe it like the rest"))
    place = serializers.ChoiceField(TopUp.Place.choices, help_text=_("Where the money reached you"))
    at = Instant(required=False, help_text=_("When it was paid; now if left out"))


class TopUpAnswer(serializers.Serializer):
    id = serializers.CharField()
    programme = serializers.CharField()
    external_no = serializers.CharField()
    paid = serializers.IntegerField()
    bonus = serializers.IntegerField()
    place = serializers.ChoiceField(TopUp.Place.choices)
    at = Instant()
    business_date = serializers.DateField()


class ProgrammeQuery(PageQuery):
    code = serializers.CharField(required=False)


class Programmes(Call):
    by_code = True
    scopes = {"GET": "programmes:read", "POST": "programmes:write"}
    names = {"GET": "listProgrammes", "POST": "createProgramme"}

    @extend_schema(
        description=_("Your programmes of stored value, and what is outstanding of each; the newest first."),
        parameters=[ProgrammeQuery],
        responses=page_of(ProgrammeAnswer),
    )
    def get(self, request: Request) -> Response:
        asked = self.asked(ProgrammeQuery)
        rows = every(Programme)
        if "code" in asked:
            rows = rows.filter(code=asked["code"])
        return Response(page(asked, rows, show))

    @extend_schema(
        description=_(
            "Register a programme. What you owe its shoppers together is kept here; each shopper's balance stays"
            " with your own system."
        ),
        request=ProgrammeBody,
        responses={201: ProgrammeAnswer},
    )
    @idempotent
    def post(self, request: Request) -> Response:
        made = programmes.register(merchant=self.merchant, by=self.by, **self.given(ProgrammeBody))
        return Response(show(made), status=201)


class OneProgramme(Call):
    scopes = {"GET": "programmes:read"}
    names = {"GET": "getProgramme"}

    @extend_schema(description=_("One of your programmes."), responses=ProgrammeAnswer)
    def get(self, request: Request, ref: str) -> Response:
        return Response(show(one(Programme, ref=ref)))


class TopUps(Call):
    scopes = {"POST": "programmes:write"}
    names = {"POST": "createTopUp"}

    @extend_schema(
        description=_(
            "Tell that value was stored (201; told again 200). What was paid and what you add can be spent at once,"
            " with `place` `stored` of a sale."
        ),
        request=TopUpBody,
        responses={201: TopUpAnswer, 200: TopUpAnswer},
    )
    @idempotent
    def post(self, request: Request, ref: str) -> Response:
        programme = one(every(Programme).select_related("merchant"), ref=ref)
        row, is_new = programmes.top_up(programme=programme, by=self.by, **self.given(TopUpBody))
        return Response(show_top_up(row, programme), status=201 if is_new else 200)


def show(programme: Programme) -> dict[str, Any]:
    return {
        "id": programme.ref,
        "code": programme.code,
        "name": programme.name,
        "outstanding": programme.outstanding,
        "created_at": programme.created_at,
    }


def show_top_up(row: TopUp, programme: Programme) -> dict[str, Any]:
    return {
        "id": row.ref,
        "programme": programme.ref,
        "external_no": row.external_no,
        "paid": row.paid,
        "bonus": row.bonus,
        "place": row.place,
        "at": row.at,
        "business_date": row.business_date,
    }
