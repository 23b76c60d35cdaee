from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from api.calls import Call
from api.fields import page_of
from api.idempotency import idempotent
from api.pagination import PageQuery, page
from api.v1.attribution_bodies import (
    PolicyAnswer,
    PolicyBody,
    PublishPolicyBody,
    TrialAnswer,
    rules_of,
    show_policy,
    show_trial,
)
from api.v1.plan_bodies import PeriodBody, period
from commissions import attribution_policies as policies
from commissions.attribution_trial import try_out
from commissions.models import AttributionPolicy
from commissions.redividing import IN_A_REQUEST
from merchants.finding import every, one


class AttributionPolicies(Call):
    scopes = {"GET": "plans:read", "POST": "plans:write"}
    names = {"GET": "listAttributionPolicies", "POST": "draftAttributionPolicy"}

    @extend_schema(
        description=_("Who has the guide's part of sales under your plans: policies, the newest first."),
        parameters=[PageQuery],
        responses=page_of(PolicyAnswer),
    )
    def get(self, request: Request) -> Response:
        return Response(page(self.asked(PageQuery), _rows(), show_policy))

    @extend_schema(
        description=_("Draft a policy. No sale goes by it before it is published."),
        request=PolicyBody,
        responses={201: PolicyAnswer},
    )
    @idempotent
    def post(self, request: Request) -> Response:
        rules = rules_of(self.given(PolicyBody)["rules"])
        policy = policies.draft(merchant=self.merchant, rules=rules, by=self.by)
        return Response(show_policy(policy), status=201)


class OneAttributionPolicy(Call):
    scopes = {"GET": "plans:read"}
    names = {"GET": "getAttributionPolicy"}

    @extend_schema(description=_("One of your attribution policies."), responses=PolicyAnswer)
    def get(self, request: Request, ref: str) -> Response:
        return Response(show_policy(one(_rows(), ref=ref)))


class PublishedAttributionPolicy(Call):
    scopes = {"POST": "plans:write"}
    names = {"POST": "publishAttributionPolicy"}

    @extend_schema(
        description=_(
            "Publish a draft: it counts for sales paid from its start on, and does not change any more. Name the "
            "digest of what you read, and nothing is published if it says something else by now (409)."
        ),
        request=PublishPolicyBody,
        responses=PolicyAnswer,
    )
    @idempotent
    def post(self, request: Request, ref: str) -> Response:
        given, policy = self.given(PublishPolicyBody), one(_rows(), ref=ref)
        policy = policies.publish(
            policy, starts_at=given.get("starts_at"), read=given.get("digest"), by=self.by
        )
        return Response(show_policy(policy))


class RecalledAttributionPolicy(Call):
    scopes = {"POST": "plans:write"}
    names = {"POST": "recallAttributionPolicy"}

    @extend_schema(
        description=_(
            "Take a published policy back before it begins: a draft again; what held before goes on."
        ),
        request=None,
        responses=PolicyAnswer,
    )
    @idempotent
    def post(self, request: Request, ref: str) -> Response:
        return Response(show_policy(policies.recall(one(_rows(), ref=ref), by=self.by)))


class TriedAttributionPolicy(Call):
    scopes = {"POST": "plans:read"}
    names = {"POST": "tryAttributionPolicy"}

    @extend_schema(
        description=_(
            "Whose your real sales of a period would have been by this policy. Nothing is written."
        ),
        request=PeriodBody,
        responses=TrialAnswer,
    )
    @idempotent
    def post(self, request: Request, ref: str) -> Response:
        given = period(self.given(PeriodBody))
        return Response(show_trial(try_out(one(_rows(), ref=ref), most=IN_A_REQUEST, **given)))


def _rows() -> QuerySet[AttributionPolicy]:
    return every(AttributionPolicy).select_related("merchant")
