"""Refunds by API: of which sale, and what is said while no money has gone back."""

import pytest

from orders.refunds import MOST_PARKED
from orders.tendering import MOST_TENDERS
from tests.faces.merchant_system import MerchantSystem, code, money_back, sale


@pytest.fixture
def hehe(world):
    return MerchantSystem(world.hehe)


@pytest.fixture
def qinglan(world):
    return MerchantSystem(world.qinglan)


@pytest.fixture
def told(world, qinglan):
    """The id of a sale at Jing'an that Qinglan told by its own number E-1."""
    body = sale(("QL-SHIRT", 1), no="E-1", store=world.jingan.ref)
    return qinglan.post("/orders", body).json()["id"]


def of(order: str, amount: int = 900, **changed) -> dict:
    body = money_back(("QL-SHIRT", 1, amount)) | {"order": order} | changed
    del body["order_external_no"]
    return body


def test_a_store_gives_back_by_our_id_what_a_brand_told_for_it(hehe, told):
    back = hehe.post("/refunds", of(told))
    assert (back.status_code, back.json()["order"], back.json()["order_external_no"]) == (201, told, "E-1")
    assert "notice" not in back.json()
    again = hehe.post("/refunds", of(told))
    assert (again.status_code, again.json()) == (200, back.json())
    reused = hehe.post("/refunds", of(told, amount=800))
    assert (reused.status_code, code(reused)) == (409, "refund.reused_number")
    assert hehe.get(f"/orders/{told}").json()["refunded_total"] == 900


def test_an_id_is_of_a_sale_of_ones_own_store(world, hehe, qinglan, told):
    """Qinglan told it, and may give back by its number; the sale is Hehe's."""
    by_id = qinglan.post("/refunds", of(told))
    assert (by_id.status_code, code(by_id), by_id.json()["field"]) == (404, "order.not_found", "order")
    with_store = qinglan.post("/refunds", of(told, store=world.jingan.ref))
    assert (with_store.status_code, code(with_store)) == (422, "input.invalid")
    assert MerchantSystem(world.stranger).post("/refunds", of(told)).status_code == 404
    assert hehe.get(f"/orders/{told}").json()["refunded_total"] == 0


@pytest.mark.parametrize("numbers", [{}, {"order": "ord_1", "order_external_no": "E-1"}])
def test_a_refund_names_its_sale_by_one_of_the_two(hehe, told, numbers):
    body = of(told)
    del body["order"]
    refused = hehe.post("/refunds", body | numbers)
    assert (refused.status_code, code(refused), refused.json()["field"]) == (
        422,
        "refund.sale_unclear",
        "order",
    )
    assert refused.json()["next_step"]


def test_a_parked_refund_says_that_no_money_went_back_and_what_to_do(hehe):
    parked = hehe.post("/refunds", money_back(("MB-TEA", 1, 100), order_no="T-l"))  # a letter for a one
    assert (parked.status_code, parked.json()["status"]) == (202, "parked")
    notice = parked.json()["notice"]
    assert "T-l" in notice["message"] and "nothing has been given back" in notice["message"]
    assert "mistyped" in notice["next_step"]


def test_a_parked_refund_that_could_not_be_given_back_says_so_when_it_is_told_again(hehe):
    hehe.post("/refunds", money_back(("MB-TEA", 1, 99999)))
    hehe.post("/orders", sale(("MB-TEA", 1)))
    again = hehe.post("/refunds", money_back(("MB-TEA", 1, 99999)))
    assert (again.status_code, again.json()["status"]) == (202, "refused")
    assert again.json()["notice"]["code"] == "refund.above_paid"


def test_a_flood_of_refunds_for_a_sale_that_never_comes_is_dammed(hehe):
    for n in range(MOST_PARKED):
        assert hehe.post("/refunds", money_back(("MB-TEA", 1, 1), no=f"R-{n}")).status_code == 202
    refused = hehe.post("/refunds", money_back(("MB-TEA", 1, 1), no="R-more"))
    assert (refused.status_code, code(refused)) == (422, "refund.too_many_parked")


def test_numbers_with_control_characters_are_refused_in_words(hehe):
    sold = hehe.post("/orders", sale(("MB-TEA", 1), no="T-1\r\nT-2"))
    assert (sold.status_code, code(sold), sold.json()["field"]) == (
        422,
        "order.number_invalid",
        "external_no",
    )
    for numbers, field in (({"no": "R\x00b"}, None), ({"no": "R\nb"}, "external_no")):
        refused = hehe.post("/refunds", money_back(("MB-TEA", 1, 1), **numbers))
        assert refused.status_code in (400, 422) and (field is None or refused.json()["field"] == field)
    refused = hehe.post("/refunds", money_back(("MB-TEA", 1, 1), order_no="T\tb"))
    assert (code(refused), refused.json()["field"]) == ("refund.number_invalid", "order_external_no")


def test_a_brands_key_cannot_say_that_a_store_took_the_money(world, qinglan):
    """Not by leaving the payments out, nor by naming the store's merchant."""
    body = sale(("QL-SHIRT", 1), no="E-1", store=world.jingan.ref)
    assert qinglan.post("/orders", body).status_code == 201
    named = {"tenders": [{"place": "cash", "amount": 19900, "collector": world.hehe.ref}]}
    refused = qinglan.post("/orders", body | {"external_no": "E-2"} | named)
    assert (refused.status_code, code(refused)) == (422, "tender.collector_not_agreed")
    [taken] = MerchantSystem(world.hehe).get("/orders").json()["data"][0]["tenders"]
    assert (taken["collector"], taken["place"]) == (world.qinglan.ref, "psp")


def test_payments_are_counted_before_they_are_read(hehe):
    pieces = [{"place": "cash", "amount": 1}] * MOST_TENDERS
    rest = {"place": "cash", "amount": 12800 - MOST_TENDERS}
    refused = hehe.post("/orders", sale(("MB-TEA", 1), tenders=[*pieces, rest]))
    assert (refused.status_code, code(refused)) == (422, "input.invalid")


class TestPayments:
    """A sale of Hehe's paid with two payments: a refund may say which it goes back on, and tells where it went."""

    @pytest.fixture
    def paid(self, hehe):
        tenders = [{"place": "cash", "amount": 10000}, {"place": "acquirer", "amount": 9900}]
        order = hehe.post("/orders", sale(("QL-SHIRT", 1)) | {"tenders": tenders}).json()
        assert [tender["number"] for tender in order["tenders"]] == [1, 2]
        return order

    def back(self, amount, *tenders, no="R-1"):
        body = money_back(("QL-SHIRT", 1, amount)) | {"external_no": no}
        body["lines"][0] |= {"quantity": 0}
        if tenders:
            body["lines"][0]["tenders"] = [{"number": n, "amount": fen} for n, fen in tenders]
        return body

    def test_it_goes_back_on_the_one_that_is_named_and_says_so(self, hehe, paid):
        given = hehe.post("/refunds", self.back(500, (2, 500)))
        assert given.status_code == 201
        assert given.json()["lines"][0]["tenders"] == [{"number": 2, "amount": 500}]
        again = hehe.post("/refunds", self.back(500, (2, 500)))
        assert (again.status_code, again.json()) == (200, given.json())
        assert code(hehe.post("/refunds", self.back(500, (1, 500)))) == "refund.reused_number"

    def test_it_goes_over_both_when_none_is_named_and_says_so(self, hehe, paid):
        given = hehe.post("/refunds", self.back(1990)).json()
        assert given["lines"][0]["tenders"] == [{"number": 1, "amount": 1000}, {"number": 2, "amount": 990}]

    @pytest.mark.parametrize(
        ("tenders", "why"),
        [
            ([(1, 499)], "refund.tenders_differ"),
            ([(3, 500)], "refund.tender_unknown"),
            ([(0, 500)], "input.invalid"),
            ([(1, "500")], "input.invalid"),
        ],
    )
    def test_what_does_not_fit_is_refused_with_the_next_step(self, hehe, paid, tenders, why):
        refused = hehe.post("/refunds", self.back(500, *tenders))
        assert (refused.status_code, code(refused)) == (422, why)
        assert refused.json()["next_step"]
        assert hehe.get(f"/orders/{paid['id']}").json()["refunded_total"] == 0

    def test_a_store_cannot_say_that_a_brand_gave_back_what_it_did_not_agree_to(self, world, hehe, told):
        """Qinglan told the sale, paid to itself: Hehe may give back in part, but not speak for Qinglan's account."""
        refused = hehe.post("/refunds", of(told) | self.lines_of(900, (1, 900)))
        assert code(refused) == "refund.tender_unknown"
        given = hehe.post("/refunds", of(told))
        assert given.json()["lines"][0]["tenders"] == [{"number": 1, "amount": 900}]

    def test_a_brand_hears_where_the_money_of_a_sale_that_it_told_went(self, world, qinglan, told):
        body = money_back(("QL-SHIRT", 1, 700)) | {"order_external_no": "E-1", "store": world.jingan.ref}
        own = qinglan.post("/refunds", body).json()
        assert own["lines"][0]["tenders"] == [{"number": 1, "amount": 700}]

    def lines_of(self, amount, *tenders):
        return {"lines": self.back(amount, *tenders)["lines"]}
