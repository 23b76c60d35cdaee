"""Finance sees what waits, closes a day on approval, and for whom it became payable."""

from datetime import UTC, datetime

import pytest
from django.urls import reverse

from commissions import batches
from commissions.models import SettlementPolicy
from commissions.payouts import answers, paying
from merchants.onboarding import appoint, root_of
from merchants.roles import Role
from tests.commissions.closing import booked, carried
from tests.people import LONG_AGO, ONBOARDING, make_user

NOON = datetime(2026, 11, 20, 4, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 20, 16, tzinfo=UTC)


@pytest.fixture
def world(world):
    return carried(world)


@pytest.fixture
def finance(client, world):
    user = make_user("财务", email="fin@mubai.example")
    with world.inside(world.mubai):
        unit = root_of(world.mubai)
        appoint(
            user=user,
            merchant=world.mubai,
            role=Role.FINANCE,
            org_unit=unit,
            by=ONBOARDING,
            starts_at=LONG_AGO,
        )
    client.force_login(user)
    return client


def text(response) -> str:
    return response.content.decode()


def test_what_waits_for_its_day_is_said_before_any_batch(finance, world):
    booked(world, "T-1", at=NOON)
    page = text(finance.get(reverse("settlements"), headers={"Accept-Language": "en"}))
    assert "¥32.00" in page and "1 line under T+1 contracts" in page
    assert "No day of your own book has been closed yet." in page


def test_a_batch_waits_for_finance_shows_who_would_be_paid_and_goes_on_once_approved(finance, world):
    finance.post(reverse("settlement_policy"), {"needs_approval": "yes"})
    booked(world, "T-1", at=NOON)
    batch = batches.close(world.mubai, now=MIDNIGHT)
    english = {"headers": {"Accept-Language": "en"}}
    asked = text(finance.get(reverse("settlements"), **english)).partition('id="approval"')[2]
    assert 'name="needs_approval" value="no"' in asked and "after the one up to 2026-11-20" in asked
    shown = text(finance.get(reverse("settlement", args=[batch.ref]), **english))
    assert "Waits for approval" in shown and "陈一诺" in shown and "¥6.40" in shown and "¥25.60" in shown
    listed = text(finance.get(reverse("settlements"), **english))
    assert "once it is approved" in listed and "Made payable" not in listed
    assert "Nothing of it is payable yet" in shown
    assert batches.preview(world.mubai, day=NOON.date()) == (0, 0), (
        "what is frozen does not wait for another day"
    )
    asked = shown.partition("<dialog")[2]
    assert "Becomes payable at once" in asked and "¥32.00" in asked and 'name="read" value="3200"' in asked
    assert "Approve and lock" in asked and "sends nothing yet" in asked
    approval = reverse("settlement_approve", args=[batch.ref])
    stale = text(finance.post(approval, {"read": "3201"}, follow=True, **english))
    assert "since you read it" in stale and "Waits for approval" in stale
    for unread in ({}, {"read": "-1"}, {"read": "3200.00"}):
        assert "since you read it" in text(finance.post(approval, unread, follow=True, **english))
    finance.post(approval, {"read": "3200"})
    again = text(finance.post(approval, {"read": "3200"}, follow=True, **english))
    assert "does not wait for approval" in again
    batches.close(world.mubai, now=MIDNIGHT)
    shown = text(finance.get(reverse("settlement", args=[batch.ref]), **english))
    assert "Approved and locked" in shown and "陈一诺" in shown and "¥6.40" in shown
    assert "2026-11-20" in text(finance.get(reverse("settlements"), **english))


def test_a_posted_run_shows_what_of_it_is_paid_under_way_and_came_back_with_its_payouts(finance, world):
    booked(world, "T-1", at=NOON)
    batch = batches.close(world.mubai, now=MIDNIGHT)
    english = {"headers": {"Accept-Language": "en"}}
    address = reverse("settlement", args=[batch.ref])
    shown = text(finance.get(address, **english))
    assert "Payable" in shown and "in the wallet" in shown
    by = {"by": ONBOARDING, "at": MIDNIGHT}
    payout = answers.submit(paying.pay(book=world.mubai, payee=world.chen.party, rail="manual", **by), **by)
    assert "Being paid" in text(finance.get(address, **english))
    answers.come_back(payout, **by)
    shown = text(finance.get(address, **english))
    assert "came back" in shown and reverse("payout", args=[payout.ref]) in shown
    assert "Partly paid" not in shown, "nothing was"


def test_who_would_be_paid_is_shown_before_the_day_is_closed(finance, world):
    booked(world, "T-1", at=NOON)
    page = text(finance.get(reverse("settlement_preview"), headers={"Accept-Language": "en"}))
    assert "陈一诺" in page and "¥6.40" in page and "¥25.60" in page and "¥32.00" in page


def test_who_has_a_share_reads_it_waiting_and_in_the_run_of_anothers_book_and_a_stranger_reads_nothing(
    client, world
):
    english, address = {"headers": {"Accept-Language": "en"}}, reverse("settlements")
    batches.ask_for_approval(world.mubai, True, by=ONBOARDING)
    booked(world, "T-1", at=NOON)
    client.force_login(world.gu)
    page = text(client.get(address, **english))
    assert (
        "1 line of yours waits" in page and "木白茶业" in page and "¥25.60" in page and "2026-11-20" in page
    )
    assert "No run of another merchant" in page and "No day of your own book" in page
    batch = batches.close(world.mubai, now=MIDNIGHT)
    page = text(client.get(address, **english))
    assert "0 lines of yours wait" in page and "not payable yet" in page and "¥25.60" in page
    assert batch.ref not in page and "¥32.00" not in page, "what is others' is not told"
    client.force_login(world.wei)
    page = text(client.get(address, **english))
    assert "木白茶业" not in page and "¥25.60" not in page and "Nothing of yours waits" in page


def test_the_policy_can_be_taken_back(finance, world):
    for asks in ("yes", "no"):
        finance.post(reverse("settlement_policy"), {"needs_approval": asks})
        with world.inside(world.mubai):
            assert SettlementPolicy.objects.get().needs_approval is (asks == "yes")


def test_another_merchants_batch_is_not_there(finance, world):
    theirs = batches.open_batch(world.hehe, NOON.date())
    assert finance.get(reverse("settlement", args=[theirs.ref])).status_code == 404


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_few_statements_however_many_lines(finance, world, language, django_assert_max_num_queries):
    for number in range(6):
        booked(world, f"T-{number}", at=NOON)
    batch = batches.close(world.mubai, now=MIDNIGHT)
    for address in (reverse("settlements"), reverse("settlement", args=[batch.ref])):
        finance.get(address)
        with django_assert_max_num_queries(22):
            assert finance.get(address, headers={"Accept-Language": language}).status_code == 200
