"""Many sales told in one call by API, each answered for itself."""

import pytest

from tests.faces.merchant_system import MerchantSystem, sale


@pytest.fixture
def qinglan(world):
    return MerchantSystem(world.qinglan)


def test_many_sales_in_one_call_are_answered_each_for_itself(world, qinglan):
    def body(no, store, *lines, **more):
        return sale(*lines, external_no=no, store=store, **more)

    orders = [
        body("A-1", "XH01", ("QL-SHIRT", 1)),
        body("A-2", world.jingan.ref, ("QL-COAT", 1)),  # another merchant's store, under contract
        body("A-3", "XH01", ("NO-SUCH", 1)),
        body("A-4", "XH01", ("QL-SHIRT", 0)),
        body("A-5", "NO-SUCH", ("QL-SHIRT", 1)),
        body("A-6", "XH01", ("QL-SHIRT", 1), colour="red"),
        [],
        None,
        body("A-1", "XH01", ("QL-SHIRT", 1)),
        *(body(f"B-{n}", "XH01", ("QL-SHIRT", 1)) for n in range(8)),
    ]
    orders[8]["paid_at"] = orders[0]["paid_at"]
    told = qinglan.post("/orders/batch", {"orders": orders}, key="k")
    assert told.status_code == 200
    answers = told.json()["data"]
    assert [answer["status"] for answer in answers] == [
        201,
        201,
        422,
        422,
        404,
        422,
        422,
        422,
        200,
        *[201] * 8,
    ]
    problems = [
        answer["problem"] and (answer["problem"]["code"], answer["problem"]["field"]) for answer in answers
    ]
    assert problems[2:6] == [
        ("sku.unknown", "lines[0].sku"),
        ("input.invalid", "lines[0].quantity"),
        ("store.not_found", "store"),
        ("body.unknown", "colour"),
    ]
    assert [code for code, _field in problems[6:8]] == ["input.invalid", "input.invalid"]
    assert answers[8]["id"] == answers[0]["id"]
    assert qinglan.get(f"/orders/{answers[1]['id']}").json()["whole"] is False
    assert qinglan.post("/orders/batch", {"orders": orders}, key="k").json() == told.json()
    again = qinglan.post("/orders/batch", {"orders": orders}).json()["data"]
    assert [answer["status"] for answer in again] == [200, 200, 422, 422, 404, 422, 422, 422, 200, *[200] * 8]
    assert [answer["id"] for answer in again] == [answer["id"] for answer in answers]
    assert qinglan.post("/orders/batch", {"orders": []}).status_code == 422
    large = [body(f"L-{n}", "XH01", *[("QL-SHIRT", 1)] * 250) for n in range(17)]
    refused = qinglan.post("/orders/batch", {"orders": large})
    assert (refused.status_code, refused.json()["code"]) == (422, "batch.too_large")
