"""The schema says what the API does; its pages need nothing from another host."""

import re
from contextlib import closing
from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import Client

from api import docs
from merchants.onboarding import API_SCOPES
from tests.faces.merchant_system import schema

CALLS = {
    "GET /stores",
    "POST /stores",
    "GET /stores/nearest",
    "GET /stores/{ref}",
    "GET /guides",
    "POST /guides",
    "GET /guides/{ref}",
    "GET /products",
    "POST /products",
    "GET /products/{ref}",
    "GET /skus",
    "POST /skus",
    "GET /skus/{ref}",
    "GET /members",
    "POST /members",
    "GET /members/{ref}",
    "GET /contracts",
    "POST /contracts",
    "GET /contracts/{ref}",
    "POST /contracts/{ref}/amendment",
    "POST /contracts/{ref}/revision",
    "POST /contracts/{ref}/withdrawal",
    "POST /contracts/{ref}/acceptance",
    "POST /contracts/{ref}/decline",
    "POST /contracts/{ref}/end",
    "GET /campaigns",
    "POST /campaigns",
    "GET /campaigns/{ref}",
    "POST /campaigns/{ref}/coupons",
    "GET /coupons/{code}",
    "GET /orders",
    "POST /orders",
    "POST /orders/batch",
    "GET /orders/{ref}",
    "POST /refunds",
    "GET /attribution-policies",
    "POST /attribution-policies",
    "GET /attribution-policies/{ref}",
    "POST /attribution-policies/{ref}/publish",
    "POST /attribution-policies/{ref}/recall",
    "POST /attribution-policies/{ref}/trial",
    "GET /plans",
    "POST /plans",
    "GET /plans/{ref}",
    "GET /plans/{ref}/versions",
    "POST /plans/{ref}/versions",
    "GET /versions/{ref}",
    "POST /versions/{ref}/publish",
    "POST /versions/{ref}/recall",
    "POST /versions/{ref}/simulate",
    "GET /programmes",
    "POST /programmes",
    "GET /programmes/{ref}",
    "POST /programmes/{ref}/top-ups",
    "GET /ledger/trial-balance",
    "GET /settlements",
    "GET /settlements/{ref}",
    "GET /payouts",
    "GET /payouts/{ref}",
    "GET /received-payouts",
    "GET /received-payouts/{ref}",
    "POST /received-payouts/{ref}/objection",
    "POST /received-payouts/{ref}/arrival",
    "GET /events",
}


def operations():
    for path, methods in schema()["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path.removeprefix('/api/v1')}", operation


def test_the_schema_is_valid_and_made_without_a_warning(tmp_path):
    call_command("spectacular", validate=True, fail_on_warn=True, file=str(tmp_path / "schema.yml"))
    assert (tmp_path / "schema.yml").read_text().startswith("openapi: 3.1.0")


def test_every_call_is_described():
    assert {name for name, _operation in operations()} == CALLS
    ids = [operation["operationId"] for _name, operation in operations()]
    assert len(ids) == len(set(ids))
    assert all(operation["description"] for _name, operation in operations())


def test_the_key_is_described():
    assert schema()["components"]["securitySchemes"]["merchantKey"]["scheme"] == "bearer"


def test_every_call_asks_for_a_key_and_every_post_for_an_idempotency_key():
    for name, operation in operations():
        [[scope]] = [way["merchantKey"] for way in operation["security"]]
        assert scope in API_SCOPES, name
        headers = {each["name"] for each in operation.get("parameters", []) if each["in"] == "header"}
        assert headers == ({"Idempotency-Key"} if name.startswith("POST") else set()), name


def test_every_call_describes_its_problems():
    for name, operation in operations():
        expected = {"400", "401", "403", "404", "422", "429"} | (
            {"409", "413"} if name.startswith("POST") else set()
        )
        described = {
            status
            for status, response in operation["responses"].items()
            if "application/problem+json" in response.get("content", {})
        }
        assert described == expected, name


@pytest.mark.parametrize(("language", "words"), [("en", "Quick start"), ("zh-hans", "快速上手")])
def test_the_schema_speaks_the_readers_language(db, language, words):
    response = Client().get("/api/v1/schema/", headers={"Accept-Language": language})
    assert response.status_code == 200
    assert words in response.text


@pytest.mark.parametrize("path", ["/api/docs/", "/api/docs/try/"])
def test_a_docs_page_asks_nothing_of_another_host(db, path):
    response = Client().get(path)
    assert response.status_code == 200
    assert re.findall(r'(?:src|href|data-schema)="(?!/)[^"]+"', response.text) == []
    policy = response["Content-Security-Policy"]
    assert "script-src 'self'" in [directive.strip() for directive in policy.split(";")]
    assert "http" not in policy
    scripts = re.findall(r"<script(?![^>]*src=)[^>]*>\s*\S", response.text)
    assert scripts == []


@pytest.mark.parametrize("path", ["/api/docs/", "/api/docs/try/"])
def test_the_files_of_a_docs_page_are_there(db, path):
    page = Client().get(path).text
    addresses = re.findall(r'(?:src|href|data-schema)="(/[^"]+)"', page)
    assert addresses
    for address in addresses:
        with closing(Client().get(address)) as response:
            assert response.status_code == 200, address


def test_the_quick_start_names_the_address_it_is_read_at_and_the_command_of_the_readme(db):
    said = Client().get("/api/v1/schema/", headers={"Host": "localhost:8700"}).text
    assert "TIANDI=http://localhost:8700/api/v1" in said and "127.0.0.1:8000" not in said
    assert "`./dev demo --json`" in said


def test_the_quick_start_runs_the_same_commands_in_both_languages():
    english, chinese = (commands(language) for language in ("en", "zh_Hans"))
    assert len(english) == 6
    assert english == chinese


def commands(language: str) -> list[str]:
    text = (Path(docs.__file__).parent / "quick_start" / f"{language}.md").read_text()
    return [re.sub(r" +# .*", "", block) for block in re.findall(r"```sh\n(.*?)```", text, re.S)]
