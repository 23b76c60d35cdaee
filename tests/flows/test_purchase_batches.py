"""Sales told together are kept as if they had been told one after the other."""

import json
import re
from collections import defaultdict
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from coupons.models import Allocation, Coupon, Redemption
from events.models import Event
from flows import purchase
from flows.purchase import Told
from members.identity import identify
from merchants.errors import DomainError
from orders.facts import BuyerFacts, RefundLineFacts, TenderFacts
from orders.models import Order, OrderLine, ParkedRefund, Refund, RefundLine, Tender, Touch
from tests.people import NOON
from tests.selling import FANG, MEI, TILL, campaign_of, coupon_for, joined, line, money_back, sale

# What a row made by a sale is called, beside its id and ref.
NAMES = {
    Order: ["external_no"],
    OrderLine: ["order__external_no", "number"],
    Redemption: ["order__external_no", "coupon"],
    Refund: ["external_no"],
}
TABLES = [Order, OrderLine, Touch, Tender, Coupon, Redemption, Allocation, Refund, RefundLine, ParkedRefund]
OWN = {"id", "ref", "recorded_at", "applied_at"}


def kept():
    """All that stands, ids and refs of what was made said in its names; of each subject its events in their order."""
    refs = {
        ref: "/".join(map(str, name))
        for model in (Order, Redemption, Refund)
        for ref, *name in model._base_manager.values_list("ref", *NAMES[model])
    }
    tables = {}
    for model in TABLES:
        fields = []
        for field in model._meta.concrete_fields:
            named = NAMES.get(field.related_model) if field.is_relation else None
            if field.name not in OWN:
                fields += [f"{field.name}__{name}" for name in named] if named else [field.name]
        rows = model._base_manager.values_list(*fields)
        tables[model.__name__] = sorted(repr([_plain(value) for value in row]) for row in rows)
    told = defaultdict(list)
    for event in Event.objects.order_by("id"):
        text = json.dumps([event.payload, event.concerns, event.actor_ref, str(event.at)], sort_keys=True)
        text = re.sub(r"\w{3}_\w+", lambda ref: refs.get(ref[0], ref[0]), text)
        told[event.merchant_id, refs.get(event.subject, event.subject)].append((event.kind, text))
    return tables, dict(told)


def _plain(value):
    return bytes(value) if isinstance(value, memoryview) else value


def outcome(told: Told):
    refusal = told.refusal
    return (
        told.order and told.order.external_no,
        told.is_new,
        refusal and (refusal.code, refusal.field, str(refusal.message)),
    )


def one_by_one(sales, **given):
    for facts in sales:
        try:
            yield Told(*purchase.paid(facts, by=TILL, **given))
        except DomainError as refusal:
            yield Told(refusal=refusal)


def played(way):
    """What the way of telling answers and leaves, and nothing of it afterwards."""
    with transaction.atomic():
        answers = [outcome(told) for told in way()]
        standing = kept()
        transaction.set_rollback(True)
    return answers, standing


def same(sales, **given):
    alone = played(lambda: one_by_one(sales, **given))
    together = played(lambda: purchase.paid_all(sales, by=TILL, **given))
    assert together == alone
    return alone[0]


@pytest.fixture
def fang(world):
    return joined(world.qinglan_brand, world.jingan, guide=world.lin)


def test_a_morning_of_every_kind_of_sale_leaves_the_same_rows(world, fang):
    joined(world.mubai_brand, world.jingan, phone=MEI, name="梅女士", store_too=False)
    identify(member=fang.channel_member, system="pos", value="C-1")
    campaign = campaign_of(world.qinglan, world.qinglan_brand, per_member_limit=2)
    (_one, code), (_two, later) = (coupon_for(campaign, fang.member, key=key) for key in ("a", "b"))
    money_back(world.hehe, RefundLineFacts(number=1, amount=100), order_no="M-02", no="R-1")
    jingan, shirt, tote = world.jingan, line(world.shirt), line(world.tote)
    halves = (TenderFacts(place="cash", amount=2400), TenderFacts(place="acquirer", amount=2500))
    sales = [
        sale(jingan, shirt, line(world.tea, 2), tote, phone=FANG, touches={"serving": "G101"}),
        sale(jingan, line(world.coat), coupons=(code,), touches={"serving": world.lin.ref}, no="M-01"),
        sale(jingan, shirt, tote, phone=MEI, no="M-02"),  # a refund waits for it
        sale(jingan, line(world.coat), coupons=(code,), no="M-03"),  # used two sales before
        sale(jingan, line(world.coat), coupons=(code,), touches={"serving": world.lin.ref}, no="M-01"),
        sale(jingan, shirt, no="M-01"),
        sale(jingan, line("NO-SUCH"), no="M-04"),
        sale(jingan, tote, tenders=halves, buyer=BuyerFacts(identity=("pos", "C-1")), no="M-05"),
        sale(jingan, tote, buyer=BuyerFacts(member="mem_nobody"), no="M-06"),
        sale(jingan, tote, phone="12", no="M-07"),
        sale(jingan, tote, tenders=halves[:1], no="M-08"),
        sale(jingan, tote, touches={"serving": world.chen.ref}, no="M-09"),
        sale(jingan, line(world.coat), shirt, coupons=(later, later), no="M-10"),
        sale(jingan, line(world.coat), coupons=(later,), no="M-11"),
        sale(jingan, line(world.tea, brand="qinglan"), no="M-12"),
        sale(jingan, tote, paid_at=NOON - timedelta(days=400), no="M-13"),
        sale(
            world.xuhui, shirt, phone=FANG, touches={"serving": "G201"}, no="M-01"
        ),  # another seller's number
        *(sale(jingan, tote, no=f"M-2{n}") for n in range(9)),
    ]
    answers = same(sales)
    codes = [refusal[0] if refusal else None for _order, _is_new, refusal in answers]
    assert codes[3:7] == ["coupon.used", None, "order.reused_number", "sku.unknown"]
    assert codes[8:13] == [
        "member.unknown",
        "phone.invalid",
        "order.tenders_differ",
        "guide.unknown",
        "coupon.twice",
    ]
    news = [place for place, (_order, is_new, _refusal) in enumerate(answers) if is_new]
    assert news == [0, 1, 2, 7, 13, *range(15, 26)]


def test_what_a_brand_owner_tells_of_another_merchants_store_leaves_the_same_rows(world, fang):
    sales = [
        sale(world.jingan, line(world.shirt), phone=FANG, no=f"B-{n}", touches={"serving": "G101"})
        for n in range(9)
    ]
    sales += [sale(world.jingan, line(world.tea), no="B-9"), sale(world.jingan, line(world.coat), no="B-10")]
    answers = same(sales, brands_of=world.qinglan)
    assert [refusal and refusal[0] for _order, _is_new, refusal in answers[8:]] == [None, "sku.unknown", None]


def test_twice_the_sales_take_as_many_statements(world, fang):
    def statements(count, start):
        sales = [
            sale(
                world.jingan, line(world.shirt), phone=FANG, touches={"serving": "G101"}, no=f"S-{start + n}"
            )
            for n in range(count)
        ]
        with CaptureQueriesContext(connection) as captured:
            purchase.paid_all(sales, by=TILL)
        return len(captured)

    assert statements(10, 0) == statements(30, 100)


def test_a_batch_told_again_changes_nothing(world):
    sales = [sale(world.jingan, line(world.tote), no=f"S-{n}") for n in range(12)]
    first, again = (purchase.paid_all(sales, by=TILL) for _time in range(2))
    assert [(told.order, told.is_new) for told in again] == [(told.order, False) for told in first]
    assert Event.objects.filter(kind="order.paid").count() == 12
    assert purchase.paid_all([], by=TILL) == []
