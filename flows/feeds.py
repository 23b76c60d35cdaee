"""The addresses of the feed, beside those of the push (`flows/sockets.py`) and with the same audiences."""

from django.urls import path

from flows import audience
from notifications.views import FeedView

urlpatterns = [
    path("feed", FeedView.as_view(audience_of=audience.staff_of_request), name="feed"),
    path("feed/<slug:brand>", FeedView.as_view(audience_of=audience.shopper_of_request), name="shopper-feed"),
]
