"""A rail's bill is laid beside what we paid: every break is listed, and each is worked or clears by itself."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from commissions.models import BillLine, Payout, RailBill
from commissions.payouts import answers
from commissions.reconciliation import looking, working
from events.models import Event
from insights import reconciling
from merchants.errors import DomainError
from tests.commissions.billing import (
    BY,
    DAY,
    NEXT,
    ON,
    breaks,
    by_bank,
    imported,
    kinds,
    moment,
    now,
    paid,
    sharing_bill,
    statement,
)
from tests.people import NOON

State = Payout.State


@pytest.fixture
def world(plans_published):
    return plans_published


@pytest.fixture
def lin(world):
    """What Qinglan pays Lin by bank file."""
    return by_bank(world, (world.lin.party, 995))[0]


def sums(world, bill):
    with world.inside(bill.merchant):
        return reconciling.sums(bill)


def test_the_same_on_both_sides_is_matched_and_the_day_reconciled(world, lin):
    paid(lin)
    bill, is_new = imported(world, sharing_bill((lin.number, 995, moment())), at=NEXT)
    assert is_new and kinds(world) == []
    told = sums(world, bill)
    assert (told.bill_total, told.theirs, told.ours, told.agree) == (995, 995, 995, True)
    with world.inside(world.qinglan):
        assert BillLine.objects.get().payout == lin
        (day,) = reconciling.of_days(world.qinglan, since=ON)
        assert (day.reconciled, day.amount) == (True, 995)
        (file,) = reconciling.of_files([now(lin).bank_file]).values()
        assert file.reconciled
    event = Event.objects.get(kind="bill.imported", subject=bill.ref)
    assert event.payload["total"] == 995 and event.payload["breaks"] == 0


def test_a_day_is_not_reconciled_while_its_bill_has_an_open_break_of_no_payout_or_of_another_days(world, lin):
    paid(lin)
    bill = statement((lin.number, 995, ON), ("房租", 8800, ON), (lin.number, 995, ON + DAY))
    imported(world, bill, last=ON + DAY, at=NEXT + DAY)
    rent, twice = breaks(world)
    assert [(found.kind, found.day) for found in (rent, twice)] == [
        ("missing_ours", ON),
        ("duplicate", ON + DAY),
    ]

    def days():
        with world.inside(world.qinglan):
            told = reconciling.of_days(world.qinglan, since=ON)
        return [(day.day, day.total, day.broken, day.reconciled) for day in told]

    assert days() == [(ON + DAY, 0, 1, False), (ON, 1, 2, False)]
    working.explain(twice, note="退回", **BY)
    assert days() == [(ON, 1, 1, False)], "the rent is still nobody's"
    working.explain(rent, note="房租", **BY)
    assert days() == [(ON, 1, 0, True)]


def test_every_kind_of_break_is_listed_and_all_amounts_agree_to_the_fen(world):
    parties = (world.lin.party, world.chen.party, world.hehe.party)
    lin, chen, hehe = by_bank(world, *zip(parties, (995, 5000, 30000), strict=True))
    for payout in (lin, chen, hehe):
        paid(payout, at=NOON + timedelta(hours=1))
    (lost,) = by_bank(world, (world.lin.party, 700), at=NOON + timedelta(hours=2))
    late = NOON + timedelta(hours=13)  # 01:00 of the next day
    (early,) = by_bank(world, (world.chen.party, 800), at=late)
    paid(early, at=late)
    bill, _new = imported(
        world,
        statement(
            (lin.number, 995, ON),
            (lin.number, 995, ON),
            (chen.number, 5001, ON),
            (lost.number, 700, ON),
            (early.number, 800, ON),
            ("TD261120NOBODYNOBODY", 123, ON),
            ("", 77, ON),
        ),
        at=NEXT,
    )
    found = {(row.kind, row.theirs, row.ours) for row in breaks(world)}
    assert found == {
        ("duplicate", 995, 0),
        ("amount", 5001, 5000),
        ("state", 700, 0),
        ("date", 800, 800),
        ("missing_ours", 123, 0),
        ("missing_ours", 77, 0),
        ("missing_theirs", 0, 30000),
    }
    told = sums(world, bill)
    assert told.agree and told.bill_total == 995 * 2 + 5001 + 700 + 800 + 123 + 77
    assert told.difference == told.bill_total - (995 + 5000 + 30000 + 800)
    assert {part.kind: part.count for part in told.parts}["matched"] == 1
    assert {row.state for row in breaks(world)} == {"open"}


def test_what_failed_or_came_back_is_right_to_be_missing(world):
    parties = (world.lin.party, world.chen.party)
    lin, chen = by_bank(world, *zip(parties, (995, 5000), strict=True))
    answers.fail(lin, at=NOON, **BY)
    answers.come_back(paid(chen), at=NEXT, **BY)
    imported(world, statement(), at=NEXT)
    assert kinds(world) == []


def test_what_came_back_may_as_well_be_listed(world, lin):
    answers.come_back(paid(lin), at=NEXT, **BY)
    imported(world, statement((lin.number, 995, ON)), at=NEXT)
    assert kinds(world) == []


def standing(world, payout):
    with world.inside(world.qinglan):
        return reconciling.standings([payout])[payout.pk]


def test_what_the_bank_gave_back_and_nobody_heard_of_is_a_break_and_the_payment_still_agrees(world, lin):
    paid(lin)
    file = statement((lin.number, 995, ON), (lin.number, -995, ON + DAY), ("货款", -8800, ON + DAY))
    bill, _new = imported(world, file, last=ON + DAY, at=NEXT + DAY)
    (found,) = breaks(world)
    assert (found.kind, found.theirs, found.ours, found.incoming) == ("returned", 995, 0, True)
    assert (bill.total, bill.back_count, bill.back_total, bill.left_out) == (995, 1, 995, 1)
    told = sums(world, bill)
    assert told.agree and (told.theirs, told.ours) == (995, 995)
    with world.inside(world.qinglan):
        back = reconciling.sums_back(bill)
        (today, day) = reconciling.of_days(world.qinglan, since=ON)
        assert not day.reconciled and today.broken == 1
    assert back.agree and (back.theirs, back.ours, back.open) == (995, 0, 1)
    assert standing(world, lin) == "broken"


def test_what_came_back_here_and_there_agrees_and_how_each_payout_stands_can_be_told_apart(world):
    parties = (world.lin.party, world.chen.party, world.hehe.party)
    lin, chen, hehe = by_bank(world, *zip(parties, (995, 5000, 30000), strict=True))
    answers.come_back(paid(lin), at=NOON + timedelta(hours=2), **BY)
    answers.fail(chen, at=NOON, **BY)
    paid(hehe)
    left = [(lin.number, 995, ON), (hehe.number, 30000, ON)]
    imported(world, statement(*left), at=NEXT)
    assert [standing(world, row) for row in (lin, chen, hehe)] == ["left", "unlisted", "matched"]
    bill, _new = imported(world, statement(*left, (lin.number, -995, ON)), at=NEXT)
    assert (bill.known_count, bill.known_total, bill.back_count) == (2, 30995, 1)
    assert [standing(world, row) for row in (lin, chen, hehe)] == ["returned", "unlisted", "matched"]
    assert kinds(world) == []
    with world.inside(world.qinglan):
        (day,) = reconciling.of_days(world.qinglan, since=ON)
    assert day.reconciled and day.amount == 30995


def test_what_came_back_is_known_once_and_another_amount_or_a_second_time_is_a_break(world, lin):
    paid(lin)
    out, back = (lin.number, 995, ON), (lin.number, -995, ON)
    imported(world, statement(out, back), at=NEXT)
    more = statement(out, back, (lin.number, -995, ON), (lin.number, -7, ON))
    bill, _new = imported(world, more, at=NEXT)
    assert kinds(world) == [("returned", "open"), ("duplicate", "open"), ("duplicate", "open")]
    with world.inside(world.qinglan):
        assert BillLine.objects.count() == 4
        told = reconciling.sums_back(bill)
    assert told.agree and {part.kind: part.theirs for part in told.parts} == {
        "matched": 0,
        "duplicate": 1002,
        "known": 995,
    }
    (chen,) = by_bank(world, (world.chen.party, 5000))
    imported(world, statement((paid(chen).number, -4999, ON)), at=NEXT)
    found = breaks(world)[-2:]
    assert [(row.kind, row.theirs, row.ours) for row in found] == [
        ("amount", 4999, 5000),
        ("missing_theirs", 0, 5000),  # coming back is not leaving
    ]


def test_what_came_back_to_another_merchant_is_counted_and_kept_by_nobody(world, lin):
    paid(lin)
    bill, _new = imported(world, statement((lin.number, -995, ON)), at=NEXT, merchant=world.stranger)
    assert (bill.left_out, bill.back_count, breaks(world, world.stranger)) == (1, 0, [])
    with world.inside(world.stranger):
        assert not BillLine.objects.exists()


def test_a_payout_without_an_answer_is_not_missing_before_its_day_has_been_over_for_a_while(world, lin):
    answers.lost(lin, at=NOON, **BY)
    imported(world, statement(), at=NEXT)  # 20 hours after the day ended over there
    assert kinds(world) == []
    looked = looking.look_again(merchant=world.qinglan, at=NEXT + DAY, **BY)
    assert (looked.opened, kinds(world)) == (1, [("missing_theirs", "open")])
    answers.fail(lin, at=NEXT + DAY, **BY)
    looked = looking.look_again(merchant=world.qinglan, at=NEXT + 2 * DAY, **BY)
    assert (looked.cleared, kinds(world)) == (1, [("missing_theirs", "resolved")])


def test_a_day_that_is_not_over_has_not_been_told(world, lin):
    imported(world, statement(), at=NOON + timedelta(minutes=5))
    paid(lin, at=NOON + timedelta(minutes=9))
    looking.look_again(merchant=world.qinglan, at=NEXT, **BY)
    assert kinds(world) == []
    imported(world, statement((lin.number, 1, ON)), at=NEXT)
    assert kinds(world) == [("amount", "open")]


def test_the_same_file_again_changes_nothing(world, lin):
    paid(lin)
    file = sharing_bill((lin.number, 994, moment()))
    bill, is_new = imported(world, file, at=NEXT)
    again, is_new_again = imported(world, file, at=NEXT + DAY)
    assert (again, is_new, is_new_again) == (bill, True, False)
    assert kinds(world) == [("amount", "open")]
    assert Event.objects.filter(kind="bill.imported").count() == 1


def test_days_that_were_imported_before_are_not_doubled(world):
    (lin,) = by_bank(world, (world.lin.party, 995))
    (chen,) = by_bank(world, (world.chen.party, 5000))
    for payout in (lin, chen):
        paid(payout)
    rows = [(lin.number, 995, ON), (lin.number, 995, ON)]
    imported(world, statement(*rows), at=NEXT)
    assert kinds(world) == [("duplicate", "open"), ("missing_theirs", "open")]
    more = statement(*rows, (chen.number, 5000, ON))
    bill, _new = imported(world, more, at=NEXT)
    assert (bill.lines_count, bill.known_count, bill.known_total) == (3, 2, 1990)
    assert kinds(world) == [("duplicate", "open"), ("missing_theirs", "resolved")]
    told = sums(world, bill)
    assert told.agree and {part.kind: part.theirs for part in told.parts} == {"matched": 5000, "known": 1990}
    with world.inside(world.qinglan):
        assert BillLine.objects.count() == 3


def test_a_number_that_an_earlier_bill_had_is_a_duplicate(world, lin):
    paid(lin)
    imported(world, sharing_bill((lin.number, 995, moment())), at=NEXT)
    imported(world, sharing_bill((lin.number, 995, moment()), serial=7), at=NEXT)
    assert kinds(world) == [("duplicate", "open")]


def test_another_merchants_payouts_are_told_to_nobody(world, lin):
    paid(lin)
    imported(world, statement((lin.number, 995, ON)), at=NEXT, merchant=world.stranger)
    (found,) = breaks(world, world.stranger)
    assert (found.kind, found.payout, found.ours) == ("missing_ours", None, 0)
    assert breaks(world) == []


def test_what_a_bank_paid_does_not_stand_on_the_bill_of_wechat_pay(world, lin):
    paid(lin)
    imported(world, sharing_bill((lin.number, 995, moment())), at=NEXT, rail="wechat")
    (found,) = breaks(world)
    assert (found.kind, found.payout, found.theirs) == ("missing_ours", None, 995)
    imported(world, statement((lin.number, 995, ON)), at=NEXT)
    assert kinds(world) == [("missing_ours", "open")]  # its own bill has it, and agrees
    with world.inside(world.qinglan):
        assert BillLine.objects.get(payout=lin).bill.rail == "bank"


@pytest.mark.parametrize(
    ("days", "code"),
    [
        ({"first": ON + DAY, "last": ON}, "bill.wrong_days"),
        ({"last": ON + 2 * DAY}, "bill.wrong_days"),
        ({"first": ON - 92 * DAY}, "bill.wrong_days"),
        ({"first": ON - DAY, "last": ON - DAY}, "bill.other_days"),
    ],
)
def test_a_bill_of_other_days_is_refused_whole(world, lin, days, code):
    with pytest.raises(DomainError, match=code):
        imported(world, statement((lin.number, 995, ON)), at=NEXT, **days)
    with world.inside(world.qinglan):
        assert not RailBill.objects.exists() and not BillLine.objects.exists()


def test_a_bills_line_names_only_a_payout_that_its_merchant_sends(world, lin):
    imported(world, statement(), at=NEXT, merchant=world.stranger)
    with world.inside(world.stranger):
        bill = RailBill.objects.get()
    stray = {"bill": bill, "row": 2, "amount": 1, "day": ON, "identity": b"x", "payout": lin}
    with pytest.raises(IntegrityError), transaction.atomic(), world.inside(world.stranger):
        BillLine.objects.create(merchant=world.stranger, **stray)
        with transaction.get_connection().cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_twenty_thousand_lines_take_a_fixed_number_of_statements(world, lin, django_assert_max_num_queries):
    paid(lin)
    rows = [(lin.number, 995, ON)] + [(f"OTHER{n}", n, ON) for n in range(1, 20_000)]
    file = statement(*rows)
    with django_assert_max_num_queries(80):  # of which 40 write a thousand rows each
        bill, _new = imported(world, file, at=NEXT)
    told = sums(world, bill)
    assert told.agree and bill.lines_count == 20_000
    assert {part.kind: part.count for part in told.parts} == {"matched": 1, "missing_ours": 19_999}
