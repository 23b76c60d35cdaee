"""Sales, refunds and what follows them by API: each merchant in its own words, nothing half done."""

from datetime import timedelta

import pytest
from django.utils import timezone
from django_scopes import scope

from commissions.plans import publish
from commissions.splitting import Term
from coupons.models import Coupon, Redemption
from events import relay
from orders.models import Order
from stores.models import Store
from tests.faces.merchant_system import MerchantSystem, code, money_back, sale
from tests.people import LONG_AGO, renewed
from tests.selling import FANG, TILL, campaign_of, coupon_for, joined
from tests.streaming import flow


@pytest.fixture
def hehe(world):
    return MerchantSystem(world.hehe)


@pytest.fixture
def qinglan(world):
    return MerchantSystem(world.qinglan)


@pytest.fixture
def mubai(world):
    return MerchantSystem(world.mubai)


def test_a_sale_of_two_brands_is_kept_and_told_to_each_in_its_own_words(world, hehe, qinglan, mubai):
    body = sale(("QL-SHIRT", 2), ("MB-TEA", 1), ("HH-TOTE", 1), touches={"serving": "G101"})
    made = hehe.post("/orders", body)
    assert made.status_code == 201
    whole = made.json()
    assert (whole["whole"], whole["paid_total"], len(whole["lines"])) == (True, 2 * 19900 + 12800 + 4900, 3)
    served = {"kind": "serving", "guide": world.lin.ref, "name": "林小雨", "at": None}
    assert whole["touches"] == [served]
    assert whole["tenders"][0]["amount"] == whole["paid_total"]
    assert hehe.get(f"/orders/{whole['id']}").json() == whole
    assert hehe.get("/orders").json()["data"] == [whole]
    for system, sku in [(qinglan, "QL-SHIRT"), (mubai, "MB-TEA")]:
        part = system.get(f"/orders/{whole['id']}").json()
        assert [line["sku"]["code"] for line in part["lines"]] == [sku]
        assert (part["whole"], part["paid_total"], part["list_total"], part["tenders"]) == (
            False,
            None,
            None,
            [],
        )
        assert part["member"] is None
        assert system.get("/orders").json()["data"] == []


def test_a_brand_owner_sees_its_own_member_and_coupons_on_its_lines(world, hehe, qinglan, mubai):
    shopper = joined(world.qinglan_brand, world.jingan, guide=world.lin)
    coupon, digits = coupon_for(campaign_of(world.qinglan, world.qinglan_brand), shopper.member)
    body = sale(("QL-COAT", 1), ("MB-TEA", 1), buyer={"phone": FANG}, coupons=[digits])
    whole = hehe.post("/orders", body).json()
    assert whole["member"] == shopper.channel_member.ref
    assert [used["coupon"] for used in whole["coupons"]] == [coupon.ref]
    own = qinglan.get(f"/orders/{whole['id']}").json()
    assert own["member"] == shopper.member.ref
    assert [used["amount_off"] for used in own["coupons"]] == [3000]
    others = mubai.get(f"/orders/{whole['id']}").json()
    assert (others["member"], others["coupons"]) == (None, [])


def test_the_same_sale_told_again_is_the_same_sale(world, hehe):
    first, again = hehe.post("/orders", sale(("MB-TEA", 1))), hehe.post("/orders", sale(("MB-TEA", 1)))
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    reused = hehe.post("/orders", sale(("MB-TEA", 2)))
    assert (reused.status_code, code(reused)) == (409, "order.reused_number")
    with scope(merchant=world.hehe):
        assert Order.objects.count() == 1


def test_with_a_coupon_we_price_or_agree(world, hehe):
    member = joined(world.qinglan_brand, world.jingan).member
    _coupon, digits = coupon_for(campaign_of(world.qinglan, world.qinglan_brand), member)
    asked = [
        {"sku": "QL-COAT", "quantity": 1, "paid": 80000},
        {"sku": "MB-TEA", "quantity": 1, "paid": 12800},
    ]
    differs = hehe.post("/orders", sale(*asked, coupons=[digits]))
    assert (differs.status_code, code(differs)) == (422, "order.price_differs")
    priced = differs.json()["lines"]
    assert [line["paid"] for line in priced] == [86900, 12800]
    for line, right in zip(asked, priced, strict=True):
        line["paid"] = right["paid"]
    kept = hehe.post("/orders", sale(*asked, coupons=[digits]))
    assert (kept.status_code, kept.json()["discount_total"]) == (201, 3000)


def test_an_unusable_coupon_refuses_the_whole_sale_and_it_may_be_sent_without(world, hehe):
    member = joined(world.qinglan_brand, world.jingan).member
    _coupon, digits = coupon_for(campaign_of(world.qinglan, world.qinglan_brand), member)
    assert hehe.post("/orders", sale(("QL-COAT", 1), coupons=[digits])).status_code == 201
    used = hehe.post("/orders", sale(("QL-COAT", 1), no="T-2", coupons=[digits]))
    assert (used.status_code, code(used), used.json()["field"]) == (422, "coupon.used", "coupons[0]")
    unknown = hehe.post("/orders", sale(("QL-COAT", 1), no="T-2", coupons=["1234 5678 9012 3456"]))
    assert (unknown.status_code, code(unknown)) == (422, "coupon.unknown")
    with scope(merchant=world.hehe):
        assert Order.objects.count() == 1
    with scope(merchant=world.qinglan):
        assert (Redemption.objects.count(), Coupon.objects.get().state) == (1, "redeemed")
    assert hehe.post("/orders", sale(("QL-COAT", 1), no="T-2")).status_code == 201


@pytest.mark.parametrize(
    ("changed", "status", "refusal"),
    [
        ({"store": "nowhere"}, 404, "store.not_found"),
        ({"lines": [{"sku": "nothing", "quantity": 1}]}, 422, "sku.unknown"),
        ({"buyer": {"member": "mem_nobody"}}, 422, "member.unknown"),
        ({"touches": {"serving": "nobody"}}, 422, "guide.unknown"),
        ({"paid_at": "2099-01-01T00:00:00Z"}, 422, "order.in_future"),
        ({"currency": "USD"}, 422, "order.currency"),
        ({"tenders": [{"place": "cash", "amount": 1}]}, 422, "order.tenders_differ"),
        ({"lines": []}, 422, "input.invalid"),
        ({"touches": {"servnig": "G101"}}, 422, "body.unknown"),
        ({"touches": {"bound": "G101"}}, 422, "body.unknown"),
        ({"touches": {"sharing": "G101", "sharing_at": "2027-11-20T04:00:00Z"}}, 422, "touch.after_sale"),
        ({"touches": {"sharing_at": "2026-11-20T03:00:00Z"}}, 422, "touch.time_without_guide"),
        ({"coupon": ["1234"]}, 422, "body.unknown"),
        ({"lines": [{"sku": "MB-TEA", "qty": 1}]}, 422, "body.unknown"),
        ({"channel": "pigeon"}, 422, "input.invalid"),
    ],
)
def test_a_sale_that_cannot_be_is_refused_and_nothing_is_kept(world, hehe, changed, status, refusal):
    refused = hehe.post("/orders", sale(("MB-TEA", 1)) | changed)
    assert (refused.status_code, code(refused)) == (status, refusal)
    assert refused.json()["next_step"]
    with scope(merchant=world.hehe):
        assert not Order.objects.exists()


@pytest.mark.parametrize(
    "instant",
    [
        "0001-01-01T00:00:00+08:00",
        "9999-12-31T23:59:59-08:00",
        "0001-01-01T00:00:00Z",
        "9999-12-31T00:00:00Z",
    ],
)
def test_an_instant_at_the_end_of_time_is_refused(hehe, instant):
    for field in ("paid_at", "placed_at"):
        assert hehe.post("/orders", sale(("MB-TEA", 1)) | {field: instant}).status_code == 422
    refused = hehe.post("/refunds", money_back(("MB-TEA", 1, 100)) | {"refunded_at": instant})
    assert refused.status_code == 422
    for bound in ("paid_from", "paid_until"):
        assert hehe.get("/orders", **{bound: instant}).status_code == 422


def test_a_closed_store_sells_nothing(world, hehe):
    with scope(merchant=world.hehe):
        Store.objects.update(status=Store.Status.CLOSED)
    assert code(hehe.post("/orders", sale(("MB-TEA", 1)))) == "store.closed"


def test_a_brand_owner_tells_a_stores_sale_of_its_own_brands_only(world, qinglan, hehe):
    told = qinglan.post("/orders", sale(("QL-SHIRT", 1), no="E-1", store=world.jingan.ref))
    assert told.status_code == 201
    assert (told.json()["whole"], told.json()["paid_total"]) == (False, None)
    assert hehe.get(f"/orders/{told.json()['id']}").json()["paid_total"] == 19900
    mixed = qinglan.post("/orders", sale(("QL-SHIRT", 1), ("MB-TEA", 1), no="E-2", store=world.jingan.ref))
    assert (mixed.status_code, code(mixed)) == (422, "sku.unknown")
    assert qinglan.post("/orders", sale(("QL-SHIRT", 1), no="E-3")).status_code == 404  # another's code


def test_without_a_contract_a_brand_owner_does_not_find_the_store(world, mubai):
    refused = mubai.post("/orders", sale(("MB-TEA", 1), store=world.xuhui.ref))
    assert (refused.status_code, code(refused)) == (404, "store.not_found")


def test_after_a_contract_a_brand_owner_tells_late_what_was_sold_under_it_and_no_more(world, qinglan):
    now = timezone.now()
    told, missed, later = (
        sale(("QL-SHIRT", 1), no=no, store=world.jingan.ref, paid_at=at.isoformat())
        for no, at in [("T-1", now - timedelta(hours=3)), ("T-2", now - timedelta(hours=2)), ("T-3", now)]
    )
    assert qinglan.post("/orders", told).status_code == 201
    with scope(merchant=world.qinglan):
        world.qinglan_at_jingan.ends_at = now - timedelta(hours=1)
        world.qinglan_at_jingan.save()
    assert qinglan.post("/orders", told).status_code == 200, "told again, it was told before"
    assert qinglan.post("/orders", missed).status_code == 201
    refused = qinglan.post("/orders", later)
    assert (refused.status_code, code(refused)) == (422, "contract.missing")


def test_the_splits_of_a_sale_say_who_gets_what_and_why(world, hehe, qinglan, mubai):
    terms = [Term(1, "channel", 280_000), Term(2, "guide", 30_000), Term(3, "residual", None)]
    publish(
        brand=world.qinglan_brand, mode="central", rules=terms, effective_from=LONG_AGO, at=LONG_AGO, by=TILL
    )
    body = sale(("QL-SHIRT", 1), ("MB-TEA", 1), touches={"serving": "G101"})
    order = hehe.post("/orders", body).json()["id"]
    flow()
    whole = hehe.get(f"/orders/{order}", **{"expand[]": "splits"}).json()
    assert [split["line"] for split in whole["splits"]] == [1, 2]
    for split in whole["splits"]:
        assert sum(share["amount"] for share in split["shares"]) == split["base"]
    shares = {share["role"]: share for share in whole["splits"][0]["shares"]}
    assert (shares["guide"]["amount"], shares["guide"]["payee"]) == (597, world.lin.ref)
    assert shares["guide"]["state"] == "settled"
    assert "3%" in shares["guide"]["reason"]
    [own] = qinglan.get(f"/orders/{order}", **{"expand[]": "splits"}).json()["splits"]
    assert own == whole["splits"][0]
    assert hehe.get("/ledger/trial-balance").json()["holds"] is True
    assert qinglan.get("/ledger/trial-balance").json()["accounts"]
    hehe.post("/refunds", money_back(("QL-SHIRT", 1, 19900)))
    flow()
    [after, _tea] = hehe.get(f"/orders/{order}", **{"expand[]": "splits"}).json()["splits"]
    assert [(share["clawed"], share["held"]) for share in after["shares"]] == [
        (share["amount"], 0) for share in after["shares"]
    ]


def test_money_goes_back_line_by_line_and_never_more_than_was_paid(hehe):
    order = hehe.post("/orders", sale(("QL-SHIRT", 2), ("MB-TEA", 1))).json()["id"]
    back = hehe.post("/refunds", money_back(("QL-SHIRT", 1, 19900)))
    assert (back.status_code, back.json()["amount"], back.json()["order"]) == (201, 19900, order)
    again = hehe.post("/refunds", money_back(("QL-SHIRT", 1, 19900)))
    assert (again.status_code, again.json()["id"]) == (200, back.json()["id"])
    above = hehe.post("/refunds", money_back(("QL-SHIRT", 1, 19901), no="R-2"))
    assert (above.status_code, code(above), above.json()["left"]) == (422, "refund.above_paid", 19900)
    other = hehe.post("/refunds", money_back(("MB-TEA", 1, 12800)))
    assert (other.status_code, code(other)) == (409, "refund.reused_number")
    shown = hehe.get(f"/orders/{order}").json()
    assert (shown["status"], shown["refunded_total"]) == ("partly_refunded", 19900)
    assert [refund["amount"] for refund in shown["refunds"]] == [19900]


def test_who_took_a_payment_reads_it_whole_and_what_went_back_of_it_and_nobody_else_does(
    world, hehe, qinglan, mubai
):
    """Qinglan's account took 200.00 for its shirt and Mubai's tea, and 50.00 for the tea alone."""
    renewed(world.qinglan_at_jingan, store_tells_for_brand=True)
    tenders = [
        {"place": "cash", "amount": 7700},
        {"place": "psp", "amount": 20000, "collector": world.qinglan.ref, "fee": 420},
        {"place": "psp", "amount": 5000, "collector": world.qinglan.ref, "lines": [2]},
    ]
    order = hehe.post("/orders", sale(("QL-SHIRT", 1), ("MB-TEA", 1), tenders=tenders)).json()["id"]
    for no, sku, amount, payment in (("R-1", "QL-SHIRT", 100, 1), ("R-2", "MB-TEA", 500, 2)):
        named = {"sku": sku, "amount": amount, "tenders": [{"number": payment, "amount": amount}]}
        assert hehe.post("/refunds", money_back(no=no) | {"lines": [named]}).status_code == 201

    def read(system):
        shown = system.get(f"/orders/{order}").json()
        return (
            [
                (tender["number"], tender["amount"], tender["fee"], tender["lines"])
                for tender in shown["tenders"]
            ],
            [(back["external_no"], back["amount"], back["tenders"]) for back in shown["refunds"]],
        )

    of_cash, of_account = [{"number": 1, "amount": 100}], [{"number": 2, "amount": 500}]
    whole = [("R-1", 100, of_cash), ("R-2", 500, of_account)]
    assert read(hehe) == ([(1, 7700, 0, []), (2, 20000, 420, []), (3, 5000, 0, [2])], whole)
    assert read(qinglan) == (
        [(2, 20000, 420, [1]), (3, 5000, 0, [])],
        [("R-1", 100, []), ("R-2", 0, of_account)],
    ), "of the lines it paid for, only Qinglan's own"
    assert read(mubai) == ([], [("R-2", 500, [])])
    shirt = hehe.post("/orders", sale(("QL-SHIRT", 1), no="T-2")).json()["id"]
    assert mubai.get(f"/orders/{shirt}").status_code == 404


def test_a_refund_before_its_sale_is_parked_and_follows_it(hehe):
    parked = hehe.post("/refunds", money_back(("MB-TEA", 1, 12800)))
    assert (parked.status_code, parked.json()["status"], parked.json()["order"]) == (202, "parked", None)
    assert hehe.post("/refunds", money_back(("MB-TEA", 1, 12800))).status_code == 202
    assert hehe.post("/orders", sale(("MB-TEA", 1))).status_code == 201
    [order] = hehe.get("/orders").json()["data"]
    assert (order["status"], order["refunded_total"]) == ("refunded", 12800)
    assert hehe.post("/refunds", money_back(("MB-TEA", 1, 12800))).status_code == 200


def test_the_numbers_of_whoever_tells_meet_no_other_and_money_goes_back_by_them(world, hehe, qinglan, mubai):
    """Hehe and Qinglan both have a sale T-1 of Hehe's store, and a refund R-1 of it."""
    theirs = hehe.post("/orders", sale(("QL-SHIRT", 2), ("MB-TEA", 1))).json()
    body = sale(("QL-SHIRT", 1), store=world.jingan.ref)
    told = qinglan.post("/orders", body)
    assert told.status_code == 201 and told.json()["id"] != theirs["id"]
    assert qinglan.post("/orders", body).json()["id"] == told.json()["id"]
    back = money_back(("QL-SHIRT", 1, 900))
    given = qinglan.post("/refunds", back | {"store": world.jingan.ref})
    assert (given.status_code, given.json()["order"]) == (201, told.json()["id"])
    assert [line["amount"] for line in given.json()["lines"]] == [900]
    assert qinglan.post("/refunds", back | {"store": world.jingan.ref}).status_code == 200
    assert hehe.post("/refunds", back).json()["order"] == theirs["id"]
    # who told nothing, gives nothing back: not even on the lines of its own brand
    tea = money_back(("MB-TEA", 1, 900), no="R-2")
    assert mubai.post("/refunds", tea | {"store": world.jingan.ref}).status_code == 202
    assert hehe.get(f"/orders/{theirs['id']}").json()["refunded_total"] == 900


def test_a_brand_owner_gives_back_after_its_contract_too_and_before_its_sale_is_told(world, qinglan):
    back = money_back(("QL-SHIRT", 1, 900)) | {"store": world.jingan.ref}
    assert qinglan.post("/refunds", back).status_code == 202
    told = qinglan.post("/orders", sale(("QL-SHIRT", 1), store=world.jingan.ref)).json()
    assert told["status"] == "partly_refunded"
    with scope(merchant=world.qinglan):
        world.qinglan_at_jingan.ends_at = timezone.now() - timedelta(hours=1)
        world.qinglan_at_jingan.save()
    more = money_back(("QL-SHIRT", 0, 100), no="R-2") | {"store": world.jingan.ref}
    assert qinglan.post("/refunds", more).status_code == 201


def test_a_brand_owner_without_stores_names_the_store_of_a_refund(world, mubai):
    refused = mubai.post("/refunds", money_back(("MB-TEA", 1, 100)))
    assert (refused.status_code, code(refused)) == (422, "refund.store_needed")
    elsewhere = mubai.post("/refunds", money_back(("MB-TEA", 1, 100)) | {"store": world.xuhui.ref})
    assert (elsewhere.status_code, code(elsewhere)) == (404, "store.not_found")


@pytest.mark.parametrize("line", [{"amount": 1}, {"sku": "", "amount": 1}, {"sku": "MB-TEA"}])
def test_a_refund_names_its_line_and_its_amount(hehe, line):
    assert code(hehe.post("/refunds", money_back() | {"lines": [line]})) == "input.invalid"


def test_the_trial_balance_of_an_empty_book_holds(hehe):
    body = hehe.get("/ledger/trial-balance").json()
    assert (body["holds"], body["total"], body["accounts"], body["breaks"]) == (True, 0, [], [])
    assert hehe.get("/ledger/trial-balance", as_of="2026-11-20").json()["as_of"] == "2026-11-20"
    assert hehe.get("/ledger/trial-balance", as_of="yesterday").status_code == 422


@pytest.mark.django_db(transaction=True)
def test_the_stream_is_read_to_its_end_and_on_from_there(hehe, qinglan):
    hehe.post("/orders", sale(("QL-SHIRT", 1), ("MB-TEA", 1)))
    relay.number_now()
    seen, after = [], 0
    while page := hehe.get("/events", after=after, limit=1).json():
        if not page["data"]:
            break
        seen += page["data"]
        after = page["next"]
    assert seen[-1]["kind"] == "order.paid"
    assert seen[-1]["payload"]["paid_total"] == 19900 + 12800
    assert seen[-1]["actor"] == {"kind": "key", "id": hehe.key.ref}
    assert hehe.get("/events", after=after).json() == {"data": [], "next": after}
    brands = [event for event in qinglan.get("/events").json()["data"] if event["kind"].startswith("order.")]
    assert [(event["kind"], event["payload"]["paid"]) for event in brands] == [("order.lines_paid", 19900)]
    hehe.post("/refunds", money_back(("MB-TEA", 1, 12800)))
    relay.number_now()
    assert [event["kind"] for event in hehe.get("/events", after=after).json()["data"]] == ["order.refunded"]
