"""What is a shopper's own: coupons, orders, consents and devices."""

import re

from django.test import Client
from django.utils import timezone

from coupons.issuing import code_of
from flows.purchase import paid
from members import consent, shopper_sessions
from members.identity import person_for
from notifications import sms
from orders.facts import RefundLineFacts
from tests.faces.shopper import E164, PHONE, at, coupon_for, joins, member_at, text_of
from tests.people import ONBOARDING
from tests.selling import line, money_back, sale


def test_my_coupon_shows_its_code_in_fours_and_a_qr_and_the_stamp_once_it_is_redeemed(world, phone):
    joins(world, phone)
    coupon = coupon_for(world, member_at(world.qinglan))
    assert "满200减30" in text_of(phone.get(at("me")))
    page = text_of(phone.get(at("coupon", ref=coupon.ref)))
    code = code_of(coupon)
    assert f"<span>{code[:4]}</span>" in page and 'class="qr"' in page
    paid(
        sale(
            world.jingan,
            line(world.coat),
            phone=E164,
            coupons=(code,),
            placed_at=timezone.now(),
            paid_at=timezone.now(),
        ),
        by=ONBOARDING,
    )
    after = text_of(phone.get(at("coupon", ref=coupon.ref), headers={"HX-Request": "true"}))
    assert "Redeemed at 和合静安店" in after and code[:4] not in after and "<html" not in after
    assert "hx-swap-oob" not in after, "the header keeps its mark; the sheet takes its cinnabar for the stamp"
    for turned in ("en", "zh-hans"):
        page = text_of(phone.get(at("coupon", ref=coupon.ref), headers={"Accept-Language": turned}))
        assert '<span class="seal" aria-hidden="true">岚</span>' in page and 'class="stamp' in page
    orders = text_of(phone.get(at("orders")))
    assert "青岚羊毛大衣" in orders and "¥869.00" in orders


def test_another_s_coupon_is_not_there(world, phone):
    joins(world, phone)
    coupon = coupon_for(world, member_at(world.qinglan))
    li = Client()
    sms.outbox.clear()
    joins(world, li, phone="13800138001")
    assert li.get(at("coupon", ref=coupon.ref)).status_code == 404


def test_what_i_allowed_is_listed_and_can_be_taken_back(world, phone):
    joins(world, phone)
    assert "Allowed on" in text_of(phone.get(at("privacy")))
    answer = phone.post(at("consent", purpose="store"), {"granted": "0"}, follow=True)
    assert "Taken back" in text_of(answer)
    member = member_at(world.qinglan)
    assert consent.standing(member=member, brand=world.qinglan_brand)["store"] is False
    phone.post(at("consent", purpose="marketing"), {"granted": "1"})
    assert consent.standing(member=member, brand=world.qinglan_brand)["marketing"] is True
    assert phone.post(at("consent", purpose="nonsense"), {"granted": "1"}).status_code == 404


def test_whoever_leaves_the_brand_is_no_member_and_may_join_again_without_a_code(world, phone):
    joins(world, phone)
    answer = phone.post(at("consent", purpose="membership"), {"granted": "0"}, follow=True)
    assert "You have left Qinglan" in text_of(answer) and member_at(world.qinglan) is None
    back = phone.post(at("join"), {"store": world.jingan.ref, "membership": "on"}, follow=True)
    assert "Welcome to Qinglan" in text_of(back)


def test_my_devices_are_listed_and_one_can_be_signed_out_but_nobody_else_s(world, phone):
    joins(world, phone)
    person = person_for(phone=PHONE)
    lost, _token = shopper_sessions.open_session(
        person=person, brand=world.qinglan_brand, device="Windows Chrome"
    )
    strange, _token = shopper_sessions.open_session(
        person=person_for(phone="13800138001"), brand=world.qinglan_brand
    )
    page = text_of(phone.get(at("privacy")))
    assert "iPhone" in page and "Qinglan · this device" in page and strange.ref not in page
    assert phone.post(at("end_session", ref=strange.ref)).status_code == 404
    phone.post(at("end_session", ref=lost.ref))
    assert [
        row.ref for row in shopper_sessions.live_sessions(person=person)
    ] != [] and lost.ref not in text_of(phone.get(at("privacy")))


def test_my_page_takes_few_queries(world, phone, django_assert_max_num_queries):
    joins(world, phone)
    coupon_for(world, member_at(world.qinglan))
    with django_assert_max_num_queries(12):
        phone.get(at("me"))


def test_each_order_is_a_card_with_its_store_date_number_total_and_what_was_given_back(world, phone):
    joins(world, phone)
    now = timezone.now()
    for no in ("T-801", "T-802"):
        lines = line(world.shirt), line(world.coat)
        paid(sale(world.jingan, *lines, no=no, phone=E164, placed_at=now, paid_at=now), by=ONBOARDING)
    money_back(
        world.hehe, RefundLineFacts(number=1, quantity=1, amount=19900), order_no="T-801", refunded_at=now
    )
    page = phone.get(at("orders")).content.decode()
    cards = re.findall(r'<section class="card">.*?</section>', page, re.DOTALL)
    assert len(cards) == 2
    for card, no in zip(cards, ("T-802", "T-801"), strict=True):
        assert all(
            fact in card for fact in ("和合静安店", f"{now:%Y}", no, "¥199.00", "¥899.00", "¥1,098.00")
        )
    assert "Given back" not in cards[0] and "−¥199.00" in cards[1]


def test_my_orders_hold_this_brand_s_lines_and_nothing_else_of_the_receipt(world, phone):
    joins(world, phone)
    now = timezone.now()
    receipt = sale(world.jingan, line(world.shirt), line(world.tea), phone=E164, placed_at=now, paid_at=now)
    paid(receipt, by=ONBOARDING)
    words = text_of(phone.get(at("orders")))
    assert "青岚亚麻衬衫" in words and "¥199.00" in words
    assert "龙井" not in words and "327.00" not in words
