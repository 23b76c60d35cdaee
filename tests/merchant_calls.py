"""A merchant's own system over real HTTP, with the demo's key: for tests against running servers."""

import json
import urllib.error
import urllib.parse
import urllib.request
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any


@dataclass(frozen=True)
class Answer:
    status: int
    body: dict[str, Any]
    replayed: bool = False

    def __getitem__(self, name: str) -> Any:
        return self.body[name]


@dataclass(frozen=True)
class MerchantCalls:
    """`address` is a server's, without a path; `name` the merchant's, as manage.py demo --json tells it."""

    address: str
    key: str
    name: str = ""
    language: str = "en"

    @classmethod
    def of_demo(cls, told: dict[str, Any], merchant: str, address: str) -> "MerchantCalls":
        role = next(role for role in told["merchants"] if role["key"] == merchant)
        return cls(address, role["api_key"], role["name"])

    def get(self, path: str, **query: Any) -> Answer:
        return self._call("GET", f"{path}?{urllib.parse.urlencode(query)}" if query else path)

    def post(self, path: str, body: dict[str, Any], *, once: str = "") -> Answer:
        """`once` is the Idempotency-Key; a fresh one if left out."""
        return self._call("POST", path, body, {"Idempotency-Key": once or uuid.uuid4().hex})

    def told(self, *, after: str = "0") -> tuple[list[dict[str, Any]], str]:
        """All events of the merchant's stream after this place, and the place where it ends now."""
        events: list[dict[str, Any]] = []
        while (page := self.get("/events", after=after, limit=200))["data"]:
            events += page["data"]
            after = page["next"]
        return events, after

    def _call(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> Answer:
        request = urllib.request.Request(
            f"{self.address}/api/v1{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Authorization": f"Bearer {self.key}",
                "Accept-Language": self.language,
                "Content-Type": "application/json",
                **(headers or {}),
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=20) as response:
                replayed = response.headers.get("Idempotency-Replayed") == "true"
                return Answer(response.status, json.load(response), replayed)
        except urllib.error.HTTPError as refused:
            with refused:
                return Answer(refused.code, json.load(refused))


def sale(store: str, *skus: str, no: str, **more: Any) -> dict[str, Any]:
    """The body of a sale of one piece each at list price, paid now."""
    return {
        "channel": "pos",
        "external_no": no,
        "store": store,
        "paid_at": now(),
        "lines": [{"sku": sku, "quantity": 1} for sku in skus],
    } | more


def money_back(sku: str, amount: int, *, no: str, **more: Any) -> dict[str, Any]:
    """The body of a refund of one piece of the sale `no`."""
    return {
        "channel": "pos",
        "external_no": f"R-{no}",
        "order_external_no": no,
        "refunded_at": now(),
        "lines": [{"sku": sku, "quantity": 1, "amount": amount}],
    } | more


def now() -> str:
    return datetime.now(UTC).isoformat()
