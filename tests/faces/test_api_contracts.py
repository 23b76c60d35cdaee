"""Contracts by API: one side's system offers, the other's answers, and each reads what stands."""

import pytest

from stores import contracts
from tests.faces.merchant_system import MerchantSystem, code
from tests.people import ONBOARDING, make_store

LATER = "2099-01-01T00:00:00Z"


@pytest.fixture
def qinglan(world):
    return MerchantSystem(world.qinglan)


@pytest.fixture
def hehe(world):
    return MerchantSystem(world.hehe)


@pytest.fixture
def putuo(world):
    with world.inside(world.hehe):
        return make_store(world.hehe, code="PT01", name="和合普陀店", kind="collection", lng=121.4, lat=31.2)


@pytest.fixture
def body(putuo):
    return {"brand": "qinglan", "store": putuo.ref, "mode": "direct", "starts_at": LATER}


def drafted(system, body, **changed) -> dict:
    response = system.post("/contracts", body | changed)
    assert response.status_code == 201, response.text
    return response.json()


def test_a_contract_is_offered_read_by_both_and_accepted(qinglan, hehe, body, putuo):
    offer = drafted(qinglan, body, settlement="T1", reserve_ppm=125_000, fee_bearer="principal")
    assert (offer["side"], offer["state"], offer["version"]) == ("brand", "draft", 1)
    assert offer["fee_cap_ppm"] == 50_000, "unless agreed otherwise"
    assert offer["store"] == {"id": putuo.ref, "name": "和合普陀店"}
    path = f"/contracts/{offer['id']}"
    theirs = hehe.get(path).json()
    assert theirs == offer | {"side": "store"}
    assert [row["id"] for row in hehe.get("/contracts", side="store", state="draft").json()["data"]] == [
        offer["id"]
    ]
    (row,) = hehe.get("/contracts", state="draft").json()["data"]
    assert row["id"] == offer["id"], "Hehe owns no brand, so its stores' side is meant"
    assert hehe.get("/contracts", side="brand").json()["data"] == []
    accepted = hehe.post(f"{path}/acceptance", {"version": 1})
    assert accepted.status_code == 200 and accepted.json()["state"] == "accepted"
    assert qinglan.get(path).json()["accepted_at"]
    assert hehe.get("/contracts", side="store", state="draft").json()["data"] == []


def test_the_same_request_again_drafts_nothing_more(qinglan, body):
    first, again = (qinglan.post("/contracts", body, key="once") for _ in range(2))
    assert first.json() == again.json() and again["Idempotency-Replayed"] == "true"
    assert len(qinglan.get("/contracts", state="draft").json()["data"]) == 1


def test_revised_terms_need_to_be_read_again(qinglan, hehe, body):
    path = f"/contracts/{drafted(qinglan, body)['id']}"
    revised = qinglan.post(f"{path}/revision", {"reserve_ppm": 900_000, "version": 1}).json()
    stale = qinglan.post(f"{path}/revision", {"mode": "central", "version": 1})
    assert (stale.status_code, code(stale)) == (409, "contract.terms_changed")
    assert (revised["version"], revised["reserve_ppm"], revised["mode"]) == (2, 900_000, "direct")
    refused = hehe.post(f"{path}/acceptance", {"version": 1})
    assert (refused.status_code, code(refused)) == (409, "contract.terms_changed")
    assert refused.json()["version"] == 2 and refused.json()["next_step"]
    assert hehe.post(f"{path}/acceptance", {"version": 2}).status_code == 200


def test_each_side_does_its_own_part(qinglan, hehe, body):
    path = f"/contracts/{drafted(qinglan, body)['id']}"
    for system, deed, given in [
        (qinglan, "acceptance", {"version": 1}),
        (qinglan, "decline", {}),
        (hehe, "revision", {"mode": "central"}),
        (hehe, "withdrawal", {}),
        (hehe, "amendment", {"starts_at": LATER}),
    ]:
        refused = system.post(f"{path}/{deed}", given)
        assert (refused.status_code, code(refused)) == (403, "contract.not_your_side"), deed


def test_a_draft_is_declined_with_a_reason_or_withdrawn(qinglan, hehe, body):
    path = f"/contracts/{drafted(qinglan, body)['id']}"
    assert hehe.post(f"{path}/decline", {"reason": "预留太高"}).json()["state"] == "declined"
    assert qinglan.get(path).json()["decline_reason"] == "预留太高"
    assert code(qinglan.post(f"{path}/withdrawal", {})) == "contract.not_open"
    other = f"/contracts/{drafted(qinglan, body)['id']}"
    assert qinglan.post(f"{other}/withdrawal", {}).json()["state"] == "withdrawn"
    assert code(hehe.post(f"{other}/acceptance", {"version": 1})) == "contract.not_open"


def test_other_terms_take_the_place_of_those_in_force(qinglan, hehe, world):
    live = f"/contracts/{world.qinglan_at_jingan.ref}"
    offer = qinglan.post(f"{live}/amendment", {"starts_at": LATER, "settlement": "T1"}).json()
    assert offer["succeeds"] == world.qinglan_at_jingan.ref and offer["store_bears_ppm"] == 300_000
    hehe.post(f"/contracts/{offer['id']}/acceptance", {"version": 1})
    assert qinglan.get(live).json()["ends_at"] == LATER


def test_either_side_ends_a_contract_in_force_and_nobody_a_draft(qinglan, hehe, world, body):
    ended = hehe.post(f"/contracts/{world.qinglan_at_jingan.ref}/end", {})
    assert ended.status_code == 200 and ended.json()["ends_at"]
    path = f"/contracts/{drafted(qinglan, body)['id']}"
    assert code(qinglan.post(f"{path}/end", {})) == "contract.not_accepted"


def test_one_s_own_store_needs_nobodys_answer(qinglan, world, body):
    contracts.terminate(contract=world.qinglan_at_xuhui, by=ONBOARDING)
    assert drafted(qinglan, body, store="XH01")["state"] == "accepted"


@pytest.mark.parametrize(
    ("wrong", "status", "field"),
    [
        ({"store": "PT01"}, 404, "store"),
        ({"brand": "mubai"}, 404, "brand"),
        ({"reserve_ppm": 1_000_001}, 422, "reserve_ppm"),
        ({"return_window_days": 366}, 422, "return_window_days"),
        ({"starts_at": "2026-01-01T00:00:00Z"}, 422, "starts_at"),
        ({"ends_at": "2098-01-01T00:00:00Z"}, 422, "ends_at"),
        ({"mode": "both"}, 422, "mode"),
    ],
)
def test_what_cannot_be_agreed_names_its_field(qinglan, body, wrong, status, field):
    refused = qinglan.post("/contracts", body | wrong)
    assert (refused.status_code, refused.json()["field"]) == (status, field)


def test_a_key_without_the_scope_is_told_which(world):
    reader = MerchantSystem(world.qinglan, scopes=["contracts:read"])
    path = f"/contracts/{world.qinglan_at_jingan.ref}"
    assert reader.get(path).status_code == 200
    refused = reader.post(f"{path}/end", {})
    assert refused.status_code == 403 and "contracts:write" in refused.text
