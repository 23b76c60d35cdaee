"""The websockets, for the live process and for embedded mode. Imported once Django is set up."""

from channels.auth import AuthMiddlewareStack
from channels.routing import URLRouter
from channels.security.websocket import AllowedHostsOriginValidator

from flows.sockets import websocket_urlpatterns

websockets = AllowedHostsOriginValidator(AuthMiddlewareStack(URLRouter(websocket_urlpatterns)))


async def lifespan(scope, receive, send) -> None:
    """Nothing to open or close: say so, as servers ask."""
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
