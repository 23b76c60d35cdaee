"""A brand's own system drafts, tries, publishes and recalls who has the guide's part."""

from datetime import timedelta

import pytest
from django.utils import timezone

from commissions import accruals
from commissions import attribution_policies as policies
from tests.commissions.attributing import drafted, rule
from tests.commissions.tiered import second_guide
from tests.faces.merchant_system import MerchantSystem, code
from tests.people import NOON
from tests.plans import publish_plans

HERE = "/attribution-policies"
NOVEMBER = {"first": "2026-11-01", "last": "2026-11-30"}
RULES = [
    {"takes": [{"touch": "sharing"}], "channels": ["cloud_store", "live"], "days": 7},
    {
        "takes": [{"touch": "bound", "weight": 60}, {"touch": "serving", "weight": 40}],
        "bound_at": "same",
        "protected": True,
    },
]


@pytest.fixture
def qinglan(world):
    return MerchantSystem(world.qinglan)


def test_a_policy_is_drafted_published_and_recalled(world, qinglan):
    drafted = qinglan.post(HERE, {"rules": RULES})
    assert drafted.status_code == 201
    policy = drafted.json()
    assert (policy["number"], policy["effective_from"], policy["published_at"]) == (1, None, None)
    [told] = policies.drafts_of(world.qinglan)
    assert told.said.rules == (
        rule(1, "sharing", channels=("cloud_store", "live"), days=7),
        rule(2, ("bound", 60), ("serving", 40), bound_at="same", protected=True),
    )
    assert [one["number"] for one in policy["rules"]] == [1, 2] and policy["rules"][0]["days"] == 7
    here = f"{HERE}/{policy['id']}"
    unread = qinglan.post(f"{here}/publish", {"digest": "0" * 16})
    assert (unread.status_code, code(unread)) == (409, "attribution.changed")
    past = qinglan.post(f"{here}/publish", {"starts_at": "2026-01-01T00:00:00Z"})
    assert (past.status_code, code(past)) == (422, "attribution.begins_in_the_past")
    begins = (timezone.now() + timedelta(days=3)).isoformat()
    published = qinglan.post(f"{here}/publish", {"starts_at": begins, "digest": policy["digest"]})
    assert published.status_code == 200 and published.json()["published_at"]
    assert qinglan.get(here).json() == published.json() == qinglan.get(HERE).json()["data"][0]
    again = qinglan.post(f"{here}/publish", {})
    assert (again.status_code, code(again)) == (409, "attribution.stands")
    assert qinglan.post(f"{here}/recall", {}).json()["published_at"] is None


def test_what_says_nothing_clear_is_refused_and_another_merchant_finds_nothing(world, qinglan):
    for rules, refusal in [
        ([], "input.invalid"),
        ([{"takes": []}], "input.invalid"),
        ([{"takes": [{"touch": "singing"}]}], "input.invalid"),
        ([{"takes": [{"touch": "serving"}], "protected": True}], "attribution.rules_invalid"),
        ([{"takes": [{"touch": "serving"}], "day": 3}], "body.unknown"),
    ]:
        answer = qinglan.post(HERE, {"rules": rules})
        assert (answer.status_code, code(answer)) == (422, refusal)
    policy = drafted(world.qinglan, rule(1, "serving"))
    hehe = MerchantSystem(world.hehe)
    assert hehe.get(f"{HERE}/{policy.ref}").status_code == 404 and hehe.get(HERE).json()["data"] == []
    for verb, body in (("publish", {}), ("recall", {}), ("trial", NOVEMBER)):
        assert hehe.post(f"{HERE}/{policy.ref}/{verb}", body).status_code == 404


def test_a_sale_tells_when_its_link_was_opened_and_a_policy_is_tried_on_it(world, qinglan):
    publish_plans(world)
    zhou = second_guide(world)
    told = {
        "channel": "cloud_store",
        "external_no": "C-1",
        "store": world.jingan.ref,
        "paid_at": NOON.isoformat(),
        "lines": [{"sku": "QL-SHIRT", "quantity": 1}],
        "touches": {"serving": "G101", "sharing": zhou.code, "sharing_at": "2026-11-10T04:00:00Z"},
    }
    made = MerchantSystem(world.hehe).post("/orders", told)
    assert made.status_code == 201
    at = {touch["kind"]: touch["at"] for touch in made.json()["touches"]}
    assert at == {"serving": None, "sharing": "2026-11-10T04:00:00Z"}
    with world.inside(world.hehe):
        order = zhou.touches.get().order
    accruals.book(order)
    policy = qinglan.post(HERE, {"rules": [*RULES, {"takes": [{"touch": "serving"}]}]}).json()["id"]
    trial = qinglan.post(f"{HERE}/{policy}/trial", NOVEMBER).json()
    assert (trial["lines"], trial["lines_changed"], trial["is_cut"]) == (1, 1, False)
    by_guide = {one["guide"]: (one["before"], one["after"]) for one in trial["guides"]}
    assert by_guide == {zhou.ref: (995, 0), world.lin.ref: (0, 995)}
    [changed] = trial["changed"]
    assert (changed["order"], changed["line"], changed["after"][0]["name"]) == (order.ref, 1, world.lin.name)
    backwards = qinglan.post(f"{HERE}/{policy}/trial", {"first": "2026-11-02", "last": "2026-11-01"})
    assert code(backwards) == "period.ends_before_it_begins"
