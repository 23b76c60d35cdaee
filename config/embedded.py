"""A whole Tiandi on one machine, for a developer or a demo: `python -m config.embedded`, run by ./dev up.

Takes the port and the data folder, starts PostgreSQL (a child that dies with this process) unless the
environment names another, prepares it, and serves (config/one_process.py) until Ctrl-C.
"""

import argparse
import importlib
import json
import os
import signal
import socket
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config import postgres
from config.data_folder import DataFolder, Taken, write_private

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    parser = argparse.ArgumentParser(prog="config.embedded")
    add_options(parser)
    options = parser.parse_args()
    folder = DataFolder(options.data)
    for number in (signal.SIGINT, signal.SIGTERM):  # SIGINT too: a shell ignores it for its background jobs
        signal.signal(number, signal.default_int_handler)
    try:
        with folder.held(), listening(options.host, options.port) as door, database(folder) as addresses:
            for name, value in (folder.environment() | addresses).items():
                os.environ.setdefault(name, value)
            os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
            folder.announce(**addresses, host=options.host, port=options.port)
            # Only now does the environment name everything that Django reads as it is imported.
            one_process = importlib.import_module("config.one_process")
            if not one_process.is_prepared():
                python("-m", "config.prepare", "--database")
            if options.demo:
                seed(folder)
            one_process.serve(door, on_ready=lambda: greet(folder, options))
    except (Taken, PortTaken, postgres.PostgresError) as error:
        sys.exit(str(error))
    except subprocess.CalledProcessError as error:
        sys.exit(f"{' '.join(error.cmd[1:])} failed; what it said stands above.")
    except KeyboardInterrupt:
        pass
    print("Stopped.", flush=True)


def absolute(text: str) -> Path:
    return Path(text).expanduser().absolute()


def add_options(parser: argparse.ArgumentParser) -> None:
    """Also for ./dev, which explains and resolves them before any package is installed."""
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default 127.0.0.1)")
    parser.add_argument("--port", type=int, default=8000, help="port to listen on (default 8000)")
    parser.add_argument("--data", type=absolute, help="folder for database, secrets and logs (default var)")
    parser.add_argument("--no-demo", dest="demo", action="store_false", help="start empty, without the demo")


# --- before it serves ---


class PortTaken(Exception):
    pass


@contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """The port, taken first of all: whoever started us learns at once that it is in use."""
    family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind) as door:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            door.bind(address)
            door.listen()  # early visitors wait; without it the next ./dev up could bind this port too
        except OSError as error:
            raise PortTaken(
                f"Port {port} on {host} cannot be had: {error.strerror}. "
                f"Choose another, for instance ./dev up --port {port + 1}"
            ) from None
        yield door


@contextmanager
def database(folder: DataFolder) -> Iterator[dict[str, str]]:
    """The addresses of the environment, else of a server of our own that lives as long as this block."""
    given = {name: os.environ[name] for name in ("DATABASE_URL", "OWNER_DATABASE_URL") if name in os.environ}
    if len(given) == 1:
        raise postgres.PostgresError("Set both DATABASE_URL and OWNER_DATABASE_URL, or neither.")
    if given:
        yield given
        return
    server = postgres.start(folder.path, packages=Path(sysconfig.get_path("purelib")))
    try:
        yield {"DATABASE_URL": server.app_url, "OWNER_DATABASE_URL": server.owner_url}
    finally:
        server.stop()


def seed(folder: DataFolder) -> None:
    """The demo, the first time this folder is used; what it tells (keys, logins) is kept for later starts."""
    told = folder.path / "demo.json"
    if not told.exists():
        python("manage.py", "demo")
        write_private(told, json.loads(python("manage.py", "demo", "--json", stdout=subprocess.PIPE)))


def python(*arguments: str, stdout: int | None = None) -> str:
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=ROOT, check=True, text=True, stdout=stdout).stdout


def greet(folder: DataFolder, options: argparse.Namespace) -> None:
    host = "127.0.0.1" if options.host in {"0.0.0.0", "::"} else options.host
    site = f"http://{f'[{host}]' if ':' in host else host}:{options.port}"
    told = folder.path / "demo.json"
    lines = [f"\nTiandi is up: {site}/"]
    if told.exists():
        lines += demo_lines(json.loads(told.read_text()), site)
    lines.append("Ctrl-C stops it.")
    print("\n".join(lines), flush=True)


def demo_lines(told: dict, site: str) -> list[str]:
    """A storefront for each brand and a login for each role, as manage.py demo --json tells them."""
    lines = [f"  {'shopper':<16}{site}{brand['storefront']}  {brand['name']}" for brand in told["brands"]]
    for login in told["logins"]:
        key = f"{login['email']}  {login['password']}" if "email" in login else f"{login['phone']}  by code"
        place = login.get("store") or login["merchant"]
        lines.append(f"  {login['role']:<16}{key}  ({login['name']}, {place})")
    keys = "./dev demo --json tells the API keys."
    return [*lines, f"  Sign in at {site}/ ; codes sent by SMS are shown here. {keys}"]


if __name__ == "__main__":
    main()
