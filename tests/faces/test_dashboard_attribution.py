"""Headquarters: an attribution policy is drafted row by row, read out, tried on real sales, and published."""

from datetime import timedelta

import pytest
from django.utils import timezone

from commissions import accruals
from commissions import attribution_policies as policies
from commissions.attribution_checks import digest
from commissions.attribution_rules import DEFAULT
from tests.commissions.attributing import drafted, published, rule
from tests.commissions.tiered import second_guide
from tests.faces.headquarters import words
from tests.people import NOON
from tests.plans import publish_plans
from tests.selling import joined, line, sold

HERE = "/hq/attribution/"
NEW = f"{HERE}new/"
BY_DEFAULT = "Own guide takes all, bound at the store of the sale, inside the protection period"


def row(index: int, **given: str | list[str]) -> dict[str, str | list[str]]:
    return {f"rules-{index}-{name}": value for name, value in ({"bound_at": "any"} | given).items()}


def form(*rows: dict, **changed) -> dict:
    given = {"rules-TOTAL_FORMS": str(len(rows)), "rules-INITIAL_FORMS": "0"}
    for one in rows:
        given |= one
    return given | changed


def one_draft(world):
    [policy] = policies.drafts_of(world.qinglan)
    return policy


def test_a_merchant_without_a_policy_reads_the_default_and_drafts_from_it(world, at_desk):
    gu = at_desk(world.gu)
    page = words(gu.get(HERE))
    assert "The default: no policy is published" in page and BY_DEFAULT in page
    assert "Cloud store: Sharing guide takes all, less than 14 days after the link was opened" in page
    page = words(gu.get(NEW))
    assert "Rule 3" in page and "Rule 4" not in page and BY_DEFAULT in page
    given = form(
        row(0, sharing="1", channels=["cloud_store"], days="14"),
        row(1, bound="1", bound_at="same", protected="on"),
        row(2, serving="1"),
    )
    assert gu.post(NEW, given).status_code == 302
    assert one_draft(world).said.rules == DEFAULT.rules


def test_a_rule_that_can_never_decide_is_warned_of_and_kept_all_the_same(world, at_desk):
    gu = at_desk(world.gu)
    warning = "ule 1 always matches before it: move it up"
    given = form(row(0, serving="1"), row(1, serving="1", channels=["pos"]), row(2, bound="1"))
    read = words(gu.post(NEW, given | {"change": "look"}))
    assert (
        read.count(warning) == 1 and warning in read.partition('id="said-1"')[2].partition('id="said-2"')[0]
    )
    page = words(gu.post(NEW, given, follow=True))
    assert f"Rule 2: R{warning}" in page and len(one_draft(world).said.rules) == 3
    assert warning in words(gu.get(f"{HERE}{one_draft(world).ref}/edit/"))


def test_a_draft_of_shares_and_windows_is_kept_read_out_and_published_for_later(world, at_desk):
    gu = at_desk(world.gu)
    rules = [
        row(0, bound="60", serving="40", protected="on", channels=["pos", "workbench"]),
        row(1, recruiting="1", days="1"),
        row(2, serving="1", bound_at="other"),
    ]
    answer = gu.post(NEW, form(*rules))
    policy = one_draft(world)
    assert policy.said.rules == (
        rule(1, ("bound", 60), ("serving", 40), protected=True, channels=("pos", "workbench")),
        rule(2, "recruiting", days=1),
        rule(3, "serving", bound_at="other"),
    )
    assert "Serving guide takes all, if the own guide is bound at another store" in words(
        gu.get(HERE + policy.ref + "/")
    )
    page = words(gu.get(answer["Location"]))
    assert (
        "Till, Workbench: Own guide 60%, Serving guide 40% where each of them is there, inside the protection"
        in page
    )
    assert "Recruiting guide takes all, less than 1 day after the member was recruited" in page
    here, start = f"{HERE}{policy.ref}/", timezone.now() + timedelta(days=2)
    typed = {"read": digest(policy.said.rules), "starts_at": f"{start:%Y-%m-%dT%H:%M}"}
    assert "Choose a day and a time" in words(
        gu.post(f"{here}publish/", typed | {"starts_at": "soon"}, follow=True)
    )
    assert "changed after it was read" in words(
        gu.post(f"{here}publish/", typed | {"read": "x"}, follow=True)
    )
    assert "is published" in words(gu.post(f"{here}publish/", typed, follow=True))
    assert "Coming" in words(gu.get(HERE)) and "Take it back" in words(gu.get(here))
    assert "is a draft again" in words(gu.post(f"{here}recall/", follow=True))
    at_once = {"read": typed["read"]}
    assert "is published" in words(gu.post(f"{here}publish/", at_once, follow=True))
    page = words(gu.get(HERE))
    assert "Version 1, since" in page and f"{NEW}?copy=default" in page
    assert "Own guide 60%" in words(gu.get(NEW)) and BY_DEFAULT in words(gu.get(f"{NEW}?copy=default"))
    assert "nothing was changed" in words(gu.post(f"{here}discard/", follow=True))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"rules-0-serving": ""}, "Nobody has a part by this rule"),
        ({"rules-0-serving": "1e1"}, "Write a whole number"),
        ({"rules-0-serving": "1001"}, "from 1 to 1,000"),
        ({"rules-0-protected": "on"}, "Only a rule that gives to the own guide"),
        ({"rules-0-days": "3"}, "A number of days is for sharing"),
        ({"rules-0-channels": ["moon"]}, "This cannot be chosen here"),
        ({"rules-0-bound_at": "moon"}, "This cannot be chosen here"),
        ({"rules-TOTAL_FORMS": "2"}, "Nothing is chosen here"),
        ({"rules-TOTAL_FORMS": "0"}, "from 1 to 20 rules"),
        ({"rules-TOTAL_FORMS": "9" * 5000}, "did not arrive whole"),
    ],
)
def test_what_a_rule_says_is_written_plainly(world, at_desk, changed, said):
    answer = at_desk(world.gu).post(NEW, form(row(0, serving="1")) | changed)
    assert answer.status_code == 422 and said in words(answer)
    assert policies.drafts_of(world.qinglan) == []


def test_rows_come_go_and_change_places_as_typed(world, at_desk):
    gu = at_desk(world.gu)
    two = [row(0, serving="7"), row(1, sharing="x", channels=["live", "pos"])]

    def asked(change: str) -> str:
        answer = gu.post(NEW, form(*two, change=change))
        assert answer.status_code == 200
        return words(answer)

    page = asked("add")
    assert "Rule 3" in page and 'value="x"' in page and "field-fault" not in page
    assert page.count(" checked") == 2
    page = asked("up-1")
    assert page.index('value="x"') < page.index('value="7"') and page.count(" checked") == 2
    assert asked("down-0").index('value="x"') < asked("down-0").index('value="7"')
    page = asked("remove-0")
    assert "Rule 2" not in page and 'value="x"' in page
    for odd in ("remove-9", "up-0", "down-1", "up-x", f"down-{'9' * 5000}", "dance"):
        assert asked(odd).index('value="7"') < asked(odd).index('value="x"')
    page = asked("look")
    assert "Every channel: Serving guide takes all" in page and "This rule cannot be read yet." in page
    assert policies.drafts_of(world.qinglan) == []


def test_a_draft_is_edited_by_who_read_it_and_thrown_away(world, at_desk):
    gu, policy = at_desk(world.gu), drafted(world.qinglan, rule(1, "serving"))
    here = f"{HERE}{policy.ref}/"
    page = words(gu.get(f"{here}edit/"))
    read = digest(policy.said.rules)
    assert f'name="read" value="{read}"' in page
    assert gu.post(f"{here}edit/", form(row(0, bound="1"), read=read)).status_code == 302
    stale = gu.post(f"{here}edit/", form(row(0, sharing="1"), read=read))
    assert stale.status_code == 422 and "changed after it was read" in words(stale)
    assert one_draft(world).said.rules == (rule(1, "bound"),)
    assert 'value="60"' in words(gu.get(f"{NEW}?copy={drafted(world.qinglan, rule(1, ('bound', 60))).ref}"))
    assert gu.post(f"{here}discard/").status_code == 302
    assert [one.number for one in policies.drafts_of(world.qinglan)] == [2]


def test_a_draft_is_tried_on_a_month_of_real_sales(world, at_desk, now):
    publish_plans(world)
    joined(world.qinglan_brand, world.jingan, guide=world.lin)
    zhou = second_guide(world)
    order = sold(
        world.jingan, line(world.shirt), phone="13800010001", touches={"serving": zhou.code}, paid_at=NOON
    )
    accruals.book(order)
    policy = drafted(world.qinglan, rule(1, "serving"))
    gu, address = at_desk(world.gu), f"{HERE}{policy.ref}/trial/"
    page = words(gu.get(address))
    assert "1 of 1" in page and order.external_no in page and "<svg" in page
    assert "Served this sale: 5%. Rule 1 of attribution policy 1." in page
    assert "No sale of this month" in words(gu.get(f"{address}?month=2026-10"))
    assert f"周子安,{zhou.ref},0,1,0.00,9.95,9.95" in words(gu.get(f"{address}?month=2026-11&format=csv"))
    lines = words(gu.get(f"{address}?month=2026-11&format=lines"))
    assert f"{order.external_no},1,{world.jingan.name}" in lines and "After,周子安,9.95,Served" in lines


def test_a_channel_reads_whose_policies_its_guides_go_by_and_nobody_else_does(world, at_desk):
    policy = published(world.qinglan, rule(1, "recruiting"))
    he, wei = at_desk(world.he), at_desk(world.wei)
    page = words(he.get(HERE))
    assert (
        "Lines of 青岚服饰" in page and "Recruiting guide takes all" in page and "Lines of 木白茶业" in page
    )
    assert "青岚服饰" not in words(wei.get(HERE))
    for who in (he, wei):
        for place in ("", "edit/", "trial/"):
            assert who.get(f"{HERE}{policy.ref}/{place}").status_code == 404
        assert who.post(f"{HERE}{policy.ref}/recall/").status_code == 404
        assert who.get(f"{NEW}?copy={policy.ref}").status_code == 404
