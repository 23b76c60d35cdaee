"""Headquarters: a plan is drafted row by row, read out, tried on real sales, and published."""

from datetime import timedelta

import pytest
from django.utils import timezone

from commissions import accruals, plans
from commissions.draft_checks import digest
from commissions.models import Split
from commissions.splitting import Term
from orders.models import Order
from tests.faces.headquarters import words
from tests.people import LATER, NOON, ONBOARDING
from tests.plans import CENTRAL, DIRECT, publish_plans
from tests.selling import line, sold

NEW = "/hq/plans/new/"
REST = Term(99, "residual")


def row(index: int, role: str, claim: str, kind: str = "ratio", **more: str) -> dict[str, str]:
    return {
        f"rules-{index}-{name}": text
        for name, text in ({"role": role, "claim": claim, "kind": kind} | more).items()
    }


def form(world, *rows: dict[str, str], **changed: str) -> dict[str, str]:
    given = {"brand": world.qinglan_brand.ref, "mode": "central", "effective_from": "2027-01-01T00:00"}
    given |= {"rules-TOTAL_FORMS": str(len(rows)), "rules-INITIAL_FORMS": "0"}
    for one in rows:
        given |= one
    return given | changed


def drafted(world, rules=CENTRAL, **changed):
    given = {"brand": world.qinglan_brand, "mode": "central", "effective_from": LATER, "by": ONBOARDING}
    return plans.draft(rules=rules, **(given | changed))


def one_draft(world):
    [version] = plans.drafts_of(world.qinglan_brand)
    return version


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"rules-0-claim": "1e1"}, "Write percent as a number"),
        ({"rules-0-claim": "٣"}, "Write percent as a number"),
        ({"rules-0-claim": "3.12345"}, "no more than 4 decimal places"),
        ({"rules-0-kind": "fixed", "rules-0-claim": "2.005"}, "at most two decimals"),
        ({"rules-0-kind": "tiers", "rules-0-claim": "3, 5"}, "Write tiers as"),
        ({"rules-0-sku": "NOBODY"}, "no article with this code"),
        ({"rules-0-role": "store", "rules-0-level": "2"}, "Only a guide has a level"),
        ({"effective_from": "9999-12-31T00:00-14:00"}, "between 1 January 2000 and 1 January 2100"),
        ({"rules-TOTAL_FORMS": "2"}, "Nothing is chosen here"),
        ({"rules-TOTAL_FORMS": "１２"}, "Nothing is chosen here"),
        ({"rules-TOTAL_FORMS": "2147483648"}, "Nothing is chosen here"),
        ({"rules-TOTAL_FORMS": "x"}, "did not arrive whole"),
        ({"rules-TOTAL_FORMS": "9" * 5000}, "did not arrive whole"),
    ],
)
def test_what_a_draft_says_is_written_plainly(world, at_desk, changed, said):
    answer = at_desk(world.gu).post(NEW, form(world, row(0, "guide", "3")) | changed)
    assert answer.status_code == 422 and said in words(answer)
    assert plans.drafts_of(world.qinglan_brand) == []


def test_a_draft_of_many_rules_is_kept_read_out_and_published_for_a_partner(world, at_desk):
    gu = at_desk(world.gu)
    rules = [
        row(0, "store", "4"),
        row(1, "guide", "3.5", period_cap="500"),
        row(2, "guide", "2.00", "piece", sku=world.shirt.code, channel="pos"),
        row(3, "manager", "0: 1, 10000: 2", "tiers", level="2"),
    ]
    answer = gu.post(NEW, form(world, *rules, partner=world.hehe.ref))
    assert answer.status_code == 302
    version = one_draft(world)
    assert version.channel == world.hehe
    assert plans.terms_of(version) == [
        Term(1, "store", 40_000),
        Term(2, "guide", 35_000, period_cap=50_000),
        Term(3, "guide", fixed=200, per_unit=True, sku=world.shirt.pk, channel="pos"),
        Term(4, "manager", tiers=((0, 10_000), (1_000_000, 20_000)), level=2),
        Term(5, "residual"),
    ]
    page = words(gu.get(answer["Location"]))
    assert "Guide: 3.5% of each line, at most ¥500.00 a month" in page
    assert f"only article {world.shirt.name}, only by Till" in page
    assert "Draft" in words(gu.get("/hq/plans/"))
    assert gu.post(f"/hq/plans/{version.ref}/publish/", {"read": digest(version)}).status_code == 302
    assert plans.versions_of(world.qinglan_brand) == [version]
    assert "3.5%" in words(gu.get("/hq/plans/"))


def test_nobody_publishes_or_overwrites_what_they_did_not_read(world, at_desk):
    gu, fin, version = at_desk(world.gu), at_desk(world.gu), drafted(world)
    here = f"/hq/plans/{version.ref}/"
    read = digest(version)
    assert f'name="read" value="{read}"' in words(gu.get(here))
    dearer = form(world, row(0, "guide", "50"), effective_from="2099-01-01T00:00", read=read)
    assert fin.post(f"{here}edit/", dearer).status_code == 302
    assert "changed after it was read" in words(gu.post(f"{here}publish/", {"read": read}, follow=True))
    stale = gu.post(f"{here}edit/", form(world, row(0, "guide", "6"), read=read))
    assert stale.status_code == 422 and "changed after it was read" in words(stale)
    gu.post(f"{here}publish/")
    assert plans.versions_of(world.qinglan_brand) == []
    assert plans.terms_of(one_draft(world))[0] == Term(1, "guide", 500_000)


def test_a_version_is_copied_into_a_new_draft(world, at_desk):
    publish_plans(world)
    gu = at_desk(world.gu)
    [version] = plans.versions_of(world.qinglan_brand)
    link = f"{NEW}?copy={version.ref}"
    assert link in words(gu.get(f"/hq/plans/{version.ref}/"))
    page = words(gu.get(link))
    assert 'value="20"' in page and 'value="5"' in page and 'value="central" selected' in page
    for_hehe = drafted(world, scope=world.hehe)
    assert f'value="{world.hehe.ref}" selected' in words(gu.get(f"{NEW}?copy={for_hehe.ref}"))
    for_one = drafted(world, scope=world.qinglan_at_jingan)
    given = form(world, row(0, "guide", "6"), partner=world.qinglan_at_jingan.ref)
    assert gu.post(f"{NEW}?copy={for_one.ref}", given).status_code == 302
    assert plans.drafts_of(world.qinglan_brand)[0].contract == world.qinglan_at_jingan
    assert at_desk(world.wei).get(link).status_code == 404


def test_a_coming_version_is_taken_back_and_one_that_holds_is_not(world, at_desk):
    gu = at_desk(world.gu)
    holds = plans.publish_draft(drafted(world), by=ONBOARDING, at=LATER)
    version = drafted(world, effective_from=timezone.now() + timedelta(days=400))
    plans.publish_draft(version, by=ONBOARDING)
    here = f"/hq/plans/{version.ref}/"
    page = words(gu.get(here))
    _, asked, dialog = page.partition('<dialog class="dialog" id="recall-version"')
    assert 'data-dialog="recall-version"' in page and asked, "it is asked first"
    assert f"Version {holds.number}, which it was to replace, goes on." in dialog
    assert "Take it back" not in words(gu.get(f"/hq/plans/{holds.ref}/"))
    page = words(gu.post(f"{here}recall/", follow=True))
    assert "is a draft again" in page and "Throw the draft away" in page
    assert plans.drafts_of(world.qinglan_brand) == [version]
    assert "it is not recalled any more" in words(gu.post(f"/hq/plans/{holds.ref}/recall/", follow=True))


def test_a_draft_that_would_reach_back_says_so_before_it_is_published(world, at_desk):
    gu = at_desk(world.gu)
    plans.publish_draft(
        drafted(world, effective_from=timezone.now() - timedelta(days=9)), by=ONBOARDING, at=LATER
    )
    late = drafted(world, effective_from=timezone.now() - timedelta(minutes=3))
    page = words(gu.get(f"/hq/plans/{late.ref}/"))
    assert "It would begin too early" in page and 'data-dialog="publish-draft"' not in page
    assert f"/hq/plans/{late.ref}/edit/" in page
    gu.post(f"/hq/plans/{late.ref}/publish/", {"read": digest(late)})
    assert plans.drafts_of(world.qinglan_brand) == [late]
    coming = drafted(world, effective_from=timezone.now() + timedelta(days=1))
    page = words(gu.get(f"/hq/plans/{coming.ref}/"))
    assert "It would begin too early" not in page and 'data-dialog="publish-draft"' in page


def test_before_publishing_it_is_read_when_it_begins_what_it_replaces_and_if_it_can_be_taken_back(
    world, at_desk
):
    gu = at_desk(world.gu)

    def asked(version):
        return words(gu.get(f"/hq/plans/{version.ref}/")).partition('id="publish-draft"')[2]

    first = drafted(world)
    assert "At once, and for sales paid since" in asked(first)
    assert "No version" in asked(first) and "neither be changed nor taken back" in asked(first)
    plans.publish_draft(first, by=ONBOARDING, at=LATER)
    tomorrow = timezone.now() + timedelta(days=1)
    second = asked(drafted(world, effective_from=tomorrow))
    assert "For sales paid from" in second and "Version 1, which ends where this one begins" in second
    assert "Until 10 minutes before it begins it can be taken back" in second
    narrow = asked(drafted(world, effective_from=tomorrow, scope=world.qinglan_at_jingan))
    assert "One contract: 和合静安店" in narrow and "before the one of a wider scope" in narrow


def test_two_modes_first_versions_do_not_look_like_one_twice(world, at_desk):
    drafted(world)
    drafted(world, mode="direct", rules=DIRECT)
    page = words(at_desk(world.gu).get("/hq/plans/"))
    assert "Central mode, version 1" in page and "Direct mode, version 1" in page


def test_rows_come_and_go_without_a_word_about_what_is_not_filled_in_yet(world, at_desk):
    gu = at_desk(world.gu)
    two = [row(0, "store", "4"), row(1, "guide", "3.x")]
    page = words(gu.post(NEW, form(world, *two, change="add")))
    assert "Rule 3" in page and "3.x" in page and "field-fault" not in page
    page = words(gu.post(NEW, form(world, *two, change="remove-0")))
    assert "Rule 1" in page and "Rule 2" not in page and 'value="3.x"' in page
    for odd in ("remove-9", "remove-x", f"remove-{'9' * 5000}", "dance"):
        assert gu.post(NEW, form(world, *two, change=odd)).status_code == 200
    crowd = {"rules-TOTAL_FORMS": "9" * 5000}
    assert gu.post(NEW, form(world, change="add") | crowd).status_code == 200
    assert plans.drafts_of(world.qinglan_brand) == []


def test_the_rules_are_read_out_before_the_draft_is_kept(world, at_desk):
    page = words(at_desk(world.gu).post(NEW, form(world, row(0, "guide", "5", line_cap="20"), change="look")))
    assert "Guide: 5% of each line, at most ¥20.00 a line" in page and "The rest: Qinglan" in page
    assert plans.drafts_of(world.qinglan_brand) == []


def test_over_a_hundred_percent_the_rule_that_breaks_it_is_named(world, at_desk):
    gu = at_desk(world.gu)
    rules = [row(0, "store", "50"), row(1, "guide", "60"), row(2, "manager", "1")]
    answer = gu.post(NEW, form(world, *rules))
    assert answer.status_code == 422 and "Rule 2 (Guide) goes over it" in words(answer)
    answer = gu.post(NEW, form(world, row(0, "store", "50"), ceiling="40"))
    assert answer.status_code == 422 and "the ceiling is 40 %" in words(answer)
    assert plans.drafts_of(world.qinglan_brand) == []


def test_a_draft_is_edited_and_thrown_away(world, at_desk):
    gu, version = at_desk(world.gu), drafted(world)
    page = words(gu.get(f"/hq/plans/{version.ref}/edit/"))
    assert 'value="20"' in page and 'value="5"' in page
    given = form(world, row(0, "guide", "7"), basis="full", read=digest(version))
    assert given["read"] in page
    assert gu.post(f"/hq/plans/{version.ref}/edit/", given).status_code == 302
    version = one_draft(world)
    assert version.basis == "full"
    assert plans.terms_of(version) == [Term(1, "guide", 70_000), Term(2, "residual")]
    assert gu.post(f"/hq/plans/{version.ref}/discard/").status_code == 302
    assert plans.drafts_of(world.qinglan_brand) == []


def test_what_is_published_is_not_edited_here(world, at_desk):
    publish_plans(world)
    gu = at_desk(world.gu)
    [version] = plans.versions_of(world.qinglan_brand)
    page = words(gu.get(f"/hq/plans/{version.ref}/"))
    assert "Throw the draft away" not in page and "Simulate" in page
    given = form(world, row(0, "guide", "7"), read=digest(version))
    answer = gu.post(f"/hq/plans/{version.ref}/edit/", given)
    assert answer.status_code == 422 and "nothing was changed" in words(answer)
    assert gu.post(f"/hq/plans/{version.ref}/discard/").status_code == 302
    assert plans.versions_of(world.qinglan_brand) == [version]


def test_a_draft_is_tried_on_a_month_of_real_sales(world, at_desk, now):
    publish_plans(world)
    order: Order = sold(world.jingan, line(world.shirt), touches={"serving": "G101"}, paid_at=NOON)
    accruals.book(order)
    version = drafted(world, [Term(1, "store", 200_000), Term(2, "guide", 100_000), REST])
    gu = at_desk(world.gu)
    address = f"/hq/plans/{version.ref}/simulation/"
    page = words(gu.get(address))
    assert world.lin.name in page and "+¥9.95" in page.replace("<span>", "")
    assert "<svg" in page
    assert "No sale of this month" in words(gu.get(address + "?month=2026-10"))
    answer = gu.get(address + "?month=2026-11&format=csv")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert f"{world.lin.name},Guide,{world.lin.ref},9.95,19.90,9.95" in words(answer)
    with world.inside(world.qinglan):
        assert Split.objects.get(order=order).version != version


def test_another_brands_draft_is_not_there(world, at_desk):
    version = drafted(world)
    for place in ("", "edit/", "simulation/"):
        assert at_desk(world.wei).get(f"/hq/plans/{version.ref}/{place}").status_code == 404
