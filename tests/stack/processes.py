"""Separate processes on loopback, each with its log, none left behind."""

import ctypes
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LIBC = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1


class Process:
    """A program that can be started, killed and started again."""

    def __init__(self, name: str, command: list[object], *, environment: dict[str, str], logs: Path) -> None:
        self.name = name
        self.command = [str(part) for part in command]
        self.environment = environment
        self.log = logs / f"{name}.log"
        self.running: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.running = subprocess.Popen(
                self.command,
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # its own group, so that its children end with it
                preexec_fn=lambda: LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM),
            )

    def kill(self) -> None:
        """As a crash would: no goodbye, children included."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> None:
        if self.running is None:
            return
        for step in (number, signal.SIGKILL):
            try:
                os.killpg(self.running.pid, step)
                self.running.wait(10)
            except (ProcessLookupError, subprocess.TimeoutExpired):
                continue
        self.running = None

    def wait_for_port(self, port: int) -> None:
        self._wait(lambda: answers(port), f"port {port}")

    def wait_for_page(self, url: str) -> None:
        self._wait(lambda: status_of(url) == 200, url)

    def wait_for_log(self, text: str) -> None:
        self._wait(lambda: text in self.log.read_text(errors="replace"), f"{text!r} in its log")

    def _wait(self, is_there, what: str, seconds: float = 40) -> None:
        deadline = time.monotonic() + seconds
        while not is_there():
            ended = self.running is None or self.running.poll() is not None
            if ended or time.monotonic() > deadline:
                raise AssertionError(
                    f"{self.name} {'ended' if ended else 'is late'} before {what}:\n{self.tail()}"
                )
            time.sleep(0.05)

    def tail(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-40:])


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def status_of(url: str) -> int:
    """The status of a GET, 0 when nobody answers."""
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return response.status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0
