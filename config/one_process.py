"""Pages, sockets, relay, worker and beat in one process, on one port. Imported when the settings can be read.

Pages run in a pool of threads (a2wsgi), sockets on the event loop (Channels); the rest in threads beside it.
"""

import socket
import threading
import time
from collections.abc import Callable

import django
import uvicorn
from a2wsgi import WSGIMiddleware
from celery import beat
from celery.worker import WorkController, state
from django.core.wsgi import get_wsgi_application

from components import catalogues
from config.celery import app

catalogues.compile_all()  # before Django is set up: what it finds missing then, it remembers as empty
django.setup()

from config import prepare  # noqa: E402  (models need Django set up)
from config.sockets import lifespan, websockets  # noqa: E402
from flows import relaying  # noqa: E402

PAGE_THREADS, TASK_THREADS = 16, 4
PATIENCE = 3  # seconds to end what has begun; tasks that run longer are still waited for as Python exits


def is_prepared() -> bool:
    """Make what needs no database, and say whether the schema and its rights are as this code wants them."""
    prepare.files()
    return prepare.schema_is_current()


def serve(door: socket.socket, *, on_ready: Callable[[], None]) -> None:
    """Serve on the bound socket until Ctrl-C or SIGTERM; whatever it started has ended when it returns."""
    routes = {
        "http": WSGIMiddleware(get_wsgi_application(), workers=PAGE_THREADS),
        "websocket": websockets,
        "lifespan": lifespan,
    }

    async def application(scope, receive, send) -> None:
        await routes[scope["type"]](scope, receive, send)

    config = server_config(application)
    background = [RelayThread(), WorkerThread(), BeatThread()]
    for thread in background:
        thread.start()
    try:
        Announcing(config, on_ready).run(sockets=[door])
    finally:
        for thread in background:
            thread.stop()
        deadline = time.monotonic() + PATIENCE
        for thread in background:
            thread.join(max(0, deadline - time.monotonic()))


def server_config(application: Callable) -> uvicorn.Config:
    """Without uvicorn's own proxy headers: it believes X-Forwarded-For of anybody on this machine, while we
    believe it only with BEHIND_PROXY (merchants/client_ip.py)."""
    return uvicorn.Config(
        application,
        log_config=None,
        access_log=False,
        proxy_headers=False,
        timeout_graceful_shutdown=PATIENCE,
    )


class Announcing(uvicorn.Server):
    """Tells when the port really answers."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self.on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self.on_ready()


class RelayThread(threading.Thread):
    def __init__(self) -> None:
        super().__init__(name="relay", daemon=True)
        self.stopping = threading.Event()

    def run(self) -> None:
        relaying.run(self.stopping)

    def stop(self) -> None:
        self.stopping.set()


class WorkerThread(threading.Thread):
    """Celery's worker without its command line, which wants the main thread for its signals."""

    def __init__(self) -> None:
        super().__init__(name="worker", daemon=True)
        self.worker: WorkController = app.WorkController(
            pool="threads",
            concurrency=TASK_THREADS,
            hostname="embedded",
            without_gossip=True,
            without_mingle=True,
        )

    def run(self) -> None:
        self.worker.start()

    def stop(self) -> None:
        state.should_stop = 0  # the exit code; the consumer looks here between messages


class BeatThread(threading.Thread):
    """Celery's clock; its schedule is in the settings and remembers nothing between runs."""

    def __init__(self) -> None:
        super().__init__(name="beat", daemon=True)
        self.service = beat.Service(app, max_interval=1, scheduler_cls=beat.Scheduler)

    def run(self) -> None:
        self.service.start(embedded_process=False)

    def stop(self) -> None:
        self.service.stop()
