"""Finance imports a rail's bill, sees to the fen what agrees, and works every break."""

import csv
import io
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from commissions.models import Break, Payout, RailBill
from commissions.payouts import answers
from merchants.onboarding import appoint, root_of
from merchants.roles import Role
from tests.commissions.billing import BY, by_bank, now, paid, statement
from tests.people import LONG_AGO, ONBOARDING, make_user

ENGLISH = {"headers": {"Accept-Language": "en"}}


@pytest.fixture
def sent_at():
    """Three days ago, so that its bill is there and its day has been over for a while."""
    return timezone.now() - timedelta(days=3)


@pytest.fixture
def day(world, sent_at):
    return (sent_at + timedelta(hours=8)).date()  # in Shanghai


@pytest.fixture
def payouts(world, sent_at):
    """To Lin, Chen and Hehe; the bank's answer to Lin's is lost, the others have arrived."""
    parties = (world.lin.party, world.chen.party, world.hehe.party)
    made = by_bank(world, *zip(parties, (995, 5000, 30000), strict=True), at=sent_at)
    answers.lost(made[0], at=sent_at, **BY)
    for payout in made[1:]:
        paid(payout, at=sent_at)
    return made


@pytest.fixture
def finance(client, world):
    return at_hq(client, world, Role.FINANCE)


def at_hq(client, world, role):
    user = make_user("周算", email=f"{role}@recon.example")
    with world.inside(world.qinglan):
        unit, began = root_of(world.qinglan), LONG_AGO
        appoint(user=user, merchant=world.qinglan, role=role, org_unit=unit, by=ONBOARDING, starts_at=began)
    client.force_login(user)
    return client


def text(answer) -> str:
    return answer.content.decode()


def upload(finance, file, day, **changed):
    given = {
        "rail": "bank",
        "first": day,
        "last": day,
        "file": SimpleUploadedFile("bank.csv", file),
    } | changed
    return finance.post(reverse("rail_bill_import"), given, follow=True, **ENGLISH)


def broken(payouts, day):
    """Lin's paid over there, Chen's a fen off, Hehe's missing, and a rent."""
    lin, chen, _hehe = payouts
    return statement((lin.number, 995, day), (chen.number, 5001, day), ("=房租", 8800, day))


def the_break(world, kind):
    with world.inside(world.qinglan):
        return Break.objects.get(kind=kind)


def test_before_the_first_bill_the_page_says_what_to_do(finance):
    page = text(finance.get(reverse("reconciliation"), **ENGLISH))
    assert "No bill has been imported yet." in page and "Import a bill" in page
    assert 'type="date"' in text(finance.get(reverse("rail_bill_import"), **ENGLISH))


def test_an_import_leads_to_its_totals_and_breaks(finance, world, payouts, day):
    answer = upload(finance, broken(payouts, day), day)
    page = text(answer)
    assert "3 new lines were read." in page
    assert "Theirs comes to the bill's total to the fen." in page
    sums = answer.context["sums"]
    assert (sums.bill_total, sums.theirs, sums.ours) == (995 + 5001 + 8800, 995 + 5001 + 8800, 5000 + 30000)
    assert {row.of.kind for row in answer.context["rows"]} == {
        "state",
        "amount",
        "missing_ours",
        "missing_theirs",
    }
    only = finance.get(answer.request["PATH_INFO"], {"kind": "amount"}, **ENGLISH)
    assert [row.payee for row in only.context["rows"]] == ["陈一诺"]
    shown = text(finance.get(reverse("reconciliation"), **ENGLISH))
    assert "4 of 4" in shown and "4 breaks" in shown  # the rent, too, though it is no payout of the day


def test_a_month_end_is_worked_until_the_day_is_reconciled(finance, world, payouts, day):
    upload(finance, broken(payouts, day), day)
    found = the_break(world, "state")
    page = text(finance.get(reverse("break", args=[found.ref]), **ENGLISH))
    assert "The bill proves ¥9.95 paid" in page
    page = text(finance.post(reverse("break_word", args=[found.ref]), follow=True, **ENGLISH))
    assert "counts as paid out now." in page and "周算" in page
    assert now(payouts[0]).state == Payout.State.SUCCEEDED
    page = text(finance.post(reverse("break_word", args=[found.ref]), follow=True, **ENGLISH))
    assert "Somebody has worked this break already." in page
    for kind in ("amount", "missing_ours", "missing_theirs"):
        found = the_break(world, kind)
        page = text(
            finance.post(reverse("break_explain", args=[found.ref]), {"note": " "}, follow=True, **ENGLISH)
        )
        assert "An explanation needs words." in page
        note = {"note": f"银行已说明 <{kind}>"}
        page = text(finance.post(reverse("break_explain", args=[found.ref]), note, follow=True, **ENGLISH))
        assert f"银行已说明 &lt;{kind}&gt;" in page and "Open it again" in page
    index = finance.get(reverse("reconciliation"), **ENGLISH)
    assert "No break is open" in text(index)
    assert {progress.reconciled for progress in index.context["days"]} == {True}
    shown = finance.get(reverse("payouts"), **ENGLISH)
    assert [progress.reconciled for _file, progress in shown.context["files"]] == [True]
    assert {row.standing for row in shown.context["rows"]} == {"matched", "explained"}


def test_what_the_bank_gave_back_is_found_and_due_again_with_a_click(finance, world, payouts, day):
    _lin, chen, _hehe = payouts
    file = statement(
        *[(row.number, row.net, day) for row in payouts], (chen.number, -5000, day), ("", -700, day)
    )
    answer = upload(finance, file, day)
    page = text(answer)
    assert "4 new lines were read." in page and "All that came back" in page
    assert "1 row of the file is neither money out nor a payout that came back" in page
    assert answer.context["back"].theirs == 5000 and answer.context["difference"] == 995 - 5000
    found = the_break(world, "returned")
    assert "The bill proves that ¥50.00 came back" in text(
        finance.get(reverse("break", args=[found.ref]), **ENGLISH)
    )
    page = text(finance.post(reverse("break_word", args=[found.ref]), follow=True, **ENGLISH))
    assert "counts as returned now: its amount is due again." in page
    assert now(chen).state == Payout.State.RETURNED
    assert "Return on the bill" in text(finance.get(reverse("payouts"), **ENGLISH))
    agreeing = finance.get(answer.request["PATH_INFO"], {"kind": "matched"}, **ENGLISH)
    assert [row.of.number for row in agreeing.context["rows"]] == [payouts[2].number, chen.number]


def test_an_explanation_is_taken_back_and_the_payout_shows_it(finance, world, payouts, day):
    upload(finance, broken(payouts, day), day)
    found = the_break(world, "missing_theirs")
    finance.post(reverse("break_explain", args=[found.ref]), {"note": "tomorrow"})
    page = text(
        finance.post(reverse("break_reopen", args=[found.ref]), {"note": "it is not"}, follow=True, **ENGLISH)
    )
    assert "Open again." in page and "tomorrow" in page and "it is not" in page
    page = text(finance.get(reverse("payout", args=[payouts[2].ref]), **ENGLISH))
    assert "Differs from the bill" in page and reverse("break", args=[found.ref]) in page


def test_all_words_of_a_bill_are_taken_with_one_click_and_the_next_bill_clears_what_it_brings(
    finance, world, payouts, day
):
    answer = upload(finance, broken(payouts, day), day)
    assert "Take the bill's word for 1 payout" in text(answer)
    bill = answer.context["bill"]
    page = text(finance.post(reverse("rail_bill_words", args=[bill.ref]), follow=True, **ENGLISH))
    assert "1 payout counts as paid out now." in page
    answer = upload(finance, broken(payouts, day) + f"{day},B9,300.00,{payouts[2].number}\n".encode(), day)
    assert "1 new line was read. 3 were known." in text(answer)
    assert the_break(world, "missing_theirs").state == "resolved"
    found = the_break(world, "missing_theirs")
    assert "A later bill has the line" in text(finance.get(reverse("break", args=[found.ref]), **ENGLISH))


def test_the_same_file_again_and_a_bad_one_say_so_and_change_nothing(finance, world, payouts, day):
    upload(finance, broken(payouts, day), day)
    assert "This file was imported before. Nothing has changed." in text(
        upload(finance, broken(payouts, day), day)
    )
    for file, words in (
        (b"hello", "This file has no headings"),
        (broken(payouts, day) + "合计,,1.00,\n".encode(), "This bill says ¥1.00 in all"),
        (
            broken(payouts, day) + b"2026-13-01,,1.00,x\n",
            "Line 5 of the file cannot be read: there is no date.",
        ),
        (broken(payouts, day - timedelta(days=9)), "Line 2 is of a day outside of those you entered."),
    ):
        answer = upload(finance, file, day)
        assert answer.status_code == 422 and words in text(answer)
    with world.inside(world.qinglan):
        assert RailBill.objects.count() == 1
    assert upload(finance, b"x", "0001-01-01").status_code == 422
    assert upload(finance, b"x", "").status_code == 422


def test_looking_again_tells_what_it_found(finance, world, payouts, day):
    upload(finance, broken(payouts, day), day)
    paid(payouts[0])
    page = text(finance.post(reverse("reconciliation_look"), follow=True, **ENGLISH))
    assert "Looked again: 1 cleared by themselves, 0 new." in page


def test_breaks_are_downloaded_harmless(finance, world, payouts, day):
    answer = upload(finance, broken(payouts, day), day)
    for url in (reverse("reconciliation"), answer.request["PATH_INFO"]):
        file = finance.get(url, {"format": "csv"}, **ENGLISH)
        assert file["Content-Disposition"].endswith('.csv"')
        rows = list(csv.reader(io.StringIO(file.content.decode("utf-8-sig"), newline="")))
        assert len(rows) == 1 + 4
        assert {row[2] for row in rows[1:]} >= {"'=房租"}
        assert sum(round(float(row[7]) * 100) for row in rows[1:]) == 995 + 5001 + 8800 - 5000 - 30000


def test_who_may_only_read_works_nothing(client, world, payouts, day):
    auditor = at_hq(client, world, Role.AUDITOR)
    page = text(auditor.get(reverse("reconciliation"), **ENGLISH))
    assert reverse("rail_bill_import") not in page
    assert auditor.get(reverse("rail_bill_import")).status_code == 403
