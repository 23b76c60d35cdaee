from typing import Any

from django.db.models import Prefetch, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api import access
from api.calls import Call
from api.fields import Instant, Ref, Whole, page_of
from api.idempotency import idempotent
from api.pagination import PageQuery, page
from guides.hiring import leave, put_guide
from guides.models import Assignment, Guide
from merchants.errors import DomainError
from merchants.finding import every, one
from merchants.people import user_with


class GuideBody(serializers.Serializer):
    code = serializers.CharField(max_length=40, help_text=_("Your own; the same code is the same guide"))
    name = serializers.CharField(max_length=60)
    phone = serializers.CharField(max_length=24, help_text=_("What the guide signs in with"))
    store = Ref(help_text=_("Id or code of one of your stores"))
    level = Whole(default=1, min_value=1, max_value=99)
    starts_at = Instant(required=False, help_text=_("From when the guide serves there; now if left out"))
    ends_at = Instant(required=False, help_text=_("When the guide left; not in the future"))


class GuideAnswer(serializers.Serializer):
    id = serializers.CharField()
    code = serializers.CharField()
    name = serializers.CharField()
    phone = serializers.CharField(help_text=_("Masked"))
    status = serializers.ChoiceField(Guide.Status.choices)
    store = serializers.CharField(allow_null=True, help_text=_("Where the guide serves now"))
    level = serializers.IntegerField(allow_null=True)
    created_at = Instant()


class GuideQuery(PageQuery):
    code = serializers.CharField(required=False)


class Guides(Call):
    by_code = True
    scopes = {"GET": "guides:read", "POST": "guides:write"}
    names = {"GET": "listGuides", "POST": "putGuide"}

    @extend_schema(
        description=_("Your guides, the newest first, with the store and level of each now."),
        parameters=[GuideQuery],
        responses=page_of(GuideAnswer),
    )
    def get(self, request: Request) -> Response:
        asked = self.asked(GuideQuery)
        guides = with_post(every(Guide))
        if "code" in asked:
            guides = guides.filter(code=asked["code"])
        return Response(page(asked, guides, show))

    @extend_schema(
        description=_("Hire the guide of this code (201), or rename and move them (200)."),
        request=GuideBody,
        responses={201: GuideAnswer, 200: GuideAnswer},
    )
    @idempotent
    def post(self, request: Request) -> Response:
        given = self.given(GuideBody)
        ends_at = given.pop("ends_at", None)
        user = user_with(phone=given.pop("phone"), name=given["name"])
        given["store"] = access.store(given["store"])
        guide, is_new = put_guide(merchant=self.merchant, user=user, by=self.by, **given)
        if guide.user_id != user.id:
            raise other_person()
        if ends_at:
            if ends_at > timezone.now():
                raise not_left_yet()
            leave(guide=guide, at=ends_at, by=self.by)
        return Response(show(with_post(every(Guide)).get(pk=guide.pk)), status=201 if is_new else 200)


class OneGuide(Call):
    scopes = {"GET": "guides:read"}
    names = {"GET": "getGuide"}

    @extend_schema(description=_("One of your guides."), responses=GuideAnswer)
    def get(self, request: Request, ref: str) -> Response:
        return Response(show(one(with_post(every(Guide)), ref=ref)))


def with_post(guides: QuerySet[Guide]) -> QuerySet[Guide]:
    """Each with where it serves now, in one query for all."""
    return guides.select_related("user").prefetch_related(
        Prefetch("assignments", _now().select_related("store"), to_attr="posts")
    )


def _now() -> QuerySet[Assignment]:
    now = timezone.now()
    return every(Assignment).filter(Q(ends_at=None) | Q(ends_at__gt=now), starts_at__lte=now)


def show(guide: Guide) -> dict[str, Any]:
    post = guide.posts[0] if guide.posts else None
    return {
        "id": guide.ref,
        "code": guide.code,
        "name": guide.name,
        "phone": guide.user.masked_phone,
        "status": guide.status,
        "store": post.store.ref if post else None,
        "level": post.level if post else None,
        "created_at": guide.created_at,
    }


def other_person() -> DomainError:
    return DomainError(
        "guide.other_person",
        _("The guide of this code signs in with another phone."),
        next_step=_("Use a new code for a new colleague, or send the phone this guide has."),
        field="phone",
    )


def not_left_yet() -> DomainError:
    return DomainError(
        "guide.not_left_yet",
        _("A guide's last day cannot be told ahead of time."),
        next_step=_("Send “ends_at” when the guide has left."),
        field="ends_at",
    )
