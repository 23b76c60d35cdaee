"""A merchant's attribution policy: drafted, published, recalled; and which one a sale goes by."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone, translation

from commissions import accruals, plans
from commissions import attribution_policies as policies
from commissions.attribution_checks import digest
from commissions.attribution_rules import DEFAULT, as_kept, as_read
from commissions.explain import shares_of
from commissions.models import AttributionPolicy, Share, Split
from commissions.preview import PreviewLine, estimate
from commissions.simulation import simulate
from commissions.splitting import Term
from events.models import Event
from merchants.errors import Conflict, DomainError
from tests.commissions.attributing import drafted, published, rule
from tests.commissions.test_simulation import NOVEMBER
from tests.commissions.tiered import second_guide
from tests.people import LATER, LONG_AGO, NOON, ONBOARDING
from tests.plans import publish_plans
from tests.selling import joined, line, sold

SERVES, SHARES = rule(1, "serving"), rule(1, "sharing")
BOTH = (rule(1, ("bound", 60), ("serving", 40)), rule(2, "serving"))
SOON = timedelta(days=1)


@pytest.fixture(autouse=True)
def in_english():
    with translation.override("en"):
        yield


def booked(world, no: str = "T-1", *, touches=None, **given):
    order = sold(world.jingan, line(world.shirt), no=no, touches=touches or {"serving": "G101"}, **given)
    accruals.book(order)
    return order


def guides(world, order) -> dict[str, int]:
    """Name → fen, of the role guide."""
    rows = [share for told in shares_of(order, merchant=world.hehe) for share in told.shares]
    return {share.name: share.amount for share in rows if share.role == "guide"}


def why(world, order) -> dict:
    with world.inside(world.hehe):
        return Share.party.filter(split__order=order, role="guide").order_by("number").first().why


class TestADraft:
    def test_says_what_it_says_and_nothing_is_attributed_by_it(self, world):
        publish_plans(world)
        policy = drafted(world.qinglan, SHARES)
        assert (policy.number, policy.said.rules, policy.published_at) == (1, (SHARES,), None)
        assert guides(world, booked(world)) == {"林小雨": 995}
        policies.revise(policy, rules=[SERVES], by=ONBOARDING, read=digest([SHARES]))
        [policy] = policies.drafts_of(world.qinglan)
        assert policy.said.rules == (SERVES,)
        policies.discard(policy, by=ONBOARDING)
        assert policies.drafts_of(world.qinglan) == []
        kinds = Event.objects.filter(kind__startswith="attribution", merchant_id=world.qinglan.pk)
        assert sorted(kinds.values_list("kind", flat=True)) == [
            "attribution.discarded",
            "attribution.drafted",
            "attribution.revised",
        ]

    def test_is_not_overwritten_nor_published_by_who_read_something_else(self, world):
        policy, read = drafted(world.qinglan, SHARES), digest([SHARES])
        policies.revise(policy, rules=[SERVES], by=ONBOARDING)
        for deed in (
            lambda: policies.revise(policy, rules=[SHARES], by=ONBOARDING, read=read),
            lambda: policies.publish(policy, by=ONBOARDING, read=read),
        ):
            with pytest.raises(Conflict, match=r"attribution\.changed"):
                deed()
        policies.publish(policy, by=ONBOARDING, read=digest([SERVES]))
        for deed in (
            lambda: policies.revise(policy, rules=[SHARES], by=ONBOARDING),
            lambda: policies.discard(policy, by=ONBOARDING),
            lambda: policies.publish(policy, by=ONBOARDING),
        ):
            with pytest.raises(Conflict, match=r"attribution\.stands"):
                deed()


class TestPublished:
    def test_each_ends_where_the_next_begins(self, world):
        first = published(world.qinglan, SERVES)
        second = published(world.qinglan, SHARES, at=NOON)
        held = policies.published_by(world.qinglan)
        assert [(p.pk, p.effective_from, p.effective_until) for p in held] == [
            (second.pk, NOON, None),
            (first.pk, LONG_AGO, NOON),
        ]
        instant = timedelta(microseconds=1)
        at = {
            when: policies.in_force(held, at=when).ref for when in (LONG_AGO - instant, NOON - instant, NOON)
        }
        assert list(at.values()) == [None, first.ref, second.ref]
        assert policies.in_force([], at=NOON) == DEFAULT

    def test_does_not_reach_back(self, world):
        with pytest.raises(DomainError, match=r"attribution\.begins_in_the_past"):
            policies.publish(
                drafted(world.qinglan, SERVES), starts_at=NOON - timedelta(seconds=1), at=NOON, by=ONBOARDING
            )

    def test_for_later_is_recalled_and_what_held_goes_on(self, world):
        now = timezone.now()
        first = published(world.qinglan, SERVES)
        coming = drafted(world.qinglan, SHARES)
        policies.publish(coming, starts_at=now + SOON, by=ONBOARDING)
        last = drafted(world.qinglan, rule(1, "bound"))
        policies.publish(last, starts_at=now + 2 * SOON, by=ONBOARDING)
        with pytest.raises(Conflict, match=r"attribution\.overlaps"):
            policies.publish(drafted(world.qinglan, SERVES), by=ONBOARDING)
        policies.recall(coming, by=ONBOARDING)
        held = policies.published_by(world.qinglan)
        assert [(p.pk, p.effective_until) for p in held] == [(last.pk, None), (first.pk, now + 2 * SOON)]
        policies.recall(last, by=ONBOARDING)
        assert [p.effective_until for p in policies.published_by(world.qinglan)] == [None]
        with pytest.raises(Conflict, match=r"attribution\.begun"):
            policies.recall(first, by=ONBOARDING)
        policies.publish(coming, by=ONBOARDING)

    def test_the_database_refuses_another_word(self, world):
        policy = published(world.qinglan, SERVES)
        published(world.qinglan, SHARES, at=NOON)
        changes = [
            "rules = '[]'",
            "rules = '[{}]'",
            "number = 7",
            "effective_from = effective_from - interval '1 day'",
            "effective_from = effective_from + interval '1 day'",
            "published_at = NULL, effective_from = NULL, effective_until = NULL",
            "effective_until = NULL",
            "effective_until = effective_until - interval '1 day'",
            "merchant_id = (SELECT max(id) FROM merchants_merchant)",
        ]
        statements = [f"UPDATE commissions_attributionpolicy SET {change}" for change in changes]
        for statement in [*statements, "DELETE FROM commissions_attributionpolicy"]:
            with pytest.raises(DatabaseError, match="is published"), transaction.atomic():
                connection.cursor().execute(f"{statement} WHERE id = {policy.pk}")

    def test_the_database_refuses_two_at_once_and_what_was_never_a_draft(self, world):
        published(world.qinglan, SERVES)
        other = drafted(world.qinglan, SHARES)
        publishing = f"published_at = now(), effective_from = '{NOON.isoformat()}'"
        for statement, words in (
            (
                f"UPDATE commissions_attributionpolicy SET {publishing} WHERE id = {other.pk}",
                "never_overlaps",
            ),
            (
                "INSERT INTO commissions_attributionpolicy"
                " (ref, merchant_id, number, rules, created_at, published_at, effective_from)"
                f" VALUES ('atp_x', {world.mubai.pk}, 1, '[{{}}]', now(), now(), now())",
                "begins as a draft",
            ),
        ):
            with pytest.raises(DatabaseError, match=words), transaction.atomic():
                connection.cursor().execute(statement)


class TestASale:
    def test_goes_by_the_policy_that_held_when_it_was_paid_however_late_it_comes(self, world):
        publish_plans(world)
        zhou = second_guide(world)
        first = published(world.qinglan, SHARES)
        touches = {"serving": "G101", "sharing": zhou.code}
        early = booked(world, touches=touches, paid_at=NOON)
        second = published(world.qinglan, SERVES, at=LATER)
        late = booked(world, "T-2", touches=touches, paid_at=LATER - timedelta(microseconds=1))
        after = booked(world, "T-3", touches=touches, paid_at=LATER)
        assert [guides(world, order) for order in (early, late, after)] == [
            {"周子安": 995},
            {"周子安": 995},
            {"林小雨": 995},
        ]
        told = [why(world, order) for order in (early, late, after)]
        assert [(one["policy"], one["policy_number"], one["policy_rule"]) for one in told] == [
            (first.ref, 1, 1),
            (first.ref, 1, 1),
            (second.ref, 2, 1),
        ]

    def test_is_shared_by_its_own_guide_and_who_served_and_each_is_told_why(self, world):
        publish_plans(world)
        policy = published(world.qinglan, *BOTH)
        joined(world.qinglan_brand, world.jingan, guide=world.lin)
        zhou = second_guide(world)
        order = booked(world, touches={"serving": zhou.code}, phone="13800010001")
        assert guides(world, order) == {"林小雨": 597, "周子安": 398}
        reasons = [s.reason for told in shares_of(order, merchant=world.hehe) for s in told.shares]
        assert (
            "Own guide of this member, inside the protection period: 5%."
            " Rule 1 of attribution policy 1. Shared with colleagues: 60% of it." in reasons
        )
        assert (
            "Served this sale: 5%. Rule 1 of attribution policy 1. Shared with colleagues: 40% of it."
            in reasons
        )
        assert why(world, order)["policy"] == policy.ref
        alone = booked(world, "T-2", touches={"serving": zhou.code})
        assert guides(world, alone) == {"周子安": 995} and why(world, alone)["policy_rule"] == 2

    def test_of_two_brands_goes_line_by_line_by_the_policy_of_whose_plan_it_is(self, world):
        publish_plans(world)
        published(world.qinglan, SHARES)
        published(world.hehe, rule(1, "accepting"))  # the seller's own brands only, and it has none
        zhou = second_guide(world)
        order = sold(
            world.jingan,
            line(world.shirt),
            line(world.tea),
            touches={"serving": "G101", "sharing": zhou.code},
        )
        accruals.book(order)
        by_line = {
            told.line: [share.name for share in told.shares if share.role == "guide"]
            for told in shares_of(order, merchant=world.hehe)
        }
        assert by_line == {1: ["周子安"], 2: ["林小雨"]}

    def test_in_the_cloud_store_is_whose_link_was_opened_within_a_fortnight(self, world):
        publish_plans(world)
        zhou = second_guide(world)
        touches = {"serving": "G101", "sharing": zhou.code}

        def by(no: str, **given):
            order = booked(world, no, touches=touches, channel="cloud_store", **given)
            return guides(world, order), why(world, order)["policy_rule"]

        opened = NOON - timedelta(days=14)
        assert by("T-1") == ({"周子安": 995}, 1)
        assert by("T-2", touched_at={"sharing": opened + timedelta(microseconds=1)}) == ({"周子安": 995}, 1)
        assert by("T-3", touched_at={"sharing": opened}) == ({"林小雨": 995}, 3)
        assert guides(world, booked(world, "T-4", touches=touches)) == {"林小雨": 995}

    def test_that_depends_on_a_policy_has_it_in_its_hash(self, world):
        publish_plans(world)

        def hashed(no: str, **given) -> bytes:
            order = booked(world, no, channel="cloud_store", touches={"sharing": "G101"}, **given)
            with world.inside(world.hehe):
                return bytes(Split.party.get(order=order).input_hash)

        one = {"touched_at": {"sharing": NOON - timedelta(days=1)}}
        seen = [hashed("T-1"), hashed("T-2", **one)]
        published(world.qinglan, *DEFAULT.rules)
        assert len({*seen, hashed("T-3"), hashed("T-4", **one)}) == 4


def test_a_sale_told_again_is_the_same_one_whenever_the_link_was_opened(world):
    """What was told before touches had a time keeps its hash; another time is another sale."""
    booked(world, touches={"sharing": "G101"})
    booked(world, touches={"sharing": "G101"})
    with pytest.raises(Conflict, match=r"order\.reused_number"):
        booked(world, touches={"sharing": "G101"}, touched_at={"sharing": NOON - SOON})


def test_estimates_and_simulations_go_by_the_policy_too(world):
    publish_plans(world)
    published(world.qinglan, *BOTH)
    one = joined(world.qinglan_brand, world.jingan, guide=world.lin)
    zhou = second_guide(world)
    order = booked(world, touches={"serving": zhou.code}, phone="13800010001")
    with world.inside(world.hehe):
        expected = estimate(
            [PreviewLine(world.qinglan_brand, 19900)],
            store=world.jingan,
            guide=zhou,
            member=one.channel_member,
            at=NOON,
        )
    assert expected.total == guides(world, order)["周子安"] == 398
    dearer = plans.draft(
        brand=world.qinglan_brand,
        mode="central",
        rules=[Term(1, "guide", 100_000), Term(2, "residual")],
        effective_from=NOON,
        by=ONBOARDING,
    )
    found = {change.name: (change.before, change.after) for change in simulate(dearer, **NOVEMBER).changes}
    assert (found["林小雨"], found["周子安"]) == ((597, 1194), (398, 796))


def test_a_policy_is_its_merchant_s(world):
    policy = drafted(world.qinglan, SERVES)
    with world.inside(world.hehe):
        assert not AttributionPolicy.objects.exists()
    assert as_read(as_kept(policy.said.rules)) == (SERVES,)
