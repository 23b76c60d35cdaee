"""Stored value on the two faces that know it: a merchant's till tells it, finance sees what is owed for it."""

import csv
import io

import pytest

from commissions import accruals, clawback
from ledger import balances
from members import programmes
from members.models import Programme
from orders.facts import RefundLineFacts, TenderFacts
from tests.faces.headquarters import words
from tests.faces.merchant_system import MerchantSystem
from tests.people import NOON, renewed
from tests.selling import FANG, TILL, joined, line, money_back, sold


@pytest.fixture
def till(world):
    return MerchantSystem(world.hehe)


def test_a_till_registers_a_programme_tops_it_up_and_takes_it_for_a_sale(world, till):
    made = till.post("/programmes", {"code": "card", "name": "和合储值卡"})
    assert made.status_code == 201
    path = f"/programmes/{made.json()['id']}"
    told = {"external_no": "U-1", "paid": 10_000, "bonus": 500, "place": "psp"}
    assert till.post(f"{path}/top-ups", told).status_code == 201
    assert till.post(f"{path}/top-ups", told).status_code == 200
    assert till.post(f"{path}/top-ups", told | {"paid": 1}).status_code == 409
    assert till.get(path).json()["outstanding"] == 10_500
    sale = {
        "channel": "pos",
        "external_no": "T-1",
        "store": world.jingan.ref,
        "paid_at": "2026-11-20T12:00:00+08:00",
        "lines": [{"sku": world.tote.code, "quantity": 3}],
        "tenders": [
            {"place": "stored", "programme": "card", "amount": 10_600},
            {"place": "points", "amount": 4_100},
        ],
    }
    short = till.post("/orders", sale)
    assert (short.status_code, short.json()["code"]) == (422, "order.stored_value_short")
    assert (short.json()["left"], short.json()["field"]) == (10_500, "tenders[0].amount")
    sale["tenders"] = [
        {"place": "stored", "programme": "card", "amount": 10_000},
        {"place": "points", "amount": 4_000},
        {"place": "acquirer", "amount": 700, "fee": 4},
    ]
    kept = till.post("/orders", sale)
    assert kept.status_code == 201
    told = [(one["place"], one["programme"], one["fee"]) for one in kept.json()["tenders"]]
    assert told == [("stored", made.json()["id"], 0), ("points", None, 0), ("acquirer", None, 4)]
    assert till.get("/programmes").json()["data"][0]["outstanding"] == 500
    stranger = MerchantSystem(world.stranger)
    assert stranger.get(path).status_code == 404
    assert stranger.post(f"{path}/top-ups", told_again("U-2")).status_code == 404


def test_programmes_have_scopes_of_their_own(world, till):
    made = till.post("/programmes", {"code": "card", "name": "卡"}).json()
    top_ups = f"/programmes/{made['id']}/top-ups"
    scopes = set(till.key.scopes) - {"programmes:read", "programmes:write"}
    other = MerchantSystem(world.hehe, scopes=sorted(scopes))
    for answer, scope in [
        (other.get("/programmes"), "programmes:read"),
        (other.get(f"/programmes/{made['id']}"), "programmes:read"),
        (other.post("/programmes", {"code": "x", "name": "卡"}), "programmes:write"),
        (other.post(top_ups, told_again("U-1")), "programmes:write"),
    ]:
        assert (answer.status_code, answer.json()["scope"]) == (403, scope)
    counter = MerchantSystem(world.hehe, scopes=["programmes:read", "programmes:write"])
    assert counter.post(top_ups, told_again("U-1")).status_code == 201
    assert counter.get("/programmes").json()["data"][0]["outstanding"] == 100


def told_again(number):
    return {"external_no": number, "paid": 100, "place": "cash"}


def test_finance_registers_a_programme_and_tops_it_up_by_hand(world, at_desk):
    desk = at_desk(world.he)
    assert "No programme yet" in words(desk.get("/hq/stored-value/"))
    assert desk.post("/hq/stored-value/new/", {"name": "和合储值卡", "code": "储值"}).status_code == 422
    made = desk.post("/hq/stored-value/new/", {"name": "和合储值卡", "code": "card"}, follow=True)
    assert "can be topped up" in words(made)
    path = f"{made.redirect_chain[-1][0]}top-up/"
    typed = {"external_no": "U-1", "place": "cash", "paid": "300", "bonus": "20"}
    page = words(desk.post(path, typed, follow=True))
    assert "Topped up." in page and "¥320.00" in page and "¥20.00" in page
    assert desk.get(f"{path.removesuffix('top-up/')}").context["owed"] == 32_000
    assert "/hq/ledger/stored:card/" in page and "和合储值卡" in page
    assert "nothing was changed" in words(desk.post(path, typed, follow=True))
    again = desk.post(path, typed | {"paid": "301"})
    assert again.status_code == 422 and "was used for another top-up" in words(again)
    assert "¥320.00" in words(desk.get("/hq/stored-value/"))
    assert "Stored value not used · card" in words(desk.get("/hq/ledger/"))


def test_another_merchants_programme_is_not_found(world, at_desk):
    gold = programmes.register(merchant=world.qinglan, code="gold", name="青岚卡", by=TILL)
    assert at_desk(world.he).get(f"/hq/stored-value/{gold.ref}/").status_code == 404


def topped_up(programme, number, paid=30_000, bonus=2_000):
    programmes.top_up(
        programme=programme, external_no=number, paid=paid, bonus=bonus, place="psp", at=NOON, by=TILL
    )


def stands(world, programme) -> tuple[int, int]:
    """(what may be spent, what the book owes)"""
    with world.inside(programme.merchant):
        book = balances.of_book(programme.merchant, codes=[f"stored:{programme.code}"])
        return Programme.objects.get(pk=programme.pk).outstanding, sum(row.amount for row in book)


def test_finance_follows_every_movement_of_a_programme_to_what_is_left_and_owed(world, at_desk):
    desk, card = at_desk(world.he), programmes.register(merchant=world.hehe, code="card", name="卡", by=TILL)
    path = f"/hq/stored-value/{card.ref}/"

    def shown(query=""):
        page = desk.get(path + query)
        rows = page.context["rows"]
        return page, [(row.word, row.about, row.amount, row.left) for row in rows]

    topped_up(card, "U-1")
    other = programmes.register(merchant=world.hehe, code="other", name="另一张", by=TILL)
    topped_up(other, "U-0")
    paid = tuple(TenderFacts(place="stored", amount=n, programme="card") for n in (17_000, 700))
    order = sold(world.jingan, line(world.tea), line(world.tote), tenders=paid)
    page, rows = shown()
    assert rows[0][2:] == (-700, 14_300) and "Spent, not booked yet" in words(page)
    accruals.book(order)
    refund, _is_new = money_back(world.hehe, RefundLineFacts(number=1, amount=6_400))
    assert len(shown()[1]) == 3, "put back is what is back"
    clawback.claw(refund)
    topped_up(card, "U-2", paid=100, bonus=0)
    page, rows = shown()
    assert rows == [
        ("Topped up", "U-2", 100, 20_800),
        ("Put back after a refund", "T-1, line 1", 6_400, 20_700),
        ("Spent", "T-1", -700, 14_300),
        ("Spent", "T-1", -17_000, 15_000),
        ("Topped up", "U-1", 32_000, 32_000),
    ]
    assert stands(world, card) == (20_800, 20_800) and "not booked" not in words(page)
    assert f"/hq/orders/{order.ref}/" in words(page) and world.jingan.name in words(page)

    for number in range(28):
        topped_up(card, f"B-{number}", paid=1, bonus=0)
    page, first = shown()
    page, second = shown(f"?cursor={page.context['next']}")
    assert page.context["next"] is None and first[28:] + second == rows
    before = 0
    for _word, _about, amount, left in reversed(first + second):
        assert left == before + amount
        before = left
    assert stands(world, card) == (before, before)

    file = desk.get(f"{path}?format=csv")
    told = list(csv.reader(io.StringIO(file.content.decode("utf-8-sig"))))
    assert [row[-2:] for row in told[29:]] == [
        ["1.00", "208.00"],
        ["64.00", "207.00"],
        ["-7.00", "143.00"],
        ["-170.00", "150.00"],
        ["320.00", "320.00"],
    ]


def test_of_a_sale_at_anothers_store_the_issuer_sees_its_own_value_and_lines_alone(world, at_desk):
    gold = programmes.register(merchant=world.qinglan, code="gold", name="青岚卡", by=TILL)
    topped_up(gold, "U-1")
    renewed(world.qinglan_at_jingan, store_tells_for_brand=True)
    joined(world.mubai_brand, world.jingan, phone=FANG, name="方女士")
    of_qinglan = TenderFacts(place="stored", amount=31_000, programme="gold", collector=world.qinglan.ref)
    rest = TenderFacts(place="cash", amount=1_700)
    order = sold(world.jingan, line(world.tea), line(world.shirt), phone=FANG, tenders=(of_qinglan, rest))
    accruals.book(order)
    backs = [RefundLineFacts(number=1, amount=12_800), RefundLineFacts(number=2, amount=10_000)]
    clawback.claw(money_back(world.hehe, *backs)[0])
    page = at_desk(world.gu).get(f"/hq/stored-value/{gold.ref}/")
    rows = [(row.about, row.amount, row.left) for row in page.context["rows"]]
    assert rows == [
        ("T-1, line 2", 9_480, 22_615),
        ("T-1", 12_135, 13_135),
        ("T-1", -31_000, 1_000),
        ("U-1", 32_000, 32_000),
    ]
    assert stands(world, gold) == (22_615, 22_615)
    said = words(page)
    assert world.jingan.name in said
    assert "方女士" not in said and "¥327.00" not in said and "¥17.00" not in said
