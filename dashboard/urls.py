"""Headquarters' pages, and the account pages all staff share.

allauth brings 28 routes. Named here are those we use, by the names allauth looks for; there is no sign-up, no
e-mail confirmation, no password by mail. A test says which routes answer.
"""

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as recovery_codes
from allauth.mfa.totp import views as totp
from django.urls import include, path

from dashboard.views import account as ours
from dashboard.views import (
    appeals,
    breaks,
    campaigns,
    contracts,
    drafts,
    feed,
    keys,
    ledger,
    members,
    orders,
    overview,
    payout_files,
    payout_terms,
    payouts,
    plan_simulations,
    plans,
    reconciliation,
    search,
    settlements,
    statements,
    stores,
)
from merchants.middleware import seat_not_required

account_pages = [
    path("sign-in/", ours.PasswordView.as_view(), name="account_login"),
    path("sign-in/code/", ours.RequestCodeView.as_view(), name="account_request_login_code"),
    path("sign-in/code/confirm/", ours.ConfirmCodeView.as_view(), name="account_confirm_login_code"),
    path("sign-in/second-step/", mfa.authenticate, name="mfa_authenticate"),
    path("sign-out/", account.logout, name="account_logout"),
    path("closed/", account.account_inactive, name="account_inactive"),
    path("confirm/", seat_not_required(account.reauthenticate), name="account_reauthenticate"),
    path("confirm/second-step/", seat_not_required(mfa.reauthenticate), name="mfa_reauthenticate"),
    path("password/", seat_not_required(account.password_change), name="account_change_password"),
    path("second-step/", seat_not_required(mfa.index), name="mfa_index"),
    path("second-step/app/", seat_not_required(totp.activate_totp), name="mfa_activate_totp"),
    path("second-step/app/off/", seat_not_required(totp.deactivate_totp), name="mfa_deactivate_totp"),
    path(
        "second-step/codes/",
        seat_not_required(recovery_codes.view_recovery_codes),
        name="mfa_view_recovery_codes",
    ),
    path(
        "second-step/codes/new/",
        seat_not_required(recovery_codes.generate_recovery_codes),
        name="mfa_generate_recovery_codes",
    ),
    path("devices/", seat_not_required(ours.devices), name="account_devices"),
    path("merchant/", ours.acting_merchant, name="acting_merchant"),
]

headquarters = [
    path("", overview.show, name="overview"),
    path("figures/", overview.figures, name="overview_figures"),
    path("trade/", overview.trade, name="overview_trade"),
    path("feed/", feed.show, name="feed_page"),
    path("feed/items/", feed.fragment, name="feed_items"),
    path("search/", search.show, name="search"),
    path("members/", members.index, name="members"),
    path("members/<str:ref>/", members.show, name="member"),
    path("members/<str:ref>/phone/", members.phone, name="member_phone"),
    path("campaigns/", campaigns.index, name="campaigns"),
    path("campaigns/new/", campaigns.new, name="campaign_new"),
    path("campaigns/<str:ref>/", campaigns.show, name="campaign"),
    path("campaigns/<str:ref>/pause/", campaigns.pause, name="campaign_pause"),
    path("campaigns/<str:ref>/resume/", campaigns.resume, name="campaign_resume"),
    path("stores/", stores.index, name="stores"),
    path("stores/<str:ref>/", stores.show, name="store"),
    path("contracts/", contracts.index, name="contracts"),
    path("contracts/new/", drafts.new, name="contract_new"),
    path("contracts/<str:ref>/", contracts.show, name="contract"),
    path("contracts/<str:ref>/end/", contracts.end, name="contract_end"),
    path("contracts/<str:ref>/amendment/", drafts.amend, name="contract_amend"),
    path("contracts/<str:ref>/terms/", drafts.revise, name="contract_revise"),
    path("contracts/<str:ref>/withdrawal/", drafts.withdraw, name="contract_withdraw"),
    path("contracts/<str:ref>/acceptance/", drafts.accept, name="contract_accept"),
    path("contracts/<str:ref>/refusal/", drafts.decline, name="contract_decline"),
    path("plans/", plans.index, name="plans"),
    path("plans/new/", plans.new, name="plan_new"),
    path("plans/<str:ref>/", plans.show, name="plan_version"),
    path("plans/<str:ref>/edit/", plans.edit, name="plan_edit"),
    path("plans/<str:ref>/publish/", plans.publish, name="plan_publish"),
    path("plans/<str:ref>/recall/", plans.recall, name="plan_recall"),
    path("plans/<str:ref>/discard/", plans.discard, name="plan_discard"),
    path("plans/<str:ref>/simulation/", plan_simulations.show, name="plan_simulation"),
    path("appeals/", appeals.index, name="appeals"),
    path("appeals/deadlines/", appeals.deadlines, name="appeal_deadlines"),
    path("appeals/<str:ref>/", appeals.show, name="appeal"),
    path("appeals/<str:ref>/decision/", appeals.decide, name="appeal_decision"),
    path("settlements/", settlements.index, name="settlements"),
    path("settlements/approval/", settlements.policy, name="settlement_policy"),
    path("settlements/<str:ref>/", settlements.show, name="settlement"),
    path("settlements/<str:ref>/approve/", settlements.approve, name="settlement_approve"),
    path("payouts/", payouts.index, name="payouts"),
    path("payouts/pay/", payouts.pay, name="payouts_pay"),
    path("payouts/bank-files/new/", payout_files.export, name="payouts_export"),
    path("payouts/bank-files/<str:ref>/", payout_files.download, name="bank_file"),
    path("payouts/results/", payout_files.results, name="payouts_import"),
    path("payouts/withholding/", payout_terms.withholding, name="withholding"),
    path("payouts/payees/<str:ref>/account/", payout_terms.account, name="payee_account"),
    path("payouts/<str:ref>/", payouts.show, name="payout"),
    path("payouts/<str:ref>/mark/", payouts.mark, name="payout_mark"),
    path("reconciliation/", reconciliation.index, name="reconciliation"),
    path("reconciliation/import/", reconciliation.take_in, name="rail_bill_import"),
    path("reconciliation/look/", reconciliation.look, name="reconciliation_look"),
    path("reconciliation/bills/<str:ref>/", reconciliation.bill, name="rail_bill"),
    path("reconciliation/bills/<str:ref>/word/", breaks.all_words, name="rail_bill_words"),
    path("reconciliation/breaks/<str:ref>/", breaks.show, name="break"),
    path("reconciliation/breaks/<str:ref>/explanation/", breaks.explain, name="break_explain"),
    path("reconciliation/breaks/<str:ref>/opening/", breaks.reopen, name="break_reopen"),
    path("reconciliation/breaks/<str:ref>/word/", breaks.word, name="break_word"),
    path("statements/", statements.index, name="statements"),
    path("statements/<str:ref>/", statements.show, name="statement"),
    path("keys/", keys.index, name="keys"),
    path("keys/<str:ref>/revoke/", keys.revoke, name="key_revoke"),
    path("orders/", orders.index, name="orders"),
    path("orders/<str:ref>/", orders.show, name="order"),
    path("ledger/", ledger.show, name="ledger"),
]

urlpatterns = [
    path("", ours.landing, name="landing"),
    path("hq/", include(headquarters)),
    path("account/", include(account_pages)),
]
