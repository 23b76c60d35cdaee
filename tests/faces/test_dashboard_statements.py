"""Finance reads how the book stands with each party, month by month, and can add every line up."""

import csv
import io
import re
import zipfile
from datetime import UTC, date, datetime
from urllib.parse import unquote

import pytest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override
from pypdf import PdfReader

from commissions import batches
from insights import statements
from insights.statement_files import Sheet, as_csv, as_pdf, as_xlsx, content_disposition
from insights.statements import Line, Month
from ledger.statements import Statement
from merchants.onboarding import appoint, root_of
from merchants.roles import Role
from tests.commissions.closing import booked, carried
from tests.people import LONG_AGO, ONBOARDING, make_user

NOON = datetime(2026, 11, 20, 4, tzinfo=UTC)
MONTH = Month(date(2026, 11, 1))
ENGLISH = {"headers": {"Accept-Language": "en"}}


@pytest.fixture
def world(world):
    carried(world)
    for number in range(3):
        booked(world, f"T-{number}", at=NOON)
    batches.close(world.mubai, now=datetime(2026, 11, 20, 16, tzinfo=UTC))
    return world


@pytest.fixture
def finance(client, world):
    user = make_user("财务", email="fin@mubai.example")
    with world.inside(world.mubai):
        appoint(
            user=user,
            merchant=world.mubai,
            role=Role.FINANCE,
            org_unit=root_of(world.mubai),
            by=ONBOARDING,
            starts_at=LONG_AGO,
        )
    client.force_login(user)
    return client


def test_what_is_on_its_way_counts_as_much_as_what_stands(world, monkeypatch):
    lin, chen, hehe = world.lin.party.pk, world.chen.party.pk, world.hehe.party.pk
    sums = {lin: (0, 900, 900), chen: (0, 400, 0), hehe: (0, 0, 100)}
    monkeypatch.setattr(statements.statements, "of_all", lambda book, **month: sums)
    monkeypatch.setattr(statements.statements, "on_its_way", lambda book, **month: {lin: 900})
    with world.inside(world.qinglan):
        found = statements.rows(world.qinglan, MONTH)
    assert [row.ref for row in found] == [
        party.ref for party in (world.lin.party, world.chen.party, world.hehe.party)
    ]


def of_chen(world):
    return reverse("statement", args=[world.chen.party.ref]) + "?month=2026-11"


def test_the_month_adds_up_over_all_parties(finance, world):
    page = finance.get(reverse("statements") + "?month=2026-11", **ENGLISH)
    rows = {row.name: row for row in page.context["rows"]}
    assert rows["陈一诺 · 青岚徐汇店"].closing == 3 * 640
    # Qinglan took the money at its till: it owes Mubai all of it but its own share.
    assert rows["青岚服饰"].closing == 3 * (2560 - 12800)
    assert page.context["total"].closing == sum(row.closing for row in rows.values())


def test_a_partys_lines_add_up_to_its_closing_and_the_download_holds_the_same(finance, world):
    page = finance.get(of_chen(world), **ENGLISH)
    told = page.context["told"]
    assert (told.opening, told.credits, told.debits, told.closing) == (0, 1920, 0, 1920)
    rows = page.context["rows"]
    assert [(row.amount, row.balance) for row in rows] == [(640, 1920), (640, 1280), (640, 640)], (
        "the last first"
    )
    assert "T-0, line 1" in page.content.decode()
    text = finance.get(of_chen(world) + "&format=csv", **ENGLISH).content.decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text)))
    amounts = [float(row[3]) for row in rows[2:]]
    assert amounts == [0, 6.4, 6.4, 6.4, 19.2]
    assert round(sum(amounts[:-1]), 2) == amounts[-1]


def test_every_kind_of_file_holds_the_same_lines(finance, world):
    workbook = finance.get(of_chen(world) + "&format=xlsx", **ENGLISH)
    sheet = zipfile.ZipFile(io.BytesIO(workbook.content)).read("xl/worksheets/sheet1.xml").decode()
    amounts = [float(value) for value in re.findall(r'<c r="D\d+" s="\d+"><v>([^<]+)</v>', sheet)]
    assert amounts == [0, 6.4, 6.4, 6.4, 19.2] and "<f>" not in sheet
    paper = finance.get(of_chen(world) + "&format=pdf", **ENGLISH)
    assert (
        paper["Content-Type"] == "application/pdf"
        and 'filename="statement-2026-11-' in paper.headers["Content-Disposition"]
    )
    words = "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(paper.content)).pages)
    assert words.count("6.40") == 3 and words.count("19.20") == 3 and "陈一诺" in words
    assert finance.get(of_chen(world) + "&format=exe", **ENGLISH)["Content-Type"].startswith("text/html")


def test_a_name_that_a_spreadsheet_or_a_paper_would_read_as_orders_stays_text(world):
    told = Statement(0, 100, 0, {}, {})
    line = Line(NOON.date(), "<b>&", "=HYPERLINK(1)", "", 100)
    sheet = Sheet("=1+1", "@SUM(A1)", MONTH, told, [line], NOON.date())
    book = zipfile.ZipFile(io.BytesIO(as_xlsx(sheet)))
    assert "<f>" not in book.read("xl/worksheets/sheet1.xml").decode()
    assert "=HYPERLINK(1)" in book.read("xl/sharedStrings.xml").decode()
    assert "'=HYPERLINK(1)" in as_csv(sheet).decode("utf-8-sig")
    assert "<b>&" in PdfReader(io.BytesIO(as_pdf(sheet))).pages[0].extract_text()


def test_the_month_before_stands_at_nothing_and_nonsense_shows_this_month(finance, world):
    assert (
        "Nothing stood or moved" in finance.get("/hq/statements/?month=2026-10", **ENGLISH).content.decode()
    )
    for month in ("2026-13", "x", "9999-12", "2026-11-01", "١٢", "9999999999-01", "2026-" + "9" * 20):
        page = finance.get("/hq/statements/", {"month": month}, **ENGLISH)
        assert page.context["month"].first == timezone.localdate().replace(day=1)


def test_a_file_goes_by_the_partys_name_in_its_own_letters_and_in_latin_ones(finance, world):
    given = finance.get(of_chen(world) + "&format=csv", **ENGLISH)["Content-Disposition"]
    ours, named = given.removeprefix("attachment; ").split("; ")
    tail = world.chen.party.ref[-4:]
    assert ours == f'filename="statement-2026-11-chen-yi-nuo-qing-lan-xu-hui-dian-{tail}.csv"'
    assert unquote(named) == f"filename*=UTF-8''Statement-2026-11-陈一诺-青岚徐汇店-{tail}.csv"
    odd = content_disposition(MONTH, '"; \r\n../x', "pty_0001", "pdf")
    assert odd.startswith('attachment; filename="statement-2026-11-x-0001.pdf"; ')
    assert content_disposition(MONTH, "…", "pty_0001", "pdf").startswith(
        'attachment; filename="statement-2026-11-0001.pdf"; '
    )


@pytest.mark.parametrize(
    ("today", "booked", "closing"),
    [
        (date(2026, 11, 22), date(2026, 11, 20), (date(2026, 11, 22), "Balance so far")),
        (date(2026, 11, 22), date(2026, 11, 23), (date(2026, 11, 23), "Balance so far")),
        (date(2026, 12, 1), date(2026, 11, 20), (date(2026, 11, 30), "Closing balance")),
    ],
)
def test_a_running_month_ends_today_and_not_in_days_to_come(today, booked, closing):
    lines = [Line(booked, "Goodwill", "", "", 100)]
    with override("en"):
        sheet = Sheet("Mubai", "Chen", MONTH, Statement(0, 100, 0, {}, {}), lines, today, 30)
        *_before, last, beside = sheet.rows()
    assert last == (*closing, "", 100)
    assert beside == (closing[0], "On its way, not counted above", "", 30)


def test_a_stranger_to_the_book_has_no_statement(finance, world):
    assert finance.get(reverse("statement", args=[world.lin.party.ref])).status_code == 404


def test_few_statements_however_many_lines(finance, world, django_assert_max_num_queries):
    for address, most in ((reverse("statements"), 16), (of_chen(world), 28)):
        finance.get(address)
        with django_assert_max_num_queries(most):
            finance.get(address)
