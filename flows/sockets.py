"""The addresses of the live push, and who is let in at each."""

from django.urls import path

from flows import audience
from notifications.consumers import LiveSocket

websocket_urlpatterns = [
    # The types know views only; Channels' router takes ASGI applications.
    path("ws/live/", LiveSocket(audience.staff_of_socket)),  # type: ignore[arg-type]
    path("ws/shop/<slug:brand>/", LiveSocket(audience.shopper_of_socket)),  # type: ignore[arg-type]
]
