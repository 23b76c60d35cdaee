"""What is said of a contract in bodies and answers."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from api.fields import Instant, Ref, Whole
from merchants.models import Merchant
from merchants.money import PPM
from stores.models import Contract
from stores.terms import LONGEST_RETURN, NAMES

STATES = ("draft", "declined", "withdrawn", "accepted")
SIDES = ("brand", "store")
AT_MOST = {"min_value": 0, "max_value": PPM}
FEE_CAP = _("Most of what a payment paid of a line that the principal is charged of its fee, if it bears it")
RESERVED = _("Of each share, kept until goods can no longer be returned")
STORE_BEARS = _("Most of the cost of the brand's coupons that the store's merchant bears")
BRAND_BEARS = _("Most of the cost of the store's coupons that the brand bears on its lines")
BRAND_TELLS = _("Whether the brand's systems may say that the store's merchant took the money")
STORE_TELLS = _("Whether the store's systems may say that the brand's owner took the money")


class ChangedTermsBody(serializers.Serializer):
    """Terms of which those left out stay as they are."""

    mode = serializers.ChoiceField(Contract.Mode.choices, required=False)
    settlement = serializers.ChoiceField(Contract.Settlement.choices, required=False)
    guide_pay = serializers.ChoiceField(Contract.GuidePay.choices, required=False)
    fee_bearer = serializers.ChoiceField(Contract.FeeBearer.choices, required=False)
    fee_cap_ppm = Whole(required=False, help_text=FEE_CAP, **AT_MOST)
    reserve_ppm = Whole(required=False, help_text=RESERVED, **AT_MOST)
    return_window_days = Whole(required=False, min_value=0, max_value=LONGEST_RETURN)
    store_bears_ppm = Whole(required=False, help_text=STORE_BEARS, **AT_MOST)
    brand_bears_ppm = Whole(required=False, help_text=BRAND_BEARS, **AT_MOST)
    brand_tells_for_store = serializers.BooleanField(required=False, help_text=BRAND_TELLS)
    store_tells_for_brand = serializers.BooleanField(required=False, help_text=STORE_TELLS)
    starts_at = Instant(required=False)
    ends_at = Instant(required=False, allow_null=True, help_text=_("null: until somebody ends it"))


class RevisionBody(ChangedTermsBody):
    version = Whole(
        required=False, min_value=1, max_value=32_767, help_text=_("Of the terms you read, as the draft says")
    )


class AmendmentBody(ChangedTermsBody):
    starts_at = Instant(help_text=_("When they take the place of those in force; later than now"))


class DraftBody(ChangedTermsBody):
    brand = Ref(help_text=_("Id or slug of your brand"))
    store = Ref(help_text=_("Code of your own store, or the id that another merchant told you of its store"))
    mode = serializers.ChoiceField(Contract.Mode.choices)
    settlement = serializers.ChoiceField(Contract.Settlement.choices, default=Contract.Settlement.T0)
    guide_pay = serializers.ChoiceField(Contract.GuidePay.choices, default=Contract.GuidePay.DIRECT)
    starts_at = Instant(help_text=_("Today at the store, or later"))


class AcceptanceBody(serializers.Serializer):
    version = Whole(min_value=1, max_value=32_767, help_text=_("Of the terms you mean, as the contract says"))


class DeclineBody(serializers.Serializer):
    reason = serializers.CharField(max_length=300, default="", allow_blank=True)


class ContractPartAnswer(serializers.Serializer):
    id = serializers.CharField()
    name = serializers.CharField()


class ContractAnswer(serializers.Serializer):
    id = serializers.CharField()
    side = serializers.ChoiceField(SIDES, help_text=_("Yours: the brand's, or the store's"))
    state = serializers.ChoiceField(STATES)
    version = serializers.IntegerField(help_text=_("Of the terms; an acceptance names it"))
    brand = ContractPartAnswer()
    brand_owner = ContractPartAnswer()
    store = ContractPartAnswer()
    store_merchant = ContractPartAnswer()
    succeeds = serializers.CharField(
        allow_null=True, help_text=_("The contract that ends where this one begins, once it is accepted")
    )
    mode = serializers.ChoiceField(Contract.Mode.choices)
    settlement = serializers.ChoiceField(Contract.Settlement.choices)
    guide_pay = serializers.ChoiceField(Contract.GuidePay.choices)
    fee_bearer = serializers.ChoiceField(Contract.FeeBearer.choices)
    fee_cap_ppm = serializers.IntegerField(help_text=FEE_CAP)
    reserve_ppm = serializers.IntegerField(help_text=RESERVED)
    return_window_days = serializers.IntegerField()
    store_bears_ppm = serializers.IntegerField(help_text=STORE_BEARS)
    brand_bears_ppm = serializers.IntegerField(help_text=BRAND_BEARS)
    brand_tells_for_store = serializers.BooleanField(help_text=BRAND_TELLS)
    store_tells_for_brand = serializers.BooleanField(help_text=STORE_TELLS)
    starts_at = Instant()
    ends_at = Instant(allow_null=True)
    accepted_at = Instant(allow_null=True)
    declined_at = Instant(allow_null=True)
    decline_reason = serializers.CharField()
    withdrawn_at = Instant(allow_null=True)
    created_at = Instant()


def show(contract: Contract, *, reader: Merchant) -> dict[str, Any]:
    terms = {name: getattr(contract, name) for name in NAMES if name != "brand_unit"}
    return {
        "id": contract.ref,
        "side": "brand" if contract.merchant_id == reader.pk else "store",
        "state": _state(contract),
        "version": contract.terms_version,
        "brand": _named(contract.brand),
        "brand_owner": _named(contract.merchant),
        "store": _named(contract.store),
        "store_merchant": _named(contract.counterparty),
        "succeeds": contract.succeeds.ref if contract.succeeds else None,
        **terms,
        "accepted_at": contract.accepted_at,
        "declined_at": contract.declined_at,
        "decline_reason": contract.decline_reason,
        "withdrawn_at": contract.withdrawn_at,
        "created_at": contract.created_at,
    }


def _named(row: Any) -> dict[str, str]:
    return {"id": row.ref, "name": row.name}


def _state(contract: Contract) -> str:
    if contract.declined_at:
        return "declined"
    if contract.withdrawn_at:
        return "withdrawn"
    return "accepted" if contract.accepted_at else "draft"
