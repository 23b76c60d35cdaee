"""A guide's phone, below /w/."""

from django.urls import path

from workbench.views import coupons, earnings, members, mine, sales, scan, today

app_name = "workbench"

urlpatterns = [
    path("", today.today, name="today"),
    path("arrivals/", today.arrivals, name="arrivals"),
    path("figures/", today.figures, name="figures"),
    path("follow-ups/<str:ref>/done/", today.follow_up_done, name="follow-up-done"),
    path("members/", members.members, name="members"),
    path("members/<str:ref>/", members.member, name="member"),
    path("members/<str:ref>/phone/", members.phone, name="member-phone"),
    path("members/<str:ref>/coupons/", coupons.choose, name="choose-campaign"),
    path("members/<str:ref>/coupons/<str:campaign_ref>/", coupons.send, name="send-coupon"),
    path("scan/", scan.scan, name="scan"),
    path("sale/", sales.sale, name="sale"),
    path("sale/basket/", sales.basket, name="basket"),
    path("sale/goods/", sales.goods, name="goods"),
    path("sales/<str:ref>/", sales.done, name="sold"),
    path("sales/<str:ref>/earned/", sales.earned, name="earned"),
    path("earnings/", earnings.earnings, name="earnings"),
    path("earnings/figures/", earnings.figures, name="earnings-figures"),
    path("me/", mine.mine, name="mine"),
    path("messages/", mine.messages, name="messages"),
]
