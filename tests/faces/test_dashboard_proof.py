"""The nightly proof is told: on the ledger's page, to those who may see the books, to the platform's operator."""

import pytest
from django.test import Client

from ledger import proving
from ledger.accounts import held, named
from ledger.models import ProofRun, Snapshot
from ledger.transfers import Entry, Story, post
from merchants.onboarding import root_of
from merchants.roles import Role
from notifications import inbox
from tests.faces.headquarters import manager_of, words
from tests.people import NOON
from tests.streaming import flow


def moved(book, debit, credit, amount, source_id="t1"):
    entry = Entry(book.pk, "share", debit, credit, amount)
    post([Story("test", source_id, NOON.date(), NOON, "CNY", (entry,))])


@pytest.fixture
def spoiled(world, now):
    """Hehe's book tells a debt that Mubai's does not, and has paid Lin more than was due."""
    moved(world.hehe, held("cash"), named("due", world.mubai.party), 700)
    moved(world.hehe, named("due", world.lin.party), held("bank"), 201, "t2")
    run = proving.prove(world.hehe)
    flow()
    return run


def test_the_ledger_says_when_it_was_proved_and_that_everything_holds(world, at_desk, receipt):
    he = at_desk(world.he)
    assert "Not proved yet." in words(he.get("/hq/ledger/"))
    for merchant in (world.hehe, world.qinglan, world.mubai):
        assert proving.prove(merchant).holds
    page = words(he.get("/hq/ledger/"))
    assert "Everything holds" in page and "2026-11-20 12:05" in page and " · blocks: 1" in page


def test_a_failing_proof_is_shown_place_by_place(world, at_desk, spoiled):
    page = words(at_desk(world.he).get("/hq/ledger/"))
    assert "It does not hold" in page and spoiled.ref in page
    assert "Payable now, 木白茶业: ¥7.00 here, ¥0.00 there" in page
    assert f"{world.lin.name}: −¥2.01" in page


def test_each_kind_of_finding_has_its_words(world, at_desk):
    findings = [
        {"check": "zero", "currency": "CNY", "amount": -5},
        {"check": "clearing", "source": "sale", "source_id": "ord_1/1", "amount": 100},
        {
            "check": "keys",
            "source": "sale",
            "source_id": "ord_2/1",
            "kind": "share",
            "told": 3,
            "standing": 2,
        },
        {"check": "snapshots", "account": "held:cash", "id": 1, "cursor": 9, "kept": 7, "entries": 8},
        *[
            {"check": "chain", "what": what, "block": 3, "transfers": [12, 13]}
            for what in ("changed", "missing", "extra", "altered", "gone", "rewritten")
        ],
        {"check": "periods", "first": "2000-01-01", "last": "2026-11-20", "was": 4, "now": 5},
    ]
    with world.inside(world.hehe):
        given = {
            "business_date": NOON.date(),
            "at": NOON,
            "transfers": 1,
            "block": 3,
            "head": b"x",
            "findings": findings,
        }
        ProofRun.objects.create(book=world.hehe, **given)
    page = words(at_desk(world.he).get("/hq/ledger/"))
    for said in (
        "Off by −¥0.05",
        "ord_1/1: off by ¥1.00",
        "ord_2/1: told as 3 transfers, 2 stand there",
        "Cash held: kept ¥0.07, by its transfers ¥0.08",
        "Block 3: changed transfers #12, #13",
        "Block 3: missing transfers #12, #13",
        "Block 3: transfers slipped in #12, #13",
        "Block 3 was altered",
        "Block 3 is gone",
        "Block 3 is not the one an earlier proof saw",
        "2000-01-01 to 2026-11-20: 4 transfers when it was sealed, 5 now",
        "Transfers sealed: 1 · blocks: 3",
    ):
        assert said in page, said


def test_it_is_news_to_those_who_may_see_the_books_until_they_have_looked(world, at_desk, spoiled):
    with world.inside(world.hehe):
        shen = manager_of(world.hehe, root_of(world.hehe), role=Role.FINANCE, email="shen@hehe.example")
        su = manager_of(world.hehe, root_of(world.hehe), role=Role.MARKETING, email="su@hehe.example")
    proving.prove(world.hehe)
    flow()

    def told(user):
        with world.inside(world.hehe):
            return [notice.kind for notice in inbox.newest(user)]

    assert told(shen) == ["ledger.proof_failed"]
    assert told(world.he) == ["ledger.proof_failed"] * 2
    assert told(su) == told(world.lin.user) == told(world.gu) == []
    desk = at_desk(shen)
    badge = '1<span class="sr"> unread</span>'
    assert badge in words(desk.get("/hq/payouts/"))
    desk.get("/hq/ledger/")
    assert badge not in words(desk.get("/hq/payouts/"))
    assert "The nightly proof of the ledger failed" in words(desk.get("/hq/feed/"))


def test_the_platforms_operator_sees_every_merchants_proofs_and_can_only_look(
    world, admin_client: Client, spoiled
):
    proving.prove(world.qinglan)
    page = words(admin_client.get("/admin/ledger/proofrun/"))
    assert "和合集合店" in page and "青岚服饰" in page and "mirrors, purses" in page
    assert admin_client.get(f"/admin/ledger/proofrun/{spoiled.pk}/change/").status_code == 200
    assert admin_client.get("/admin/ledger/proofrun/add/").status_code == 403
    assert admin_client.post(f"/admin/ledger/proofrun/{spoiled.pk}/delete/").status_code == 403


def test_a_snapshot_is_no_page_of_the_admin(admin_client):
    assert admin_client.get(f"/admin/ledger/{Snapshot._meta.model_name}/").status_code == 404
