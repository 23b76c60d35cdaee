"""A whole Tiandi as `./dev up` runs it: one process, its own PostgreSQL, in a passing folder, with a demo."""

import json
import os
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

from tests.merchant_calls import MerchantCalls

ROOT = Path(__file__).resolve().parents[2]
ALL_DAY = [[["00:00", "24:00"]]] * 7
# The tests' own settings; `config.embedded` must find its own.
NOT_PASSED_ON = {"DATABASE_URL", "OWNER_DATABASE_URL", "SECRET_KEY", "SEALING_KEYS", "FINGERPRINT_KEY"}
NOT_PASSED_ON |= {"STATIC_ROOT", "REDIS_URL", "TIANDI_DATA"}


class Site:
    """`address` without a slash at its end; `told` is what manage.py demo --json tells.

    Hehe's first store, HE001, stays open day and night here, so that the loop runs at any hour.
    """

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.address = folder, f"http://127.0.0.1:{port}"
        self.environment = {
            name: value for name, value in os.environ.items() if name not in NOT_PASSED_ON
        } | {"TIANDI_DATA": str(folder / "data")}
        self.log = folder / "tiandi.log"
        arguments = ["--port", str(port), "--data", str(folder / "data"), "--no-demo"]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "config.embedded", *arguments],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self.signed_in: dict[str, Any] = {}  # cookies by login, see visitors.py

    def lay_demo(self, scale: str) -> None:
        self._wait()
        self.manage("demo", "--scale", scale, "--verbosity", "0")
        self.told = json.loads(self.manage("demo", "--json"))
        self.hehe, self.qinglan, self.mubai = map(self.merchant, ("hehe", "qinglan", "mubai"))
        store = self.hehe.get("/stores", code="HE001")["data"][0]
        kept = ("code", "name", "kind", "province", "city", "district", "adcode", "address", "lng", "lat")
        open_always = {name: store[name] for name in kept} | {"hours": ALL_DAY, "abilities": ["pickup"]}
        self.store = self.hehe.post("/stores", open_always).body
        here = {"lng": store["lng"], "lat": store["lat"], "limit": 1}
        on_duty = self.hehe.get("/stores/nearest", **here)["data"][0]["guides_on_duty"]
        self.guide = next(guide for guide in on_duty if guide["code"] == "HE001-1")

    def merchant(self, key: str) -> MerchantCalls:
        return MerchantCalls.of_demo(self.told, key, self.address)

    def login(self, merchant: str, role: str) -> dict[str, str]:
        return next(who for who in self.told["logins"] if (who["merchant"], who["role"]) == (merchant, role))

    def manage(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            text=True,
            capture_output=True,
        )
        assert done.returncode == 0, f"manage.py {arguments} failed:\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(20)

    def _wait(self) -> None:
        deadline = time.monotonic() + 60
        while True:
            try:
                with urllib.request.urlopen(f"{self.address}/readyz"):
                    return
            except OSError:
                ended = self.process.poll() is not None
                if ended or time.monotonic() > deadline:
                    said = self.log.read_text(errors="replace")[-4000:]
                    raise AssertionError(f"Tiandi did not come up:\n{said}") from None
            time.sleep(0.1)
