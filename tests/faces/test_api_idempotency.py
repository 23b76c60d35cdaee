"""A POST may be sent any number of times."""

import uuid
from datetime import timedelta
from unittest.mock import patch

import pytest
from django.db import DatabaseError, InterfaceError, OperationalError, transaction
from django.urls import URLPattern, URLResolver
from django.utils import timezone
from django_scopes import scope

from api import idempotency, tasks, urls
from merchants import sealing
from merchants.models import IdempotencyKey, User
from orders.models import Order
from tests.faces.merchant_system import MerchantSystem, sale
from tests.races.together import together
from tests.selling import campaign_of, joined

TEA = {"code": "TEA-2", "product": "MB-TEA", "name": "木白白茶", "list_price": 16800}


@pytest.fixture
def mubai(world):
    return MerchantSystem(world.mubai)


def test_without_a_key_of_its_own_a_post_does_nothing(mubai):
    response = mubai.client.post(
        "/api/v1/skus", TEA, content_type="application/json", headers=mubai.headers()
    )
    assert (response.status_code, response.json()["code"]) == (400, "idempotency.key_missing")
    assert mubai.get("/skus", code="TEA-2").json()["data"] == []


@pytest.mark.parametrize("key", ["x" * 256, "schlüssel"])
def test_a_key_that_cannot_be_kept_is_refused(mubai, key):
    assert mubai.post("/skus", TEA, key=key).json()["code"] == "idempotency.key_unusable"


def test_the_same_request_gets_the_same_answer(mubai):
    first = mubai.post("/skus", TEA, key="a")
    again = mubai.post("/skus", dict(reversed(TEA.items())), key="a")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert "Idempotency-Replayed" not in first
    assert again["Idempotency-Replayed"] == "true"


def test_the_same_key_with_another_body_or_address_is_refused(mubai):
    mubai.post("/skus", TEA, key="a")
    for path, body in [("/skus", TEA | {"list_price": 1}), ("/products", TEA)]:
        refused = mubai.post(path, body, key="a")
        assert (refused.status_code, refused.json()["code"]) == (422, "idempotency.key_reused")


def test_a_key_is_each_clients_own(world, mubai):
    mubai.post("/skus", TEA, key="a")
    other = MerchantSystem(world.mubai).post("/skus", TEA | {"list_price": 1}, key="a")
    assert other.status_code == 200


def test_a_refusal_is_kept_and_what_the_verb_began_is_not(world):
    hehe = MerchantSystem(world.hehe)
    unknown = {"code": "G1", "name": "新人", "phone": "13911112222", "store": "nowhere"}
    first, again = (hehe.post("/guides", unknown, key="a") for _ in range(2))
    assert (first.status_code, again.status_code) == (404, 404)
    assert again.json() == first.json()
    assert again["Idempotency-Replayed"] == "true"
    assert User.objects.by_phone("+8613911112222") is None  # made before the store was looked for


def test_a_failure_of_ours_is_not_kept_so_it_may_be_tried_again(world):
    hehe = MerchantSystem(world.hehe)
    with patch("api.v1.orders.show", side_effect=RuntimeError):
        headers = hehe.headers(**{"Idempotency-Key": "a"})
        failed = hehe.client.post(
            "/api/v1/orders", sale(("MB-TEA", 1)), content_type="application/json", headers=headers
        )
    assert failed.status_code == 500
    with scope(merchant=world.hehe):
        assert not Order.objects.exists()
    assert not IdempotencyKey.objects.exists()
    assert hehe.post("/orders", sale(("MB-TEA", 1)), key="a").status_code == 201


@pytest.mark.parametrize(
    "error",
    [
        OperationalError("deadlock detected"),
        DatabaseError("server closed the connection unexpectedly"),
        InterfaceError("connection already closed"),
    ],
)
def test_a_deadlock_or_a_lost_database_is_503_and_may_be_tried_again(world, error):
    hehe = MerchantSystem(world.hehe)
    with patch("api.v1.orders.paid_all", side_effect=error):
        headers = hehe.headers(**{"Idempotency-Key": "a"})
        busy = hehe.client.post(
            "/api/v1/orders", sale(("MB-TEA", 1)), content_type="application/json", headers=headers
        )
    assert (busy.status_code, busy.json()["code"], busy["Retry-After"]) == (503, "server.busy", "1")
    assert hehe.post("/orders", sale(("MB-TEA", 1)), key="a").status_code == 201


@pytest.mark.django_db(transaction=True)
def test_a_crash_before_the_answer_is_kept_leaves_no_sale(world):
    """The process dies between the verb and the record: neither stands, and the next try does it."""
    hehe = MerchantSystem(world.hehe)
    with (
        patch("api.idempotency._keep", side_effect=SystemExit),
        pytest.raises(SystemExit),
    ):
        hehe.post("/orders", sale(("MB-TEA", 1)), key="a")
    with scope(merchant=world.hehe):
        assert not Order.objects.exists()
    assert hehe.post("/orders", sale(("MB-TEA", 1)), key="a").status_code == 201


@pytest.mark.django_db(transaction=True)
def test_a_request_in_flight_is_told_so_and_its_end_frees_the_key(world):
    hehe = MerchantSystem(world.hehe)

    def first():
        with transaction.atomic():
            assert idempotency._alone(hehe.key, "a")
            return together(lambda: hehe.post("/orders", sale(("MB-TEA", 1)), key="a"))[0]

    meanwhile = first()
    assert (meanwhile.status_code, meanwhile.json()["code"]) == (409, "idempotency.in_flight")
    assert meanwhile["Retry-After"] == "1"
    assert hehe.post("/orders", sale(("MB-TEA", 1)), key="a").status_code == 201


def till_answered(system: MerchantSystem, path: str, body: dict, key: str):
    """What a good client does: the same request again, while it is told that the first is in flight."""
    while (response := system.post(path, body, key=key)).status_code == 409:
        assert response.json()["code"] == "idempotency.in_flight"
    return response


@pytest.mark.django_db(transaction=True)
def test_twenty_at_once_do_it_once_and_all_get_one_answer(world):
    hehe = MerchantSystem(world.hehe)
    key, body = str(uuid.uuid4()), sale(("MB-TEA", 1))
    responses = together(*[lambda: till_answered(hehe, "/orders", body, key) for _ in range(20)])
    assert {response.status_code for response in responses} == {201}
    assert len({response.text for response in responses if "Idempotency-Replayed" in response}) == 1
    assert all(response.json() == responses[0].json() for response in responses)
    assert sum("Idempotency-Replayed" not in response for response in responses) == 1
    with scope(merchant=world.hehe):
        assert Order.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_with_the_guard_off_twenty_at_once_do_not_get_one_answer(world):
    """The lock is what makes the test above pass: without it, several do the deed before one has kept its
    answer."""
    hehe = MerchantSystem(world.hehe)
    key, body = str(uuid.uuid4()), sale(("MB-TEA", 1))

    def once():
        headers = hehe.headers(**{"Idempotency-Key": key})
        return hehe.client.post("/api/v1/orders", body, content_type="application/json", headers=headers)

    with patch("api.idempotency._alone", return_value=True):
        responses = together(*[once] * 20)
    assert {response.status_code for response in responses} != {201}


def posts(patterns, prefix=""):
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from posts(pattern.url_patterns, f"{prefix}{pattern.pattern}")
        elif isinstance(pattern, URLPattern):
            view = getattr(pattern.callback, "cls", None)
            if hasattr(view, "post"):
                yield f"{prefix}{pattern.pattern}", view.post


def test_every_post_of_the_api_is_idempotent():
    found = dict(posts(urls.urlpatterns))
    assert len(found) >= 9
    assert [path for path, post in found.items() if not getattr(post, "idempotent", False)] == []


def test_what_is_kept_is_the_answer_and_nothing_of_the_request(mubai):
    mubai.post("/members", {"phone": "13911112222", "name": "方女士"}, key="a")
    kept = IdempotencyKey.objects.get()
    assert "13911112222" not in sealing.unseal(kept.answer_sealed)


def test_a_coupons_code_is_kept_under_seal_and_given_again(world):
    campaign = campaign_of(world.qinglan, world.qinglan_brand)
    shopper = joined(world.qinglan_brand, world.jingan, guide=world.lin)
    qinglan = MerchantSystem(world.qinglan)
    path, asked = f"/campaigns/{campaign.ref}/coupons", {"member": shopper.member.ref}
    first = qinglan.post(path, asked, key="a")
    kept = IdempotencyKey.objects.get()
    assert first.json()["code"].encode() not in bytes(kept.answer_sealed)
    assert qinglan.post(path, asked, key="a").json() == first.json()


def test_answers_are_forgotten_after_a_week_and_deeds_are_not(world):
    hehe = MerchantSystem(world.hehe)
    first = hehe.post("/orders", sale(("MB-TEA", 1)), key="a")
    assert tasks.forget_answers() == 0
    IdempotencyKey.objects.update(created_at=timezone.now() - timedelta(days=8))
    assert tasks.forget_answers() == 1
    again = hehe.post("/orders", sale(("MB-TEA", 1)), key="a")
    assert (again.status_code, again.json()) == (200, first.json())
