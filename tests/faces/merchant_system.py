"""A merchant's system in the tests: it holds a key, calls, and takes no answer that the schema does not
describe."""

import copy
import re
import uuid
from functools import cache
from typing import Any

import jsonschema
from django.test import Client
from drf_spectacular.generators import SchemaGenerator

from events.record import Actor
from merchants.models import Merchant
from merchants.onboarding import API_SCOPES, issue_key

PREFIX = "/api/v1"


class MerchantSystem:
    def __init__(self, merchant: Merchant, *, scopes=API_SCOPES) -> None:
        with_key = Actor.system("tests")
        self.key, self.secret = issue_key(merchant=merchant, name="till", by=with_key, scopes=scopes)
        self.client = Client()

    def headers(self, **extra: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.secret}", "Accept-Language": "en"} | extra

    def get(self, path: str, **query: Any):
        response = self.client.get(PREFIX + path, query, headers=self.headers())
        return described(response, "get", path)

    def post(self, path: str, body: Any, *, key: str | None = None, **headers: str):
        extra = {"Idempotency-Key": key or str(uuid.uuid4())} | headers
        response = self.client.post(
            PREFIX + path, body, content_type="application/json", headers=self.headers(**extra)
        )
        return described(response, "post", path)


def described(response, method: str, path: str):
    """The response, if its status, its fields and their types are in the schema."""
    operation = next(
        operations[method]
        for template, operations in schema()["paths"].items()
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), PREFIX + path) and method in operations
    )
    assert str(response.status_code) in operation["responses"], (response.status_code, response.json())
    content = operation["responses"][str(response.status_code)]["content"]
    assert response["Content-Type"] in content
    shape = content[response["Content-Type"]]["schema"] | {"components": schema()["components"]}
    jsonschema.validate(response.json(), shape, jsonschema.Draft202012Validator)
    return response


@cache
def schema() -> dict[str, Any]:
    """The published schema, closed: an answer may hold nothing that is not described. Problems stay open."""
    document = copy.deepcopy(SchemaGenerator().get_schema(request=None, public=True))
    for name, component in document["components"]["schemas"].items():
        if component.get("type") == "object" and name != "ProblemAnswer":
            component["additionalProperties"] = False
    return document


def sale(*lines, no: str = "T-1", **changed) -> dict:
    """A sale at Jing'an: lines as (code, quantity) or whole."""
    told = [line if isinstance(line, dict) else {"sku": line[0], "quantity": line[1]} for line in lines]
    facts = {"channel": "pos", "external_no": no, "store": "JA01", "lines": told}
    return facts | {"paid_at": "2026-11-20T12:00:00+08:00"} | changed


def money_back(*lines, no: str = "R-1", order_no: str = "T-1", **changed) -> dict:
    told = [{"sku": sku, "quantity": quantity, "amount": amount} for sku, quantity, amount in lines]
    facts = {"channel": "pos", "external_no": no, "order_external_no": order_no, "lines": told}
    return facts | {"refunded_at": "2026-11-20T15:00:00+08:00"} | changed


def code(response) -> str:
    return response.json()["code"]
