"""A guide's phone, below /w/."""

from collections.abc import Callable

from django.http import HttpResponse
from django.urls import URLPattern, path

from workbench.access import served
from workbench.views import appeals, coupons, earnings, members, mine, sales, scan, statements, today, wallet

app_name = "workbench"


def at_desk(route: str, view: Callable[..., HttpResponse], name: str) -> URLPattern:
    return path(route, served(view), name=name)


urlpatterns = [
    at_desk("", today.today, name="today"),
    at_desk("arrivals/", today.arrivals, name="arrivals"),
    at_desk("figures/", today.figures, name="figures"),
    at_desk("follow-ups/<str:ref>/done/", today.follow_up_done, name="follow-up-done"),
    at_desk("members/", members.members, name="members"),
    at_desk("members/<str:ref>/", members.member, name="member"),
    at_desk("members/<str:ref>/phone/", members.phone, name="member-phone"),
    at_desk("members/<str:ref>/coupons/", coupons.choose, name="choose-campaign"),
    at_desk("members/<str:ref>/coupons/<str:campaign_ref>/", coupons.send, name="send-coupon"),
    at_desk("scan/", scan.scan, name="scan"),
    at_desk("sale/", sales.sale, name="sale"),
    at_desk("sale/basket/", sales.basket, name="basket"),
    at_desk("sale/goods/", sales.goods, name="goods"),
    at_desk("sales/<str:ref>/", sales.done, name="sold"),
    at_desk("sales/<str:ref>/earned/", sales.earned, name="earned"),
    at_desk("sales/<str:ref>/appeals/", appeals.new, name="appeal"),
    at_desk("appeals/<str:ref>/withdrawal/", appeals.withdraw, name="appeal-withdraw"),
    at_desk("earnings/", earnings.earnings, name="earnings"),
    at_desk("earnings/figures/", earnings.figures, name="earnings-figures"),
    at_desk("earnings/statements/<str:ref>/", statements.show, name="statement"),
    at_desk("earnings/withdraw/<str:ref>/", wallet.withdraw, name="withdraw"),
    at_desk("earnings/payouts/<str:ref>/", wallet.payout, name="payout"),
    at_desk("me/", mine.mine, name="mine"),
    at_desk("me/account/", wallet.account, name="account"),
    at_desk("messages/", mine.messages, name="messages"),
]
