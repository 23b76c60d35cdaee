"""A brand's pages for shoppers, below /s/<brand>/."""

from django.urls import path

from storefront.views import joining, mine, places, privacy

app_name = "storefront"

urlpatterns = [
    path("", places.landing, name="landing"),
    path("nearest/", places.nearest, name="nearest"),
    path("cities/", places.cities, name="cities"),
    path("cities/<str:province>/<str:city>/", places.city, name="city"),
    path("st/<str:ref>/", places.store, name="store"),
    path("g/<str:ref>/", places.guide, name="guide"),
    path("join/", joining.join, name="join"),
    path("join/code/", joining.confirm, name="confirm"),
    path("sign-in/", joining.sign_in, name="sign_in"),
    path("sign-in/code/", joining.sign_in_code, name="sign_in_code"),
    path("sign-out/", joining.sign_out, name="sign_out"),
    path("me/", mine.card, name="me"),
    path("me/coupons/<str:ref>/", mine.coupon, name="coupon"),
    path("me/orders/", mine.orders, name="orders"),
    path("me/privacy/", privacy.page, name="privacy"),
    path("me/privacy/<str:purpose>/", privacy.answer, name="consent"),
    path("me/sessions/<str:ref>/end/", privacy.end_session, name="end_session"),
]
