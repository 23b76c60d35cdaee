"""What may be published: one clear thing a rule, and never more than there is, whatever is sold by whom."""

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from commissions import plans
from commissions.ceilings import worst_case
from commissions.models import PlanVersion, Rule
from commissions.rule_rows import row_of
from commissions.splitting import Term
from merchants.errors import DomainError
from tests.commissions.tiered import REST, TIERS, published
from tests.people import LATER, NOON, ONBOARDING

HALF = 500_000


def tiers(*ppms):
    return tuple((place * 1000, ppm) for place, ppm in enumerate(ppms))


@pytest.mark.parametrize(
    ("rules", "ppm"),
    [
        ([], 0),
        ([Term(1, "guide", HALF), Term(2, "store", HALF)], 2 * HALF),
        # A fixed amount is cut by what is left.
        ([Term(1, "guide", fixed=10**6), Term(2, "store", HALF)], HALF),
        # The top of a tier counts, wherever it stands.
        ([Term(1, "guide", tiers=tiers(10_000, 800_000, 20_000)), Term(2, "store", 100_000)], 900_000),
        # One line has one category, one article and one channel; a rule without a condition holds beside them.
        ([Term(1, "guide", HALF, category="tea"), Term(2, "store", HALF, category="silk")], HALF),
        ([Term(1, "guide", HALF, category="tea"), Term(2, "store", HALF)], 2 * HALF),
        ([Term(1, "guide", HALF, sku=1), Term(2, "store", HALF, sku=2)], HALF),
        ([Term(1, "guide", HALF, channel="pos"), Term(2, "store", HALF, channel="live")], HALF),
        # An article's category may change: the two may meet.
        ([Term(1, "guide", HALF, category="tea"), Term(2, "store", HALF, sku=1)], 2 * HALF),
        # One guide has one level; two roles may be two guides.
        ([Term(1, "guide", HALF, level=1), Term(2, "guide", HALF, level=2)], HALF),
        ([Term(1, "bound", HALF, level=1), Term(2, "serving", HALF, level=2)], 2 * HALF),
        # Rules of one role add to each other.
        ([Term(1, "guide", HALF), Term(2, "guide", HALF, level=2)], 2 * HALF),
    ],
)
def test_the_worst_line_is_what_counts(rules, ppm):
    assert worst_case([*rules, REST]) == ppm


def test_more_than_all_in_the_worst_case_is_refused_with_the_sum(world):
    rules = [Term(1, "store", 300_000), Term(2, "guide", tiers=tiers(50_000, 750_000), channel="live")]
    with pytest.raises(DomainError) as refusal:
        published(world, *rules)
    assert refusal.value.code == "plan.over_ceiling"
    assert refusal.value.extra == {"total_ppm": 1_050_000, "ceiling_ppm": 1_000_000, "rule": 2}
    with pytest.raises(DomainError, match="over_ceiling"):
        published(world, Term(1, "guide", tiers=TIERS), ceiling_ppm=49_999)
    assert published(world, Term(1, "guide", tiers=TIERS), ceiling_ppm=50_000).published_at


@pytest.mark.parametrize(
    "rule",
    [
        Term(1, "guide"),
        Term(1, "guide", 5, fixed=5),
        Term(1, "guide", 5, tiers=TIERS),
        Term(1, "guide", fixed=0),
        Term(1, "guide", fixed=10**11),
        Term(1, "guide", 5, per_unit=True),
        Term(1, "guide", 5, line_cap=0),
        Term(1, "guide", 5, period_cap=-1),
        Term(1, "guide", tiers=((5, 1), (5, 2))),
        Term(1, "guide", tiers=((-1, 1),)),
        Term(1, "guide", tiers=((0, 0),)),
        Term(1, "guide", tiers=((0, 1_000_001),)),
        Term(1, "guide", 5, channel="pigeon"),
        Term(1, "store", 5, level=2),
        Term(1, "residual"),
    ],
)
def test_a_rule_that_says_nothing_clear_is_refused(world, rule):
    with pytest.raises(DomainError, match="rules_invalid"):
        published(world, rule)


def test_the_rest_takes_no_conditions(world):
    with pytest.raises(DomainError, match="rules_invalid"):
        plans.publish(
            brand=world.qinglan_brand,
            mode="central",
            rules=[Term(1, "residual", category="tea")],
            effective_from=LATER,
            at=NOON,
            by=ONBOARDING,
        )


def test_an_article_of_another_brand_is_refused(world):
    with pytest.raises(DomainError, match="sku_unknown"):
        published(world, Term(1, "guide", 5, sku=world.tea.pk))


def test_what_is_published_is_read_back_as_it_was_told(world):
    rules = [
        Term(1, "guide", tiers=TIERS, line_cap=5, period_cap=7, category="tea", channel="pos", level=3),
        Term(2, "store", fixed=5, per_unit=True, sku=world.shirt.pk),
        REST,
    ]
    published(world, *rules[:2])
    (version,) = plans.versions_of(world.qinglan_brand)
    assert plans.terms_of(version) == rules


def test_a_rule_in_the_database_claims_in_one_way(world):
    version = published(world, Term(1, "guide", 5))
    with world.inside(world.qinglan):
        draft = PlanVersion.objects.create(
            merchant=world.qinglan, plan=version.plan, number=9, effective_from=LATER, rules_sha256=b""
        )
        for bad in (
            {"role": "guide"},
            {"role": "guide", "ppm": 5, "fixed": 5},
            {"role": "guide", "ppm": 5, "tiers": [[0, 5]]},
            {"role": "guide", "ppm": 5, "line_cap": 0},
            {"role": "residual", "category": "tea"},
        ):
            with pytest.raises(IntegrityError), transaction.atomic():
                Rule.objects.create(merchant=world.qinglan, version=draft, number=1, **bad)
        with pytest.raises(IntegrityError, match="same_merchant"), transaction.atomic():
            Rule.objects.create(
                merchant=world.qinglan, version=draft, number=1, role="guide", ppm=5, sku=world.tea
            )
            with connection.cursor() as cursor:
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


guide_roles = st.sampled_from(["guide", "bound", "store"])
claim = st.integers(1, 10**6).map(lambda ppm: {"ppm": ppm}) | st.lists(
    st.integers(1, 10**6), min_size=1, max_size=3
).map(lambda ppms: {"tiers": tiers(*ppms)})
conditions = st.fixed_dictionaries(
    {
        "category": st.sampled_from(["", "tea", "silk"]),
        "channel": st.sampled_from(["", "pos", "live"]),
        "level": st.sampled_from([None, 1, 2]),
    }
)


def test_the_database_finds_the_same_worst_case(world):
    version = published(world, Term(1, "guide", 5))
    with world.inside(world.qinglan):
        draft = PlanVersion.objects.create(
            merchant=world.qinglan, plan=version.plan, number=9, effective_from=LATER, rules_sha256=b""
        )

    @settings(max_examples=40, deadline=None)
    @given(
        st.lists(st.tuples(guide_roles, claim, conditions), max_size=6),
        st.sampled_from([None, world.shirt.pk]),
    )
    def the_same(rules, sku):
        terms = [
            Term(number, role, sku=sku if number % 2 else None, **claims, **where)
            for number, (role, claims, where) in enumerate(rules, start=1)
        ]
        with world.inside(world.qinglan):
            Rule.objects.filter(version=draft).delete()
            Rule.objects.bulk_create(row_of(draft, term) for term in terms)
        with connection.cursor() as cursor:
            cursor.execute("SELECT worst_case_ppm(%s)", [draft.pk])
            assert cursor.fetchone()[0] == worst_case(terms)

    the_same()
