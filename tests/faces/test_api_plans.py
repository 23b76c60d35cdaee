"""A brand's own system drafts, tries and publishes its plans."""

from datetime import timedelta

import pytest
from django.utils import timezone

from commissions import accruals, plans
from commissions.models import Share
from tests.faces.merchant_system import MerchantSystem, code
from tests.people import NOON, ONBOARDING
from tests.plans import publish_plans
from tests.selling import line, sold

RULES = [
    {"role": "store", "ppm": 200_000},
    {"role": "guide", "tiers": [{"start": 0, "ppm": 30_000}, {"start": 100_000, "ppm": 80_000}], "level": 2},
    {"role": "guide", "ppm": 100_000, "period_cap": 50_000},
    {"role": "residual"},
]


@pytest.fixture
def qinglan(world):
    return MerchantSystem(world.qinglan)


def plan_of(qinglan, brand, *, key=None) -> str:
    answer = qinglan.post("/plans", {"brand": brand.slug, "mode": "central"}, key=key)
    assert answer.status_code in (200, 201)
    return answer.json()["id"]


def draft(qinglan, brand, rules=RULES, **changed):
    body = {"rules": rules, "effective_from": "2027-01-01T00:00:00+08:00"} | changed
    return qinglan.post(f"/plans/{plan_of(qinglan, brand)}/versions", body)


def test_a_plan_is_opened_once_for_a_brand_and_mode(world, qinglan):
    first = qinglan.post("/plans", {"brand": world.qinglan_brand.slug, "mode": "central"})
    assert first.status_code == 201
    again = qinglan.post("/plans", {"brand": world.qinglan_brand.ref, "mode": "central"})
    assert again.status_code == 200 and again.json() == first.json()
    ref = first.json()["id"]
    assert qinglan.get(f"/plans/{ref}").json() == first.json()
    assert [plan["id"] for plan in qinglan.get("/plans").json()["data"]] == [ref]


def test_a_draft_is_published_and_then_stands(world, qinglan):
    answer = draft(qinglan, world.qinglan_brand, channel=world.hehe.ref)
    assert answer.status_code == 201 and answer.json()["published_at"] is None
    version = answer.json()
    assert [rule["role"] for rule in version["rules"]] == ["store", "guide", "guide", "residual"]
    assert version["channel"] == world.hehe.ref
    assert plans.versions_of(world.qinglan_brand) == []
    unread = qinglan.post(f"/versions/{version['id']}/publish", {"digest": "0" * 16})
    assert (unread.status_code, code(unread)) == (409, "plan.changed")
    published = qinglan.post(f"/versions/{version['id']}/publish", {"digest": version["digest"]})
    assert published.status_code == 200 and published.json()["published_at"]
    again = qinglan.post(f"/versions/{version['id']}/publish", {})
    assert again.status_code == 409 and code(again) == "plan.stands"
    assert qinglan.get(f"/versions/{version['id']}").json() == published.json()
    listed = qinglan.get(f"/plans/{version['plan']}/versions").json()["data"]
    assert [one["id"] for one in listed] == [version["id"]]


def test_a_version_is_taken_back_before_it_begins_and_not_after(world, qinglan):
    version = draft(qinglan, world.qinglan_brand, effective_from=timezone.now().isoformat()).json()
    qinglan.post(f"/versions/{version['id']}/publish", {})
    refused = qinglan.post(f"/versions/{version['id']}/recall", {})
    assert refused.status_code == 409 and code(refused) == "plan.begun"
    begins = (timezone.now() + timedelta(days=400)).isoformat()
    coming = qinglan.post(f"/plans/{version['plan']}/versions", {"rules": RULES, "effective_from": begins})
    coming = coming.json()["id"]
    qinglan.post(f"/versions/{coming}/publish", {})
    assert qinglan.get(f"/versions/{version['id']}").json()["effective_until"]
    assert MerchantSystem(world.hehe).post(f"/versions/{coming}/recall", {}).status_code == 404
    back = qinglan.post(f"/versions/{coming}/recall", {})
    assert back.status_code == 200 and back.json()["published_at"] is None
    assert qinglan.get(f"/versions/{version['id']}").json()["effective_until"] is None


def test_the_same_key_drafts_once(world, qinglan):
    plan = plan_of(qinglan, world.qinglan_brand)
    body = {"rules": RULES, "effective_from": "2027-01-01T00:00:00Z"}
    first = qinglan.post(f"/plans/{plan}/versions", body, key="draft-1")
    again = qinglan.post(f"/plans/{plan}/versions", body, key="draft-1")
    assert again.json() == first.json() and again["Idempotency-Replayed"] == "true"
    assert len(plans.drafts_of(world.qinglan_brand)) == 1


def test_a_draft_over_the_ceiling_names_the_rule(world, qinglan):
    rules = [{"role": "store", "ppm": 900_000}, {"role": "guide", "ppm": 100_001}, {"role": "residual"}]
    answer = draft(qinglan, world.qinglan_brand, rules)
    assert answer.status_code == 422 and code(answer) == "plan.over_ceiling"
    assert answer.json()["rule"] == 2
    answer = draft(qinglan, world.qinglan_brand, [{"role": "guide"}, {"role": "residual"}])
    assert answer.status_code == 422 and code(answer) == "plan.rules_invalid"


def test_what_is_not_the_brands_own_is_not_found(world, qinglan):
    tea = [{"role": "guide", "ppm": 5, "sku": world.tea.ref}, {"role": "residual"}]
    assert draft(qinglan, world.qinglan_brand, tea).status_code == 404
    assert draft(qinglan, world.qinglan_brand, channel=world.stranger.ref).status_code == 404
    assert draft(qinglan, world.qinglan_brand, contract=world.mubai_at_jingan.ref).status_code == 404
    contract = world.qinglan_at_jingan.ref
    both = draft(qinglan, world.qinglan_brand, channel=world.hehe.ref, contract=contract)
    assert both.status_code == 422 and code(both) == "plan.two_scopes"
    assert draft(qinglan, world.qinglan_brand, contract=contract).json()["contract"] == contract
    version = plans.drafts_of(world.qinglan_brand)[0]
    hehe = MerchantSystem(world.hehe)
    assert hehe.get(f"/versions/{version.ref}").status_code == 404
    assert hehe.get(f"/plans/{version.plan.ref}").status_code == 404
    for verb, body in (("publish", {}), ("simulate", {"first": "2026-11-01", "last": "2026-11-30"})):
        assert hehe.post(f"/versions/{version.ref}/{verb}", body).status_code == 404


def test_a_draft_is_simulated_and_nothing_is_split_anew(world, qinglan):
    publish_plans(world)
    accruals.book(sold(world.jingan, line(world.shirt), touches={"serving": "G101"}, paid_at=NOON))
    with world.inside(world.qinglan):
        before = list(Share.objects.order_by("pk").values())
    version = draft(qinglan, world.qinglan_brand).json()["id"]
    period = {"first": "2026-11-01", "last": "2026-11-30"}
    told = qinglan.post(f"/versions/{version}/simulate", period).json()
    assert (told["lines"], told["is_cut"], told["before"], told["after"]) == (1, False, 19900, 19900)
    lin = told["changes"][0]
    assert lin == {"kind": "guide", "payee": world.lin.ref, "before": 995, "after": 1990, "difference": 995}
    with world.inside(world.qinglan):
        assert list(Share.objects.order_by("pk").values()) == before
    turned = {"first": "2026-11-30", "last": "2026-11-01"}
    assert qinglan.post(f"/versions/{version}/simulate", turned).status_code == 422


def test_a_key_that_may_only_read_publishes_nothing(world):
    version = plans.draft(
        brand=world.qinglan_brand,
        mode="central",
        rules=[plans.Term(1, "residual")],
        effective_from=NOON,
        by=ONBOARDING,
    )
    reader = MerchantSystem(world.qinglan, scopes=["plans:read"])
    assert reader.get(f"/versions/{version.ref}").status_code == 200
    assert reader.post(f"/versions/{version.ref}/publish", {}).status_code == 403
