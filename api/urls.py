from django.urls import include, path, re_path, register_converter

from api import docs, wechat
from api.calls import Unknown
from api.paths import CodeConverter, RefConverter
from api.v1 import (
    attribution,
    campaigns,
    catalog,
    contracts,
    coupons,
    events,
    guides,
    ledger,
    members,
    order_batches,
    orders,
    payouts,
    payouts_received,
    plans,
    programmes,
    refunds,
    settlements,
    stores,
)

register_converter(RefConverter, "ref")
register_converter(CodeConverter, "code")

v1 = [
    path("stores", stores.Stores.as_view(), name="stores"),
    path("stores/nearest", stores.NearestStores.as_view(), name="nearest-stores"),
    path("stores/<ref:ref>", stores.OneStore.as_view(), name="store"),
    path("guides", guides.Guides.as_view(), name="guides"),
    path("guides/<ref:ref>", guides.OneGuide.as_view(), name="guide"),
    path("products", catalog.Products.as_view(), name="products"),
    path("products/<ref:ref>", catalog.OneProduct.as_view(), name="product"),
    path("skus", catalog.Skus.as_view(), name="skus"),
    path("skus/<ref:ref>", catalog.OneSku.as_view(), name="sku"),
    path("members", members.Members.as_view(), name="members"),
    path("members/<ref:ref>", members.OneMember.as_view(), name="member"),
    path("contracts", contracts.Contracts.as_view(), name="contracts"),
    path("contracts/<ref:ref>", contracts.OneContract.as_view(), name="contract"),
    path("contracts/<ref:ref>/amendment", contracts.ContractAmendment.as_view(), name="contract-amendment"),
    path("contracts/<ref:ref>/revision", contracts.ContractRevision.as_view(), name="contract-revision"),
    path(
        "contracts/<ref:ref>/withdrawal", contracts.ContractWithdrawal.as_view(), name="contract-withdrawal"
    ),
    path(
        "contracts/<ref:ref>/acceptance", contracts.ContractAcceptance.as_view(), name="contract-acceptance"
    ),
    path("contracts/<ref:ref>/decline", contracts.ContractDecline.as_view(), name="contract-decline"),
    path("contracts/<ref:ref>/end", contracts.ContractEnd.as_view(), name="contract-end"),
    path("campaigns", campaigns.Campaigns.as_view(), name="campaigns"),
    path("campaigns/<ref:ref>", campaigns.OneCampaign.as_view(), name="campaign"),
    path("campaigns/<ref:ref>/coupons", campaigns.CampaignCoupons.as_view(), name="campaign-coupons"),
    path("coupons/<code:code>", coupons.OneCoupon.as_view(), name="coupon"),
    path("orders", orders.Orders.as_view(), name="orders"),
    path("orders/batch", order_batches.OrderBatches.as_view(), name="order-batch"),
    path("orders/<ref:ref>", orders.OneOrder.as_view(), name="order"),
    path("refunds", refunds.Refunds.as_view(), name="refunds"),
    path("programmes", programmes.Programmes.as_view(), name="programmes"),
    path("programmes/<ref:ref>", programmes.OneProgramme.as_view(), name="programme"),
    path("programmes/<ref:ref>/top-ups", programmes.TopUps.as_view(), name="programme-top-ups"),
    path("plans", plans.Plans.as_view(), name="plans"),
    path("plans/<ref:ref>", plans.OnePlan.as_view(), name="plan"),
    path("plans/<ref:ref>/versions", plans.PlanVersions.as_view(), name="plan-versions"),
    path("versions/<ref:ref>", plans.OneVersion.as_view(), name="version"),
    path("versions/<ref:ref>/publish", plans.PublishedVersion.as_view(), name="version-publish"),
    path("versions/<ref:ref>/recall", plans.RecalledVersion.as_view(), name="version-recall"),
    path("versions/<ref:ref>/simulate", plans.SimulatedVersion.as_view(), name="version-simulate"),
    path("attribution-policies", attribution.AttributionPolicies.as_view(), name="attribution-policies"),
    path(
        "attribution-policies/<ref:ref>",
        attribution.OneAttributionPolicy.as_view(),
        name="attribution-policy",
    ),
    path(
        "attribution-policies/<ref:ref>/publish",
        attribution.PublishedAttributionPolicy.as_view(),
        name="attribution-publish",
    ),
    path(
        "attribution-policies/<ref:ref>/recall",
        attribution.RecalledAttributionPolicy.as_view(),
        name="attribution-recall",
    ),
    path(
        "attribution-policies/<ref:ref>/trial",
        attribution.TriedAttributionPolicy.as_view(),
        name="attribution-trial",
    ),
    path("settlements", settlements.Settlements.as_view(), name="settlements"),
    path("settlements/<ref:ref>", settlements.OneSettlement.as_view(), name="settlement"),
    path("payouts", payouts.Payouts.as_view(), name="payouts"),
    path("payouts/<ref:ref>", payouts.OnePayout.as_view(), name="payout"),
    path("received-payouts", payouts_received.ReceivedPayouts.as_view(), name="received-payouts"),
    path("received-payouts/<ref:ref>", payouts_received.OneReceivedPayout.as_view(), name="received-payout"),
    path(
        "received-payouts/<ref:ref>/objection",
        payouts_received.PayoutObjection.as_view(),
        name="received-payout-objection",
    ),
    path(
        "received-payouts/<ref:ref>/arrival",
        payouts_received.PayoutArrival.as_view(),
        name="received-payout-arrival",
    ),
    path("ledger/trial-balance", ledger.OwnTrialBalance.as_view(), name="trial-balance"),
    path("events", events.Events.as_view(), name="events"),
]

app_name = "api"
urlpatterns = [
    path("v1/schema/", docs.Schema.as_view(), name="schema"),
    path("docs/", docs.Reading.as_view(url_name="api:schema"), name="docs"),
    path("docs/try/", docs.Trying.as_view(url_name="api:schema"), name="try"),
    path("v1/", include((v1, "v1"))),
    path("rails/wechat/<ref:ref>", wechat.take_notice, name="wechat-notices"),
    re_path("", Unknown.as_view(), name="unknown"),
]
