from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api import access
from api.calls import Call
from api.fields import Instant, Ref
from coupons import redemption
from coupons.issuing import code_hash, code_of
from coupons.models import Coupon
from merchants.finding import every, one


class CouponAnswer(serializers.Serializer):
    id = serializers.CharField()
    campaign = serializers.CharField()
    name = serializers.CharField(help_text=_("Of the campaign"))
    member = serializers.CharField(
        allow_null=True, help_text=_("Your own; null for another merchant's member")
    )
    state = serializers.ChoiceField(Coupon.State.choices)
    threshold = serializers.IntegerField()
    amount_off = serializers.IntegerField()
    pieces = serializers.IntegerField(help_text=_("Of an exchange coupon: so many go off whole; else 0"))
    sku = serializers.CharField(allow_null=True, help_text=_("The article an exchange coupon is for"))
    usable_from = Instant()
    usable_until = Instant()
    issued_at = Instant()
    store = serializers.CharField(allow_null=True)


class IssuedCouponAnswer(CouponAnswer):
    code = serializers.CharField(help_text=_("Sixteen digits; show them in groups of four"))


class CouponQuery(serializers.Serializer):
    store = Ref(
        required=False,
        help_text=_("One of your stores: then the coupon of any brand it sells, if it can be used there now"),
    )


class OneCoupon(Call):
    scopes = {"GET": "campaigns:read"}
    names = {"GET": "getCoupon"}

    @extend_schema(
        description=_(
            "A coupon of your own campaigns in whatever state; or, with `store`, one that can be used"
            " there now."
        ),
        parameters=[CouponQuery],
        responses=CouponAnswer,
    )
    def get(self, request: Request, code: str) -> Response:
        asked = self.asked(CouponQuery)
        if "store" in asked:
            coupon = redemption.find(code=code, store=access.store(asked["store"]))
            return Response(show_coupon(coupon, own=coupon.merchant_id == self.merchant.pk))
        coupons = every(Coupon).select_related("campaign__sku", "member", "store")
        return Response(show_coupon(one(coupons, code_hash=code_hash(code))))


def show_coupon(coupon: Coupon, *, own: bool = True) -> dict[str, Any]:
    return {
        "id": coupon.ref,
        "campaign": coupon.campaign.ref,
        "name": coupon.campaign.name,
        "member": coupon.member.ref if own else None,
        "state": coupon.state,
        "threshold": coupon.campaign.threshold,
        "amount_off": coupon.campaign.amount_off,
        "pieces": coupon.campaign.pieces,
        "sku": coupon.campaign.sku.ref if coupon.campaign.sku else None,
        "usable_from": coupon.usable_from,
        "usable_until": coupon.usable_until,
        "issued_at": coupon.issued_at,
        "store": coupon.store.ref if coupon.store else None,
    }


def show_issued(coupon: Coupon, *, own: bool) -> dict[str, Any]:
    """With its code: only for whoever has just claimed it."""
    return show_coupon(coupon, own=own) | {"code": code_of(coupon)}
