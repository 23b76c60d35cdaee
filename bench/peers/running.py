"""django-hordak at work beside us: in a virtual environment and a database of its own, on the same server."""

import hashlib
import os
import subprocess
import sys
import venv
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg2
from psycopg2 import sql

HERE = Path(__file__).resolve().parent
PINS = HERE / "requirements.txt"
HOME = HERE.parent.parent / "var" / "bench" / "peers"

Told = Callable[[int, int], float]
"""Seconds for so many stories, so many a commit."""


@contextmanager
def hordak() -> Iterator[Told]:
    owner_url = os.environ["OWNER_DATABASE_URL"]
    name = f"hordak_{uuid4().hex[:8]}"
    with closing(psycopg2.connect(owner_url)) as owner:
        owner.autocommit = True
        cursor = owner.cursor()
        cursor.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        environment = {**os.environ, "PEER_URL": urlsplit(owner_url)._replace(path=f"/{name}").geturl()}
        for ours in ("PYTHONPATH", "DJANGO_SETTINGS_MODULE"):
            environment.pop(ours, None)
        script = [installed(), HERE / "hordak_post.py"]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        try:
            with subprocess.Popen(script, env=environment, **pipes) as peer:
                if peer.stdout.readline().strip() != "ready":
                    raise RuntimeError("django-hordak could not be started; the reason stands above.")

                def told(stories: int, a_commit: int) -> float:
                    print(stories, a_commit, file=peer.stdin, flush=True)
                    return float(peer.stdout.readline())

                yield told
                peer.stdin.close()
        finally:
            cursor.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def installed() -> Path:
    """The Python that has it; made once for each set of pins."""
    home = HOME / hashlib.sha256(PINS.read_bytes()).hexdigest()[:12]
    python, done = home / "bin" / "python", home / "done"
    if not done.exists():
        print("Installing bench/peers/requirements.txt ...", file=sys.stderr, flush=True)
        venv.create(home, with_pip=True, clear=True)
        install = [python, "-m", "pip", "install", "--quiet", "--require-hashes", "-r", PINS]
        subprocess.run(install, check=True)
        done.touch()
    return python
