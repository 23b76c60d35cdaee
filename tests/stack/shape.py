"""The production shape on this machine: 2 web, live, relay, worker, beat, over PostgreSQL and Redis."""

import base64
import os
import secrets
import subprocess
import sys
from collections.abc import Collection
from pathlib import Path

import psycopg2
import redis

from config import postgres
from tests import sms_gateway
from tests.stack.processes import ROOT, Process, free_port

BIN = Path(sys.executable).parent


class DatabaseServer:
    """The machine's own PostgreSQL, on the same sockets however often it is killed and started again.

    It skips fsync, but what it has acknowledged outlives its processes: sessions commit synchronously.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        # No packages: the machine's own PostgreSQL, not the wheel's.
        self.server = postgres.start(folder, durable=False)
        with psycopg2.connect(self.server.app_url) as connection, connection.cursor() as cursor:
            cursor.execute("ALTER ROLE CURRENT_USER SET synchronous_commit = on")

    def kill(self) -> None:
        """Its processes follow the first one as soon as they notice."""
        self.server.process.kill()
        self.server.process.wait()

    def start(self) -> None:
        cluster = self.folder / "postgres"
        binaries = postgres.find_binaries(None, postgres.major_of(cluster))
        process = postgres.start_patiently(
            cluster.resolve(),
            binaries,
            postgres.server_user(),
            self.server.sockets,
            self.folder / "postgres.log",
            durable=False,
        )
        self.server = postgres.Server(process, self.server.sockets)

    def stop(self) -> None:
        self.server.stop()


class Stack:
    """`web` and `live` are addresses; `processes` holds every part by name, to kill and start again;
    `sms.messages` are the (phone, text) that went out."""

    def __init__(
        self,
        folder: Path,
        *,
        app_url: str,
        owner_url: str,
        database_server: DatabaseServer | None = None,
        **environment: str,
    ) -> None:
        """The server is there already, and may be given to be killed. `environment` is for whoever must know its
        secrets; what is left out is made."""
        self.app_url, self.database_server = app_url, database_server
        self.sms = sms_gateway.SmsGateway()
        self.redis_port = free_port()
        self.web_ports, self.live_port = [free_port(), free_port()], free_port()
        self.web = [f"http://127.0.0.1:{port}" for port in self.web_ports]
        self.live = f"ws://127.0.0.1:{self.live_port}"
        self.environment = os.environ | {
            "TIANDI_EMBEDDED": "0",
            "DATABASE_URL": app_url,
            "OWNER_DATABASE_URL": owner_url,
            "REDIS_URL": f"redis://127.0.0.1:{self.redis_port}/0",
            "SECRET_KEY": secrets.token_urlsafe(50),
            "SEALING_KEYS": base64.urlsafe_b64encode(os.urandom(32)).decode(),
            "FINGERPRINT_KEY": secrets.token_urlsafe(40),
            "ALLOWED_HOSTS": "127.0.0.1",
            "SMS_BACKEND": "notifications.sms.Gateway",
            "SMS_GATEWAY_URL": self.sms.url,
            "SMS_GATEWAY_TOKEN": sms_gateway.TOKEN,
            "HTTPS_ONLY": "0",  # loopback has no certificates
            "STATIC_ROOT": str(folder / "static"),
            **environment,
        }
        commands: dict[str, list[object]] = {
            "redis": [
                "redis-server",
                "--port",
                self.redis_port,
                "--bind",
                "127.0.0.1",
                "--save",
                "",
                "--dir",
                folder,
            ],
            "web-1": self._web(self.web_ports[0]),
            "web-2": self._web(self.web_ports[1]),
            "live": [BIN / "uvicorn", "config.asgi:application", "--port", self.live_port],
            "relay": [sys.executable, "manage.py", "relay"],
            "worker": [
                BIN / "celery",
                "-A",
                "config.celery",
                "worker",
                "--concurrency",
                "2",
                "--loglevel",
                "INFO",
            ],
            "beat": [BIN / "celery", "-A", "config.celery", "beat", "--schedule", folder / "beat"],
        }
        self.processes = {
            name: Process(name, command, environment=self.environment, logs=folder)
            for name, command in commands.items()
        }

    def _web(self, port: int) -> list[object]:
        where = ["--host", "127.0.0.1", "--port", port]
        return [
            BIN / "granian",
            "--interface",
            "wsgi",
            *where,
            "--blocking-threads",
            "4",
            "config.wsgi:application",
        ]

    def start(self, *names: str) -> None:
        """Every part, or Redis and these."""
        names = names or tuple(self.processes)
        self.processes["redis"].start()
        self.processes["redis"].wait_for_port(self.redis_port)
        self.python("-m", "config.prepare", "--database")
        for name in names:
            if self.processes[name].running is None:
                self.processes[name].start()
        self.wait_for_servers(names)
        if "worker" in names:
            self.processes["worker"].wait_for_log(" ready.")

    def wait_for_servers(self, names: Collection[str] = ("web-1", "web-2", "live")) -> None:
        pages = dict(zip(("web-1", "web-2"), self.web, strict=True))
        for name, url in (pages | {"live": f"http://127.0.0.1:{self.live_port}"}).items():
            if name in names:
                self.processes[name].wait_for_page(f"{url}/readyz")

    def stop(self) -> None:
        for process in reversed(self.processes.values()):
            process.stop()
        self.sms.stop()

    def python(self, *arguments: str) -> str:
        """Run a module or manage.py inside the stack's environment; its output."""
        done = subprocess.run(
            [sys.executable, *arguments], cwd=ROOT, env=self.environment, text=True, capture_output=True
        )
        assert done.returncode == 0, f"{arguments} failed:\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def database(self):
        """A connection as the application's role."""
        connection = psycopg2.connect(self.app_url)
        connection.autocommit = True
        return connection

    def empty_redis(self) -> None:
        with redis.Redis(port=self.redis_port) as client:
            client.flushall()
