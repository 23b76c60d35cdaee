"""Whose key it is and what it may do; and what every answer of the API has in common."""

from datetime import timedelta
from unittest.mock import patch

import pytest
from django.test import Client
from django.utils import timezone
from django_scopes import scope
from redis.exceptions import ConnectionError

from api.v1 import stores
from tests.faces.merchant_system import PREFIX, MerchantSystem


@pytest.fixture
def till(world):
    """Hehe's till system, with every scope."""
    return MerchantSystem(world.hehe)


def problem(response) -> dict:
    assert response["Content-Type"] == "application/problem+json"
    body = response.json()
    assert body["status"] == response.status_code
    assert body["request_id"] == response["X-Request-Id"]
    assert {"type", "title", "detail", "code", "next_step"} <= set(body)
    return body


def anonymous(path: str, **headers):
    return Client().get(PREFIX + path, headers={"Accept-Language": "en", **headers})


def test_without_a_key_nothing_is_answered(world):
    response = anonymous("/stores")
    assert response.status_code == 401
    assert problem(response)["code"] == "key.missing"
    assert response["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("header", ["Bearer tk_live_nobodys", "Bearer", "Basic dGs6", "nonsense", "Bearer é"])
def test_a_key_that_is_none_is_refused(world, header):
    response = anonymous("/stores", Authorization=header)
    assert response.status_code == 401
    assert problem(response)["code"] == "key.not_accepted"


def test_a_revoked_key_is_refused_at_once(world, till):
    assert till.get("/stores").status_code == 200
    with scope(merchant=world.hehe):
        till.key.revoked_at = timezone.now()
        till.key.save()
    assert problem(till.get("/stores"))["code"] == "key.not_accepted"


def test_a_key_without_the_scope_is_told_which_one(world):
    reader = MerchantSystem(world.hehe, scopes=["stores:read"])
    assert reader.get("/stores").status_code == 200
    refused = problem(reader.get("/orders"))
    assert (refused["status"], refused["code"], refused["scope"]) == (403, "key.scope_missing", "orders:read")
    assert problem(reader.post("/stores", {}))["scope"] == "stores:write"


def test_the_use_of_a_key_is_noted_at_most_once_a_minute(world, till):
    def last_used():
        with scope(merchant=world.hehe):
            till.key.refresh_from_db()
        return till.key.last_used_at

    till.get("/stores")
    first = last_used()
    till.get("/stores")
    assert last_used() == first
    with scope(merchant=world.hehe):
        till.key.last_used_at = first - timedelta(minutes=2)
        till.key.save()
    till.get("/stores")
    assert last_used() >= first


def test_every_answer_has_a_request_id_and_is_not_cached(till):
    one, other = till.get("/stores"), till.get("/stores")
    assert one["X-Request-Id"].startswith("req_")
    assert one["X-Request-Id"] != other["X-Request-Id"]
    assert one["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "path", ["/api/v1/nothing", "/api/", "/api/v2/stores", "/api/v1/stores/17", "/api/v1/stores/"]
)
@pytest.mark.parametrize("method", ["get", "post", "delete"])
def test_an_address_that_is_none_is_a_problem_too(world, path, method):
    response = getattr(Client(), method)(path)
    assert response.status_code == 404
    assert problem(response)["code"] == "request.no_such_address"


def test_an_address_with_a_code_in_the_place_of_an_id_says_where_the_id_is_found(world, till):
    told = till.post("/programmes", {"code": "card", "name": "卡"}).json()
    for path, found_by_code in [
        (f"/guides/{world.lin.code}", f"/guides?code={world.lin.code}"),
        (f"/stores/{world.jingan.code}", f"/stores?code={world.jingan.code}"),
        (f"/skus/{world.tote.code}", f"/skus?code={world.tote.code}"),
        ("/programmes/card", "/programmes?code=card"),
        ("/programmes/card/top-ups", "/programmes?code=card"),
    ]:
        refused = problem(till.client.get(f"/api/v1{path}", headers=till.headers()))
        room, _query, code = found_by_code.partition("?code=")
        assert refused["code"] == "request.no_such_address" and "id" in refused["detail"]
        assert f"/api/v1{room}?code=" in refused["next_step"], path
        assert len(till.get(room, code=code).json()["data"]) == 1, path
    assert till.get("/programmes", code="other").json()["data"] == []
    assert till.get(f"/programmes/{told['id']}").status_code == 200
    refused = problem(till.get("/orders/T-1"))
    assert "/api/v1/orders " in refused["next_step"] and "?code=" not in refused["next_step"]
    for path in ("/nothing/card", "/versions/1", "/stores/a/b/c"):
        refused = problem(till.client.get(f"/api/v1{path}", headers=till.headers()))
        assert "/api/docs/" in refused["next_step"], path


def test_a_method_that_an_address_does_not_take(till):
    response = till.client.delete("/api/v1/stores", headers=till.headers())
    assert response.status_code == 405
    assert response["Allow"] == "GET, HEAD, POST"
    assert problem(response)["code"] == "request.method"


@pytest.mark.parametrize("body", ["{", "", "nul", '{"code": NaN}', "\x00"])
def test_a_body_that_is_no_json_is_400(till, body):
    response = till.client.post(
        "/api/v1/stores",
        body,
        content_type="application/json",
        headers=till.headers(**{"Idempotency-Key": "k"}),
    )
    assert response.status_code == (422 if body == "" else 400)
    assert problem(response)["code"] == ("input.invalid" if body == "" else "request.not_json")


def test_a_body_that_is_not_marked_as_json_is_415(till):
    headers = till.headers(**{"Idempotency-Key": "k"})
    response = till.client.post("/api/v1/stores", "code=1", content_type="text/plain", headers=headers)
    assert response.status_code == 415
    assert problem(response)["code"] == "request.media_type"


@pytest.mark.parametrize("body", ["[]", '"text"', "7", "null", "[{}]"])
def test_a_body_that_is_no_object_is_422(till, body):
    assert problem(till.post("/stores", body))["code"] == "input.invalid"


def test_invalid_input_lists_each_fault_with_its_field(till):
    sale = {
        "channel": "pos",
        "store": "JA01",
        "lines": [{"sku": "MB-TEA", "quantity": 1}, {"sku": "MB-TEA", "quantity": 0, "paid": 12.8}],
        "paid_at": "2026-11-20T12:00:00",
    }
    refused = problem(till.post("/orders", sale))
    assert refused["status"] == 422
    faults = {fault["field"]: fault["code"] for fault in refused["errors"]}
    assert faults == {
        "external_no": "required",
        "lines[1].quantity": "min_value",
        "lines[1].paid": "invalid",
        "paid_at": "naive",
    }


def test_refusals_speak_the_language_asked_for(world):
    body = anonymous("/stores", **{"Accept-Language": "en"}).json()
    assert body["detail"] == "No key was sent."
    assert body["code"] == anonymous("/stores", **{"Accept-Language": "zh-CN"}).json()["code"]


def test_too_many_calls_wait_for_the_next_minute(till, settings):
    settings.API_CALLS_PER_MINUTE = 3
    responses = [till.get("/stores") for _ in range(8)]  # a minute may turn over once in between
    limited = [response for response in responses if response.status_code == 429]
    assert limited
    assert 0 < int(limited[0]["Retry-After"]) <= 60
    assert problem(limited[0])["code"] == "key.too_many_calls"


def test_the_limit_is_each_keys_own(world, till, settings):
    settings.API_CALLS_PER_MINUTE = 1
    for _ in range(5):
        till.get("/stores")
    assert MerchantSystem(world.hehe).get("/stores").status_code == 200


def test_a_failure_of_ours_tells_an_id_and_nothing_else(till, caplog):
    with patch.object(stores, "show", side_effect=RuntimeError("the secret sauce")):
        response = till.client.get("/api/v1/stores", headers=till.headers())
    body = problem(response)
    assert (body["status"], body["code"]) == (500, "server.failed")
    assert "sauce" not in response.text
    assert body["request_id"] in body["next_step"]
    assert body["request_id"] in caplog.text


def test_head_is_get_without_a_body(till):
    response = till.client.head("/api/v1/stores", headers=till.headers())
    assert (response.status_code, response.content) == (200, b"")


@pytest.mark.parametrize("fault", [ConnectionError("away"), ValueError("emptied in between")])
def test_a_cache_that_fails_stops_no_till(till, settings, fault):
    settings.API_CALLS_PER_MINUTE = 0
    assert till.get("/stores").status_code == 429
    with patch("api.throttling.cache.incr", side_effect=fault):
        assert till.get("/stores").status_code == 200
