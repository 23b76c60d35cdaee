"""A coupon exchanged for goods, from headquarters' form over the shopper's and the guide's phone to a receipt of ¥0."""

from datetime import timedelta

import pytest
from django.utils import timezone

from commissions import accruals, clawback
from commissions.models import Contribution, Share
from coupons.models import Campaign
from flows import till
from merchants.errors import DomainError
from orders.facts import RefundLineFacts
from orders.models import Order
from tests.faces.headquarters import words
from tests.faces.merchant_system import MerchantSystem
from tests.faces.shopper import at, joins, member_at, text_of
from tests.faces.workbench_forms import HTMX, basket, form_of
from tests.people import renewed
from tests.plans import publish_plans
from tests.selling import coupon_for, line, money_back, sold
from workbench.carrying import carried

FORM = {
    "name": "衬衫兑换券",
    "pieces": "1",
    "article": "QL-SHIRT",
    "brand_part": "70",
    "store_part": "30",
    "issue_limit": "10",
    "per_member_limit": "2",
    "claim_from": "2026-11-01T00:00",
    "claim_until": "2036-12-20T00:00",
    "use_from": "2026-11-01T00:00",
    "use_until": "2036-12-31T00:00",
}


@pytest.fixture
def campaign(world, at_desk):
    answer = at_desk(world.gu).post(
        "/hq/campaigns/new/?kind=exchange", FORM | {"brand": world.qinglan_brand.ref}
    )
    assert answer.status_code == 302
    with world.inside(world.qinglan):
        return Campaign.objects.select_related("brand", "merchant").get()


def test_headquarters_makes_it_and_says_what_it_is_for(world, at_desk, campaign):
    assert (campaign.kind, campaign.pieces, campaign.sku, campaign.amount_off) == (
        "exchange",
        1,
        world.shirt,
        0,
    )
    page = words(at_desk(world.gu).get(f"/hq/campaigns/{campaign.ref}/"))
    assert "1 piece free" in page and "of 青岚亚麻衬衫" in page
    form = words(at_desk(world.gu).get("/hq/campaigns/new/?kind=exchange"))
    assert "Pieces for a coupon" in form and "Spend at least" not in form
    wrong = FORM | {"brand": world.qinglan_brand.ref, "article": "MB-TEA"}
    answer = at_desk(world.gu).post("/hq/campaigns/new/?kind=exchange", wrong)
    assert answer.status_code == 422 and "There is no article with this code." in words(answer)


def test_shopper_and_guide_read_it_in_plain_words_and_the_shirt_costs_nothing(
    world, phone, at_desk, campaign
):
    joins(world, phone)
    coupon, code = coupon_for(campaign, member_at(world.qinglan), at=timezone.now())
    told = text_of(phone.get(at("coupon", ref=coupon.ref)))
    assert "1 piece free" in told and "of 青岚亚麻衬衫" in told and "¥0" not in told
    assert "青岚亚麻衬衫" in text_of(phone.get(at("me")))
    renewed(world.qinglan_at_jingan, store_bears_ppm=300_000)
    lin = at_desk(world.lin.user)
    card = f"/w/members/{member_at(world.hehe).ref}/"
    for page in (card, f"{card}coupons/"):
        assert "青岚亚麻衬衫" in words(lin.get(page)), page
    page = lin.get(f"/w/sale/?coupon={carried(code)}", follow=True)
    assert "Exchanged for" in words(page) and "of 青岚亚麻衬衫" in words(page)
    refused = lin.post("/w/sale/basket/", form_of(page, **basket(world, world.coat)), headers=HTMX)
    assert refused.context["quote"].refusal.code == "coupon.too_few_pieces"
    free = lin.post("/w/sale/basket/", form_of(page, **basket(world, world.shirt, "2")), headers=HTMX)
    assert free.context["quote"].priced.total == 19_900, "one of the two"
    lin.post("/w/sale/", form_of(page, total="0", **basket(world, world.shirt)), headers=HTMX)
    with world.inside(world.hehe):
        sale = Order.objects.get()
        assert (sale.paid_total, sale.discount_total, sale.tenders.count()) == (0, 19_900, 0)


def test_a_free_line_is_divided_on_what_its_bearers_owe_and_comes_back_by_the_piece(world, campaign, phone):
    publish_plans(world)
    joins(world, phone)
    coupons = [
        coupon_for(campaign, member_at(world.qinglan), key=key, at=timezone.now() - timedelta(minutes=2))[1]
        for key in ("a", "b")
    ]
    now = timezone.now()
    card = till.preview(code=coupons[0], store=world.jingan, at=now)
    assert till.quote(store=world.jingan, lines=[line(world.shirt)], coupons=[card.coupon]).priced.total == 0
    order = sold(world.jingan, line(world.shirt, 2), coupons=tuple(coupons), paid_at=now)
    accruals.book(order)
    assert held(world) == (0, 11_940, 11_940), "the store bears 30 % of ¥398.00"
    system = MerchantSystem(world.hehe)
    back = {
        "channel": "pos",
        "external_no": "R-1",
        "order_external_no": "T-1",
        "lines": [{"number": 1, "quantity": 1, "amount": 0}],
        "refunded_at": now.isoformat(),
    }
    assert system.post("/refunds", back).status_code == 201
    assert system.get(f"/orders/{order.ref}").json()["status"] == "partly_refunded"
    refund, _is_new = money_back(
        world.hehe, RefundLineFacts(number=1, amount=0, quantity=1), no="R-2", refunded_at=now
    )
    clawback.claw(refund)
    assert held(world) == (0, 11_940, 5_970)
    with world.inside(world.hehe):
        clawback.claw(order.refunds.get(external_no="R-1"))
    assert held(world) == (0, 11_940, 0)
    assert system.get(f"/orders/{order.ref}").json()["status"] == "refunded"
    with pytest.raises(DomainError):
        till.preview(code=coupons[0], store=world.jingan)


def held(world) -> tuple[int, int, int]:
    """(paid, contributions, what is still held of the shares) of all lines."""
    with world.inside(world.hehe):
        borne = list(Contribution.party.select_related("split"))
        paid = sum(row.split.paid for row in borne)
        return paid, sum(row.amount for row in borne), sum(share.held for share in Share.party.all())


def test_a_merchants_system_makes_one_too_and_mixes_no_kinds(world):
    system = MerchantSystem(world.qinglan)
    terms = {key: FORM[key] for key in ("name",)} | {
        "kind": "exchange",
        "brand": world.qinglan_brand.ref,
        "pieces": 2,
        "sku": world.coat.ref,
        "issue_limit": 10,
        "claim_from": "2026-11-20T00:00:00+08:00",
        "claim_until": "2026-12-20T00:00:00+08:00",
        "use_from": "2026-11-20T00:00:00+08:00",
        "use_until": "2026-12-31T00:00:00+08:00",
    }
    made = system.post("/campaigns", terms)
    assert made.status_code == 201
    assert (made.json()["pieces"], made.json()["sku"], made.json()["amount_off"]) == (2, world.coat.ref, 0)
    for changed, code in [
        ({"pieces": 0}, "campaign.pieces"),
        ({"amount_off": 100}, "campaign.amounts"),
        ({"kind": "full_reduction", "threshold": 100, "amount_off": 100}, "campaign.pieces"),
        ({"sku": world.tea.ref}, "sku.not_found"),
    ]:
        assert system.post("/campaigns", terms | changed).json()["code"] == code
