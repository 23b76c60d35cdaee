from datetime import UTC, datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api import access
from api.calls import Call
from api.fields import Degrees, Instant, Whole, page_of
from api.idempotency import idempotent
from api.pagination import PageQuery, page
from guides.nearby import Staffed, nearest
from merchants.finding import every, one
from stores.geo import Point, gcj02_to_wgs84
from stores.models import Store
from stores.opening import ABILITIES, put_store

WEEK = _("Seven days from Monday, each a list of spans: [[“09:00”, “21:00”]]; [] when closed")


class StoreBody(serializers.Serializer):
    code = serializers.CharField(max_length=40, help_text=_("Your own; the same code is the same store"))
    name = serializers.CharField(max_length=120)
    kind = serializers.ChoiceField(Store.Kind.choices)
    province = serializers.CharField(max_length=40)
    city = serializers.CharField(max_length=40)
    district = serializers.CharField(max_length=40, default="", allow_blank=True)
    adcode = serializers.RegexField(r"^[0-9]{6}$", default="", allow_blank=True)
    address = serializers.CharField(max_length=240)
    lng = Degrees(min_value=-180, max_value=180)
    lat = Degrees(min_value=-90, max_value=90)
    datum = serializers.ChoiceField(Store.Datum.choices, default=Store.Datum.WGS84)
    hours = serializers.ListField(child=serializers.JSONField(), default=list, max_length=7, help_text=WEEK)
    special_days = serializers.DictField(child=serializers.JSONField(), default=dict)
    time_zone = serializers.CharField(max_length=48, required=False)
    abilities = serializers.ListField(
        child=serializers.ChoiceField(ABILITIES), default=list, max_length=len(ABILITIES)
    )
    status = serializers.ChoiceField(
        Store.Status.choices,
        required=False,
        help_text=_(
            "Paused or closed for good, it sells nothing from then on and is found no more; left out, it stays"
        ),
    )


class StoreAnswer(serializers.Serializer):
    id = serializers.CharField()
    code = serializers.CharField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(Store.Kind.choices)
    status = serializers.ChoiceField(Store.Status.choices)
    province = serializers.CharField()
    city = serializers.CharField()
    district = serializers.CharField()
    adcode = serializers.CharField()
    address = serializers.CharField()
    lng = serializers.FloatField(help_text=_("WGS-84 degrees"))
    lat = serializers.FloatField(help_text=_("WGS-84 degrees"))
    hours = serializers.JSONField(help_text=WEEK)
    special_days = serializers.JSONField()
    time_zone = serializers.CharField()
    abilities = serializers.ListField(child=serializers.CharField())
    created_at = Instant()


class GuideOnDuty(serializers.Serializer):
    id = serializers.CharField()
    code = serializers.CharField()
    name = serializers.CharField()


class NearStoreAnswer(StoreAnswer):
    metres = serializers.IntegerField()
    open_now = serializers.BooleanField()
    closes_at = Instant(allow_null=True)
    opens_at = Instant(allow_null=True)
    guides_on_duty = GuideOnDuty(many=True)


class NearestAnswer(serializers.Serializer):
    data = NearStoreAnswer(many=True)


class StoreQuery(PageQuery):
    code = serializers.CharField(required=False)
    city = serializers.CharField(required=False)


class NearestQuery(serializers.Serializer):
    lng = Degrees(min_value=-180, max_value=180)
    lat = Degrees(min_value=-90, max_value=90)
    datum = serializers.ChoiceField(Store.Datum.choices, default=Store.Datum.WGS84)
    brand = serializers.CharField(
        required=False, help_text=_("One of your brands: its stores of every merchant, under live contracts")
    )
    ability = serializers.ChoiceField(ABILITIES, required=False)
    open_now = serializers.BooleanField(default=False)
    limit = Whole(default=5, min_value=1, max_value=50)


class Stores(Call):
    by_code = True
    scopes = {"GET": "stores:read", "POST": "stores:write"}
    names = {"GET": "listStores", "POST": "putStore"}

    @extend_schema(
        description=_("Your own stores, the newest first."),
        parameters=[StoreQuery],
        responses=page_of(StoreAnswer),
    )
    def get(self, request: Request) -> Response:
        asked = self.asked(StoreQuery)
        filters = {name: asked[name] for name in ("code", "city") if name in asked}
        return Response(page(asked, every(Store).filter(**filters), show))

    @extend_schema(
        description=_("Open the store of this code (201), or bring it up to date (200)."),
        request=StoreBody,
        responses={201: StoreAnswer, 200: StoreAnswer},
    )
    @idempotent
    def post(self, request: Request) -> Response:
        store, is_new = put_store(merchant=self.merchant, parent=None, by=self.by, **self.given(StoreBody))
        return Response(show(store), status=201 if is_new else 200)


class OneStore(Call):
    scopes = {"GET": "stores:read"}
    names = {"GET": "getStore"}

    @extend_schema(description=_("One of your own stores."), responses=StoreAnswer)
    def get(self, request: Request, ref: str) -> Response:
        return Response(show(one(Store, ref=ref)))


class NearestStores(Call):
    scopes = {"GET": "stores:read"}
    names = {"GET": "nearestStores"}

    @extend_schema(
        description=_(
            "The nearest trading stores to a place: how far, open or closed now, and who is there to serve."
        ),
        parameters=[NearestQuery],
        responses=NearestAnswer,
    )
    def get(self, request: Request) -> Response:
        asked = self.asked(NearestQuery)
        if asked.pop("datum") == Store.Datum.GCJ02:
            asked["lng"], asked["lat"] = gcj02_to_wgs84(Point(asked["lng"], asked["lat"]))
        if "brand" in asked:
            asked["brand"] = access.brand(asked["brand"])
        return Response({"data": [show_near(near) for near in nearest(at=timezone.now(), **asked)]})


def show(store: Store) -> dict[str, Any]:
    return {
        "id": store.ref,
        "code": store.code,
        "name": store.name,
        "kind": store.kind,
        "status": store.status,
        "province": store.province,
        "city": store.city,
        "district": store.district,
        "adcode": store.adcode,
        "address": store.address,
        "lng": store.lng,
        "lat": store.lat,
        "hours": store.hours,
        "special_days": store.special_days,
        "time_zone": store.time_zone,
        "abilities": store.abilities,
        "created_at": store.created_at,
    }


def show_near(near: Staffed) -> dict[str, Any]:
    return show(near.store) | {
        "metres": round(near.metres),
        "open_now": near.open_now,
        "closes_at": in_utc(near.opening.closes_at),
        "opens_at": in_utc(near.opening.opens_at),
        "guides_on_duty": [
            {"id": guide.ref, "code": guide.code, "name": guide.name} for guide in near.guides_on_duty
        ],
    }


def in_utc(instant: datetime | None) -> datetime | None:
    """A door speaks its store's time; answers are in UTC."""
    return instant and instant.astimezone(UTC)
