"""The addresses of the live push, and who is let in at each."""

from django.urls import path

from flows import audience
from notifications.consumers import LiveSocket

websocket_urlpatterns = [
    path("ws/live/", LiveSocket(audience.staff_of_socket)),
    path("ws/shop/<slug:brand>/", LiveSocket(audience.shopper_of_socket)),
]
