"""The live process: websockets through Channels, and Django's pages only for its health checks."""

import os

from channels.routing import ProtocolTypeRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
pages = get_asgi_application()

from config import memory  # noqa: E402
from config.sockets import lifespan, websockets  # noqa: E402  (models need Django set up)

application = ProtocolTypeRouter({"http": pages, "websocket": websockets, "lifespan": lifespan})
memory.settle()
