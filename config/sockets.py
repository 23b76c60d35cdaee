"""The websockets, for the live process and for embedded mode. Imported once Django is set up."""

from channels.auth import AuthMiddlewareStack
from channels.routing import URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.urls import re_path

from flows.sockets import websocket_urlpatterns
from notifications.consumers import nowhere

# Channels raises where no address fits, and the server would log that as a fault of ours.
addresses = [*websocket_urlpatterns, re_path("", nowhere)]
websockets = AllowedHostsOriginValidator(AuthMiddlewareStack(URLRouter(addresses)))


async def lifespan(scope, receive, send) -> None:
    """Nothing to open or close: say so, as servers ask."""
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
