"""Members and their coupons by API, and what each refuses."""

from datetime import timedelta

import pytest
from django.utils import timezone
from django_scopes import scope

from members.models import Binding, Member
from tests.faces.merchant_system import MerchantSystem, code
from tests.selling import FANG, campaign_of, coupon_for, joined


@pytest.fixture
def hehe(world):
    return MerchantSystem(world.hehe)


@pytest.fixture
def qinglan(world):
    return MerchantSystem(world.qinglan)


def test_a_member_is_made_once_for_a_phone(world, hehe):
    body = {
        "phone": "138 0001 0001",
        "name": "方女士",
        "source": {"system": "crm", "external_id": "C-77"},
        "store": "JA01",
        "guide": "G101",
        "consents": [{"purpose": "marketing"}, {"purpose": "membership", "granted": True}],
        "joined_at": "2026-11-01T10:00:00+08:00",
    }
    made = hehe.post("/members", body)
    known = hehe.post(
        "/members", {"phone": "+8613800010001", "source": {"system": "pos", "external_id": "9"}}
    )
    assert (made.status_code, known.status_code) == (201, 200)
    assert made.json()["id"] == known.json()["id"]
    assert made.json()["phone"] == "138****0001"
    assert made.json()["joined_at"] == "2026-11-01T02:00:00Z"
    assert known.json()["sources"] == [
        {"system": "crm", "external_id": "C-77"},
        {"system": "pos", "external_id": "9"},
    ]
    with scope(merchant=world.hehe):
        assert Member.objects.count() == 1
        assert Binding.objects.get().guide == world.lin


def test_a_member_is_found_by_phone_by_source_and_with_all_that_is_asked_for(world, hehe):
    member = joined(world.qinglan_brand, world.jingan, guide=world.lin).channel_member
    coupon, _code = coupon_for(campaign_of(world.hehe, None, bearers=[("store", 1_000_000)]), member)
    hehe.post("/members", {"phone": FANG, "source": {"system": "crm", "external_id": "C-77"}})
    for query in [{"phone": FANG}, {"external_id": "C-77"}, {"external_id": "C-77", "system": "crm"}]:
        assert [row["id"] for row in hehe.get("/members", **query).json()["data"]] == [member.ref]
    assert hehe.get("/members", external_id="C-77", system="pos").json()["data"] == []
    assert "binding" not in hehe.get(f"/members/{member.ref}").json()
    whole = hehe.get(f"/members/{member.ref}", **{"expand[]": ["binding", "coupons,consents"]}).json()
    assert whole["binding"]["guide"] == world.lin.ref
    assert [row["id"] for row in whole["coupons"]] == [coupon.ref]
    assert {row["purpose"]: row["granted"] for row in whole["consents"]} == {"membership": True}


def test_a_source_record_stays_one_members(hehe):
    record = {"system": "crm", "external_id": "C-77"}
    hehe.post("/members", {"phone": FANG, "source": record})
    refused = hehe.post("/members", {"phone": "13800010009", "source": record})
    assert (refused.status_code, code(refused)) == (409, "member.source_taken")
    assert hehe.get("/members", phone="13800010009").json()["data"] == []


def test_a_member_keeps_the_guide_they_have(world, hehe):
    joined(world.qinglan_brand, world.jingan, guide=world.lin)
    hehe.post("/guides", {"code": "G102", "name": "吴桐", "phone": "13911112222", "store": "JA01"})
    assert hehe.post("/members", {"phone": FANG, "guide": "G102"}).status_code == 200
    with scope(merchant=world.hehe):
        assert Binding.objects.get().guide == world.lin


@pytest.mark.parametrize(
    ("changed", "refusal"),
    [
        ({"phone": "12345"}, "phone.invalid"),
        ({"joined_at": "2099-01-01T00:00:00Z"}, "member.joins_in_future"),
        ({"store": "nowhere"}, "store.not_found"),
        ({"guide": "nobody"}, "guide.not_found"),
        ({"phone": "138\x000001"}, "request.not_storable"),
    ],
)
def test_a_member_that_cannot_be_is_refused_and_nothing_is_kept(world, hehe, changed, refusal):
    assert code(hehe.post("/members", {"phone": FANG} | changed)) == refusal
    with scope(merchant=world.hehe):
        assert not Member.objects.exists()


def test_what_cannot_be_expanded_is_said(world, hehe):
    member = joined(world.qinglan_brand, world.jingan).channel_member
    refused = hehe.get(f"/members/{member.ref}", **{"expand[]": "secrets"})
    assert (refused.status_code, code(refused)) == (422, "expand.unknown")


def campaign(**changed) -> dict:
    now = timezone.now()
    return {
        "name": "满200减30",
        "brand": "qinglan",
        "threshold": 20000,
        "amount_off": 3000,
        "claim_from": (now - timedelta(days=7)).isoformat(),
        "claim_until": (now + timedelta(days=7)).isoformat(),
        "use_from": (now - timedelta(days=7)).isoformat(),
        "use_until": (now + timedelta(days=30)).isoformat(),
        "issue_limit": 100,
        "bearers": [{"role": "brand", "ppm": 700_000}, {"role": "store", "ppm": 300_000}],
    } | changed


def test_a_campaign_is_made_and_its_coupon_claimed_once_a_key(world, qinglan):
    made = qinglan.post("/campaigns", campaign())
    assert made.status_code == 201
    assert qinglan.get(f"/campaigns/{made.json()['id']}").json() == made.json()
    member = qinglan.post("/members", {"phone": FANG}).json()["id"]
    claim = f"/campaigns/{made.json()['id']}/coupons"
    claimed = qinglan.post(claim, {"member": member, "store": "XH01"}, key="claim-1")
    assert claimed.status_code == 201
    coupon = claimed.json()
    assert (len(coupon["code"]), coupon["state"], coupon["amount_off"]) == (16, "issued", 3000)
    again = qinglan.post(claim, {"member": member, "store": "XH01"}, key="claim-1")
    assert again.json() == coupon
    grouped = f"{coupon['code'][:4]} {coupon['code'][4:8]}-{coupon['code'][8:]}"
    assert qinglan.get(f"/coupons/{grouped}").json() == {k: v for k, v in coupon.items() if k != "code"}
    assert code(qinglan.post(claim, {"member": member})) == "campaign.member_limit"


def test_a_store_sends_the_coupon_of_a_brand_it_carries(world, hehe):
    member = joined(world.qinglan_brand, world.jingan).channel_member
    offered = campaign_of(world.qinglan, world.qinglan_brand)
    claim = f"/campaigns/{offered.ref}/coupons"
    assert hehe.post(claim, {"member": member.ref}).status_code == 404
    sent = hehe.post(claim, {"member": member.ref, "store": "JA01"})
    assert (sent.status_code, sent.json()["member"]) == (201, None)
    assert hehe.get(f"/coupons/{sent.json()['code']}").status_code == 404
    seen = hehe.get(f"/coupons/{sent.json()['code']}", store="JA01")
    assert (seen.status_code, seen.json()["member"]) == (200, None)


@pytest.mark.parametrize(
    "changed",
    [
        {"amount_off": 30000},
        {"threshold": 0},
        {"bearers": [{"role": "brand", "ppm": 1}]},
        {"bearers": [{"role": "platform", "ppm": 1_000_000}]},
    ],
)
def test_a_campaign_that_cannot_be_is_refused(qinglan, changed):
    assert qinglan.post("/campaigns", campaign(**changed)).status_code == 422
