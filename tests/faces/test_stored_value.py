"""Stored value on the two faces that know it: a merchant's till tells it, finance sees what is owed for it."""

import pytest

from members import programmes
from tests.faces.headquarters import words
from tests.faces.merchant_system import MerchantSystem
from tests.selling import TILL


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
    assert "?account=stored%3Acard" in page and "和合储值卡" in page
    assert "nothing was changed" in words(desk.post(path, typed, follow=True))
    again = desk.post(path, typed | {"paid": "301"})
    assert again.status_code == 422 and "was used for another top-up" in words(again)
    assert "¥320.00" in words(desk.get("/hq/stored-value/"))
    assert "Stored value not used · card" in words(desk.get("/hq/ledger/"))


def test_another_merchants_programme_is_not_found(world, at_desk):
    gold = programmes.register(merchant=world.qinglan, code="gold", name="青岚卡", by=TILL)
    assert at_desk(world.he).get(f"/hq/stored-value/{gold.ref}/").status_code == 404
