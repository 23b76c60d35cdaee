from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api import access
from api.calls import Call
from api.fields import Instant, Ref, page_of
from api.idempotency import idempotent
from api.pagination import PageQuery, page
from api.v1.coupons import CouponAnswer, show_coupon
from coupons.models import Coupon
from flows.enrolling import enrol
from guides.models import Guide
from members.binding import binding_of
from members.models import Binding, Consent, Member
from merchants import phones
from merchants.errors import DomainError
from merchants.finding import every, one

EXPANDABLE = ("binding", "coupons", "consents")


class Source(serializers.Serializer):
    system = serializers.CharField(max_length=40, help_text=_("Such as pos, crm, wechat"))
    external_id = serializers.CharField(max_length=120, help_text=_("How that system knows the member"))


class ConsentBody(serializers.Serializer):
    purpose = serializers.ChoiceField(Consent.Purpose.choices)
    granted = serializers.BooleanField(default=True)


class MemberBody(serializers.Serializer):
    phone = serializers.CharField(max_length=24, help_text=_("As typed in mainland China, or E.164"))
    name = serializers.CharField(max_length=60, default="", allow_blank=True)
    source = Source(required=False)
    store = Ref(required=False, help_text=_("Id or code of the home store"))
    guide = Ref(required=False, help_text=_("Id or code of the guide who brought the member"))
    consents = ConsentBody(many=True, required=False)
    joined_at = Instant(required=False, help_text=_("Now if left out"))


class BindingAnswer(serializers.Serializer):
    id = serializers.CharField()
    guide = serializers.CharField()
    store = serializers.CharField()
    starts_at = Instant()
    ends_at = Instant()
    protected_until = Instant()


class ConsentAnswer(serializers.Serializer):
    purpose = serializers.ChoiceField(Consent.Purpose.choices)
    brand = serializers.CharField(allow_null=True)
    granted = serializers.BooleanField()
    at = Instant()


class MemberAnswer(serializers.Serializer):
    id = serializers.CharField()
    name = serializers.CharField()
    phone = serializers.CharField(help_text=_("Masked"))
    status = serializers.ChoiceField(Member.Status.choices)
    origin = serializers.ChoiceField(Member.Origin.choices)
    home_store = serializers.CharField(allow_null=True)
    sources = Source(many=True)
    joined_at = Instant()
    binding = BindingAnswer(required=False, allow_null=True, help_text=_("With expand[]=binding"))
    coupons = CouponAnswer(many=True, required=False, help_text=_("With expand[]=coupons"))
    consents = ConsentAnswer(many=True, required=False, help_text=_("With expand[]=consents"))


class MemberQuery(PageQuery):
    phone = serializers.CharField(required=False, max_length=24)
    external_id = serializers.CharField(required=False, max_length=120)
    system = serializers.CharField(required=False, max_length=40, help_text=_("Narrows external_id"))


class Members(Call):
    scopes = {"GET": "members:read", "POST": "members:write"}
    names = {"GET": "listMembers", "POST": "createMember"}

    @extend_schema(
        description=_(
            "Your members, the newest first; by phone or by a source system's id, the one or none."
        ),
        parameters=[MemberQuery],
        responses=page_of(MemberAnswer),
    )
    def get(self, request: Request) -> Response:
        asked = self.asked(MemberQuery)
        members = with_all(every(Member))
        if "phone" in asked:
            members = members.filter(person__phone_hash=phones.fingerprint(phones.parse(asked["phone"])))
        if "external_id" in asked:
            where = {"identities__value": asked["external_id"]}
            if "system" in asked:
                where["identities__system"] = asked["system"]
            members = members.filter(**where).distinct()
        return Response(page(asked, members, show))

    @extend_schema(
        description=_(
            "Tell of a member: new (201), or known by phone already (200). One phone never makes two members. "
            "Who has left is answered as `left` and nothing of the body is kept, unless `consents` says yes to "
            "`membership` and `joined_at` is after the leaving."
        ),
        request=MemberBody,
        responses={201: MemberAnswer, 200: MemberAnswer},
    )
    @idempotent
    def post(self, request: Request) -> Response:
        given = self.given(MemberBody)
        source, store, guide = given.get("source"), given.get("store"), given.get("guide")
        at = given.get("joined_at") or timezone.now()
        if at > timezone.now():
            raise in_future()
        member, is_new = enrol(
            merchant=self.merchant,
            phone=given["phone"],
            name=given["name"],
            source=(source["system"], source["external_id"]) if source else None,
            store=access.store(store) if store else None,
            guide=access.by_ref_or_code(Guide, guide, field="guide") if guide else None,
            consents={answer["purpose"]: answer["granted"] for answer in given.get("consents", [])},
            by=self.by,
            at=at,
        )
        shown = show(with_all(every(Member)).get(pk=member.pk))
        return Response(shown, status=201 if is_new else 200)


class OneMember(Call):
    scopes = {"GET": "members:read"}
    names = {"GET": "getMember"}

    @extend_schema(
        description=_("One of your members, with guide, coupons and consents if you ask for them."),
        parameters=[OpenApiParameter("expand[]", str, many=True, enum=EXPANDABLE)],
        responses=MemberAnswer,
    )
    def get(self, request: Request, ref: str) -> Response:
        wanted = self.expanded(*EXPANDABLE)
        member = one(with_all(every(Member)), ref=ref)
        shown = show(member)
        if "binding" in wanted:
            shown["binding"] = show_binding(binding_of(member=member, at=timezone.now()))
        if "coupons" in wanted:
            coupons = every(Coupon).filter(member=member).select_related("campaign", "member", "store")
            shown["coupons"] = [show_coupon(coupon) for coupon in coupons.order_by("-pk")]
        if "consents" in wanted:
            newest = every(Consent).filter(member=member).select_related("brand")
            newest = newest.order_by("brand", "purpose", "-at", "-id").distinct("brand", "purpose")
            shown["consents"] = [show_consent(consent) for consent in newest]
        return Response(shown)


def with_all(members):
    return members.select_related("person", "home_store").prefetch_related("identities")


def show(member: Member) -> dict[str, Any]:
    return {
        "id": member.ref,
        "name": member.name,
        "phone": member.person.masked_phone,
        "status": member.status,
        "origin": member.origin,
        "home_store": member.home_store.ref if member.home_store else None,
        "sources": [
            {"system": identity.system, "external_id": identity.value} for identity in member.identities.all()
        ],
        "joined_at": member.joined_at,
    }


def show_binding(binding: Binding | None) -> dict[str, Any] | None:
    if binding is None:
        return None
    return {
        "id": binding.ref,
        "guide": binding.guide.ref,
        "store": binding.store.ref,
        "starts_at": binding.starts_at,
        "ends_at": binding.ends_at,
        "protected_until": binding.protected_until,
    }


def show_consent(consent: Consent) -> dict[str, Any]:
    return {
        "purpose": consent.purpose,
        "brand": consent.brand.ref if consent.brand else None,
        "granted": consent.granted,
        "at": consent.at,
    }


def in_future() -> DomainError:
    return DomainError(
        "member.joins_in_future",
        _("A member cannot have joined in the future."),
        next_step=_("Leave “joined_at” out for now, or correct it."),
        field="joined_at",
    )
