from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api import access
from api.calls import Call
from api.fields import Instant, Ref, page_of
from api.idempotency import idempotent
from api.pagination import PageQuery, page
from api.v1.plan_bodies import (
    PeriodBody,
    PublishBody,
    SimulationAnswer,
    VersionAnswer,
    VersionBody,
    period,
    show_simulation,
    show_version,
    terms,
)
from commissions import plans
from commissions.models import Plan, PlanVersion
from commissions.simulation import IN_A_REQUEST, simulate
from merchants.errors import DomainError
from merchants.finding import every, not_found, one
from merchants.models import Merchant
from stores.models import Contract
from stores.visibility import partners_of


class PlanBody(serializers.Serializer):
    brand = Ref(help_text=_("Id or slug of your brand"))
    mode = serializers.ChoiceField(Contract.Mode.choices)


class PlanAnswer(serializers.Serializer):
    id = serializers.CharField()
    brand = serializers.CharField()
    mode = serializers.ChoiceField(Contract.Mode.choices)
    created_at = Instant()


class Plans(Call):
    scopes = {"GET": "plans:read", "POST": "plans:write"}
    names = {"GET": "listPlans", "POST": "openPlan"}

    @extend_schema(
        description=_("Your brands' commission plans, the newest first."),
        parameters=[PageQuery],
        responses=page_of(PlanAnswer),
    )
    def get(self, request: Request) -> Response:
        return Response(page(self.asked(PageQuery), _plans(), _show))

    @extend_schema(
        description=_("The plan of a brand for contracts of one mode; asked for again, the same one."),
        request=PlanBody,
        responses={201: PlanAnswer, 200: PlanAnswer},
    )
    @idempotent
    def post(self, request: Request) -> Response:
        given = self.given(PlanBody)
        brand = access.brand(given["brand"])
        plan, is_new = plans.plan_for(brand=brand, mode=given["mode"], by=self.by)
        return Response(_show(plan), status=201 if is_new else 200)


class OnePlan(Call):
    scopes = {"GET": "plans:read"}
    names = {"GET": "getPlan"}

    @extend_schema(description=_("One of your commission plans."), responses=PlanAnswer)
    def get(self, request: Request, ref: str) -> Response:
        return Response(_show(one(_plans(), ref=ref)))


class PlanVersions(Call):
    scopes = {"GET": "plans:read", "POST": "plans:write"}
    names = {"GET": "listPlanVersions", "POST": "draftPlanVersion"}

    @extend_schema(
        description=_("The versions of a plan, drafts included, the newest first."),
        parameters=[PageQuery],
        responses=page_of(VersionAnswer),
    )
    def get(self, request: Request, ref: str) -> Response:
        plan = one(_plans(), ref=ref)
        return Response(page(self.asked(PageQuery), _versions().filter(plan=plan), show_version))

    @extend_schema(
        description=_("Draft the next version. Nothing is split by it before it is published."),
        request=VersionBody,
        responses={201: VersionAnswer},
    )
    @idempotent
    def post(self, request: Request, ref: str) -> Response:
        given, plan = self.given(VersionBody), one(_plans(), ref=ref)
        scope = _scope(plan, given.pop("channel", None), given.pop("contract", None))
        rules = terms(given.pop("rules"))
        version = plans.draft(brand=plan.brand, mode=plan.mode, scope=scope, rules=rules, by=self.by, **given)
        return Response(show_version(one(_versions(), pk=version.pk)), status=201)


class OneVersion(Call):
    scopes = {"GET": "plans:read"}
    names = {"GET": "getPlanVersion"}

    @extend_schema(description=_("One version of your plans, with its rules."), responses=VersionAnswer)
    def get(self, request: Request, ref: str) -> Response:
        return Response(show_version(one(_versions(), ref=ref)))


class PublishedVersion(Call):
    scopes = {"POST": "plans:write"}
    names = {"POST": "publishPlanVersion"}

    @extend_schema(
        description=_(
            "Publish a draft: from its beginning on it holds, and does not change any more. Name the digest of "
            "what you read, and nothing is published if it says something else by now (409)."
        ),
        request=PublishBody,
        responses=VersionAnswer,
    )
    @idempotent
    def post(self, request: Request, ref: str) -> Response:
        version = one(_versions(), ref=ref)
        plans.publish_draft(version, read=self.given(PublishBody).get("digest"), by=self.by)
        return Response(show_version(one(_versions(), ref=ref)))


class RecalledVersion(Call):
    scopes = {"POST": "plans:write"}
    names = {"POST": "recallPlanVersion"}

    @extend_schema(
        description=_(
            "Take a published version back before it begins: a draft again; the version before it goes on."
        ),
        request=None,
        responses=VersionAnswer,
    )
    @idempotent
    def post(self, request: Request, ref: str) -> Response:
        plans.recall(one(_versions(), ref=ref), by=self.by)
        return Response(show_version(one(_versions(), ref=ref)))


class SimulatedVersion(Call):
    scopes = {"POST": "plans:read"}
    names = {"POST": "simulatePlanVersion"}

    @extend_schema(
        description=_(
            "What your real sales of a period would have come to by this version, payee by payee. Nothing is"
            " written."
        ),
        request=PeriodBody,
        responses=SimulationAnswer,
    )
    @idempotent
    def post(self, request: Request, ref: str) -> Response:
        given = period(self.given(PeriodBody))
        return Response(show_simulation(simulate(one(_versions(), ref=ref), most=IN_A_REQUEST, **given)))


def _plans() -> QuerySet[Plan]:
    return every(Plan).select_related("brand__merchant")


def _versions() -> QuerySet[PlanVersion]:
    rows = every(PlanVersion).select_related("plan__brand__merchant", "merchant", "channel", "contract")
    return rows.prefetch_related("rules__sku")


def _scope(plan: Plan, channel: str | None, contract: str | None) -> Merchant | Contract | None:
    if channel and contract:
        raise DomainError(
            "plan.two_scopes",
            _("A version holds for one merchant's stores or for one contract, not for both."),
            next_step=_("Send “channel” or “contract”."),
            field="contract",
        )
    if contract:
        return one(every(Contract), ref=contract, field="contract")
    if channel:
        found = {partner.ref: partner for partner in partners_of(plan.brand)}
        if channel not in found:
            raise not_found(Merchant, field="channel")
        return found[channel]
    return None


def _show(plan: Plan) -> dict[str, Any]:
    return {
        "id": plan.ref,
        "brand": plan.brand.ref,
        "mode": plan.mode,
        "created_at": plan.created_at,
    }
