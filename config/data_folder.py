"""The folder where a Tiandi on one machine keeps what is its own: database, secrets, who is running.

Standard library only: ./dev and manage.py read it before Django is there.
"""

import base64
import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

DEFAULT = Path(__file__).resolve().parent.parent / "var"


class Taken(Exception):
    """Another process holds this folder; `pid` names it, 0 when unknown."""

    def __init__(self, folder: Path, pid: int) -> None:
        super().__init__(
            f"Tiandi already runs on {folder} (process {pid or 'unknown'}). "
            "Stop it with Ctrl-C in its terminal, or choose another folder with --data DIR."
        )
        self.pid = pid


class DataFolder:
    def __init__(self, path: Path | None = None) -> None:
        self.path = (path or Path(os.environ.get("TIANDI_DATA") or DEFAULT)).resolve()

    def make(self) -> None:
        self.path.mkdir(parents=True, exist_ok=True)

    @property
    def run_file(self) -> Path:
        return self.path / "run.json"

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the folder for this process alone; Taken if another does. The kernel lets go when we die."""
        self.make()
        with (self.path / "lock").open("a+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Taken(self.path, self.running().get("pid", 0)) from None
            try:
                yield
            finally:
                self.run_file.unlink(missing_ok=True)

    def announce(self, **facts: object) -> None:
        """Tell others on this machine where this run's database and pages are."""
        write_private(self.run_file, facts | {"pid": os.getpid()})

    def running(self) -> dict:
        """What the living holder announced; empty when there is none."""
        try:
            facts = json.loads(self.run_file.read_text())
            os.kill(facts["pid"], 0)
        except (FileNotFoundError, ProcessLookupError, json.JSONDecodeError, KeyError):
            return {}
        return facts

    def secrets(self) -> dict[str, str]:
        """This folder's own keys, made once, readable by its owner only."""
        path = self.path / "secrets.json"
        try:
            return json.loads(path.read_text())
        except FileNotFoundError:
            made = {
                "SECRET_KEY": secrets.token_urlsafe(50),
                "SEALING_KEYS": base64.urlsafe_b64encode(os.urandom(32)).decode(),
                "FINGERPRINT_KEY": secrets.token_urlsafe(40),
            }
            self.make()
            write_private(path, made)
            return made

    def environment(self) -> dict[str, str]:
        """What the settings need for embedded mode on this folder; database addresses only while one runs."""
        facts = self.running()
        found = {key: facts[key] for key in ("DATABASE_URL", "OWNER_DATABASE_URL") if key in facts}
        return {
            "TIANDI_EMBEDDED": "1",
            "TIANDI_DATA": str(self.path),
            "STATIC_ROOT": str(self.path / "static"),
            **self.secrets(),
            **found,
        }


def write_private(path: Path, content: dict) -> None:
    """Whole or not at all, 0600 from the first byte."""
    unfinished = path.with_suffix(".unfinished")
    unfinished.unlink(missing_ok=True)
    with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(content, file, indent=2)
    unfinished.rename(path)
