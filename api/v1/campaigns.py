import hashlib
from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api import access
from api.calls import Call
from api.fields import Instant, Money, Ref, Whole, page_of
from api.idempotency import HEADER, idempotent
from api.pagination import PageQuery, page
from api.v1.coupons import IssuedCouponAnswer, show_issued
from catalog.models import Sku
from coupons import campaigns
from coupons.issuing import issue
from coupons.models import Campaign
from members.models import Member
from merchants.finding import every, one


class BearerBody(serializers.Serializer):
    role = serializers.ChoiceField(campaigns.BEARERS)
    ppm = Whole(min_value=0, max_value=1_000_000)


class CampaignBody(serializers.Serializer):
    name = serializers.CharField(max_length=80)
    brand = Ref(required=False, help_text=_("Id or slug of your brand; leave it out for the whole receipt"))
    kind = serializers.ChoiceField(Campaign.Kind.choices, default=Campaign.Kind.FULL_REDUCTION)
    threshold = Money(
        default=0, help_text=_("In fen: from this amount on; of a full reduction, and only there")
    )
    amount_off = Money(default=0, help_text=_("In fen: so much off; of a full reduction, and only there"))
    pieces = Whole(
        default=0,
        min_value=0,
        max_value=campaigns.MOST_PIECES,
        help_text=_("So many go off whole; of an exchange coupon, and only there"),
    )
    sku = Ref(required=False, help_text=_("Id of the one article an exchange coupon is for; any if left out"))
    claim_from = Instant()
    claim_until = Instant()
    use_from = Instant()
    use_until = Instant()
    per_member_limit = Whole(default=1, min_value=1, max_value=32_767)
    issue_limit = Whole(min_value=1, max_value=2**31 - 1)
    bearers = BearerBody(
        many=True,
        required=False,
        help_text=_(
            "Who bears the cost; 1,000,000 ppm in all. Others bear it only as their contract agrees."
        ),
    )


class BearerAnswer(serializers.Serializer):
    role = serializers.CharField()
    ppm = serializers.IntegerField()


class CampaignAnswer(serializers.Serializer):
    id = serializers.CharField()
    name = serializers.CharField()
    brand = serializers.CharField(allow_null=True)
    kind = serializers.ChoiceField(Campaign.Kind.choices)
    state = serializers.ChoiceField(Campaign.State.choices)
    threshold = serializers.IntegerField()
    amount_off = serializers.IntegerField()
    pieces = serializers.IntegerField(help_text=_("Of an exchange coupon; else 0"))
    sku = serializers.CharField(allow_null=True, help_text=_("The article an exchange coupon is for"))
    claim_from = Instant()
    claim_until = Instant()
    use_from = Instant()
    use_until = Instant()
    per_member_limit = serializers.IntegerField()
    issue_limit = serializers.IntegerField()
    bearers = BearerAnswer(many=True)
    created_at = Instant()


class ClaimBody(serializers.Serializer):
    member = Ref(help_text=_("Id of your member"))
    store = Ref(required=False, help_text=_("Id or code of your store that gives it out"))


class Campaigns(Call):
    scopes = {"GET": "campaigns:read", "POST": "campaigns:write"}
    names = {"GET": "listCampaigns", "POST": "createCampaign"}

    @extend_schema(
        description=_("Your campaigns, the newest first."),
        parameters=[PageQuery],
        responses=page_of(CampaignAnswer),
    )
    def get(self, request: Request) -> Response:
        return Response(page(self.asked(PageQuery), every(Campaign).select_related("brand", "sku"), show))

    @extend_schema(
        description=_(
            "A campaign that runs at once: spend the threshold, get the amount off; or, of the kind `exchange`, get"
            " so many pieces whole."
        ),
        request=CampaignBody,
        responses={201: CampaignAnswer},
    )
    @idempotent
    def post(self, request: Request) -> Response:
        given = self.given(CampaignBody)
        if "sku" in given:
            given["sku"] = one(every(Sku).select_related("product"), ref=given["sku"], field="sku")
        if "brand" in given:
            given["brand"] = access.brand(given["brand"])
        if "bearers" in given:
            given["bearers"] = [(bearer["role"], bearer["ppm"]) for bearer in given["bearers"]]
        return Response(show(campaigns.create(merchant=self.merchant, by=self.by, **given)), status=201)


class OneCampaign(Call):
    scopes = {"GET": "campaigns:read"}
    names = {"GET": "getCampaign"}

    @extend_schema(description=_("One of your campaigns."), responses=CampaignAnswer)
    def get(self, request: Request, ref: str) -> Response:
        return Response(show(one(every(Campaign).select_related("brand", "sku"), ref=ref)))


class CampaignCoupons(Call):
    scopes = {"POST": "campaigns:write"}
    names = {"POST": "claimCoupon"}

    @extend_schema(
        description=_(
            "Give a member of yours a coupon. With `store`, also of a brand's campaign that this "
            "store may send."
        ),
        request=ClaimBody,
        responses={201: IssuedCouponAnswer, 200: IssuedCouponAnswer},
    )
    @idempotent
    def post(self, request: Request, ref: str) -> Response:
        given = self.given(ClaimBody)
        store = access.store(given["store"]) if "store" in given else None
        active = every(Member).filter(status=Member.Status.ACTIVE).select_related("merchant")
        coupon, is_new = issue(
            campaign=access.campaign(ref, store=store),
            member=one(active, ref=given["member"], field="member"),
            claim_key=_claim_key(request),
            store=store,
            by=self.by,
        )
        own = coupon.merchant_id == self.merchant.pk
        return Response(show_issued(coupon, own=own), status=201 if is_new else 200)


def _claim_key(request: Request) -> str:
    """The same claim gives the same coupon, even when the kept answers are long gone."""
    asked = f"{request.auth.ref}/{request.headers[HEADER].strip()}"
    return f"api:{hashlib.sha256(asked.encode()).hexdigest()}"


def show(campaign: Campaign) -> dict[str, Any]:
    return {
        "id": campaign.ref,
        "name": campaign.name,
        "brand": campaign.brand.ref if campaign.brand else None,
        "kind": campaign.kind,
        "state": campaign.state,
        "threshold": campaign.threshold,
        "amount_off": campaign.amount_off,
        "pieces": campaign.pieces,
        "sku": campaign.sku.ref if campaign.sku else None,
        "claim_from": campaign.claim_from,
        "claim_until": campaign.claim_until,
        "use_from": campaign.use_from,
        "use_until": campaign.use_until,
        "per_member_limit": campaign.per_member_limit,
        "issue_limit": campaign.issue_limit,
        "bearers": [{"role": role, "ppm": ppm} for role, ppm in campaign.bearers],
        "created_at": campaign.created_at,
    }
