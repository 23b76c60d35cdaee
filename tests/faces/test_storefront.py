"""Wang Fang's phone at the storefront of Qinglan, whose coats hang in Hehe's Jing'an store, where Lin
serves."""

import re
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_scopes import scope

from coupons.campaigns import create
from coupons.issuing import code_of, issue
from flows.purchase import paid
from members import consent, shopper_sessions
from members.binding import binding_of
from members.identity import known, person_for
from members.models import Member, PhoneCode, ShopperSession
from notifications import sms
from stores.contracts import terminate
from stores.models import Store
from stores.opening import revise
from tests.people import ONBOARDING, make_guide
from tests.selling import line, sale

PHONE = "13800138000"
E164 = "+8613800138000"


@pytest.fixture(autouse=True)
def a_clean_outbox():
    cache.clear()
    sms.outbox.clear()


@pytest.fixture
def phone(world) -> Client:
    return Client(headers={"Accept-Language": "en", "User-Agent": "Mozilla/5.0 (iPhone) Safari/605"})


def at(name: str, **place) -> str:
    return reverse(f"storefront:{name}", kwargs={"brand": "qinglan", **place})


def text_of(answer) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())


def the_code() -> str:
    return re.search(r"\d{6}", sms.outbox[-1].text).group()


def joins(world, browser, *, boxes=("membership", "known_to_store"), **changes):
    where = {"store": world.jingan.ref, "phone": PHONE}
    browser.post(at("join"), {**where, **changes})
    filled = {**where, "name": "王芳", "code": the_code(), **dict.fromkeys(boxes, "on"), **changes}
    return browser.post(at("confirm"), filled, follow=True)


def member_at(merchant) -> Member | None:
    return known(merchant=merchant, phone=PHONE)


def coupon_for(world, member):
    now = timezone.now()
    span = {"use_from": now - timedelta(days=1), "use_until": now + timedelta(days=30)}
    with scope(merchant=world.qinglan):
        campaign = create(
            merchant=world.qinglan,
            brand=world.qinglan_brand,
            name="满200减30",
            threshold=20000,
            amount_off=3000,
            claim_from=now - timedelta(days=1),
            claim_until=now + timedelta(days=30),
            issue_limit=10,
            bearers=[["brand", 1_000_000]],
            by=ONBOARDING,
            **span,
        )
        return issue(campaign=campaign, member=member, claim_key="k1", by=ONBOARDING)[0]


# --- finding a store ---


def test_anybody_may_look_around_without_signing_in(world, phone):
    for address in (at("landing"), at("cities"), at("sign_in"), at("store", ref=world.jingan.ref)):
        assert phone.get(address).status_code == 200


def test_an_address_without_a_brand_is_not_there(world, phone):
    assert phone.get("/s/nobody/").status_code == 404


def test_the_nearest_stores_come_with_distance_door_and_guide(world, phone):
    answer = phone.get(at("nearest"), {"lng": "121.448", "lat": "31.223"}, headers={"HX-Request": "true"})
    words = text_of(answer)
    assert "<html" not in words, "a fragment"
    assert words.index("和合静安店") < words.index("青岚徐汇店")
    assert "0 m" in words and "Open day and night" in words and "On duty: 林小雨" in words


@pytest.mark.parametrize(
    "place", [{}, {"lng": "x", "lat": "1"}, {"lng": "999", "lat": "1"}, {"lng": "nan", "lat": "0"}]
)
def test_a_place_that_cannot_be_read_leads_to_the_cities(world, phone, place):
    words = text_of(phone.get(at("nearest"), place))
    assert "Choose a city instead" in words and "上海市" in words


def test_far_from_every_store_the_cities_are_shown(world, phone):
    assert "No store within 100 km" in text_of(phone.get(at("nearest"), {"lng": "2.35", "lat": "48.85"}))


def test_a_refused_location_is_answered_with_provinces_and_cities_and_their_counts(world, phone):
    words = text_of(phone.get(at("cities"), {"why": "refused"}))
    assert "was not shared" in words and "2 stores" in words
    assert "和合静安店" in text_of(phone.get(at("city", province="上海市", city="上海市")))
    assert phone.get(at("city", province="上海市", city="没有市")).status_code == 404


def test_the_list_of_a_city_costs_the_same_for_one_store_and_for_many(
    world, phone, django_assert_max_num_queries
):
    with django_assert_max_num_queries(6):
        phone.get(at("city", province="上海市", city="上海市"))


def test_a_store_closed_for_good_says_so_and_where_to_go(world, phone):
    revise(store=world.jingan, status=Store.Status.CLOSED, by=ONBOARDING)
    words = text_of(phone.get(at("store", ref=world.jingan.ref)))
    assert "closed for good" in words and "Find another store" in words and "Join at this store" not in words


def test_a_store_whose_contract_ended_says_so_and_a_stranger_s_store_is_not_there(world, phone):
    terminate(contract=world.qinglan_at_jingan, by=ONBOARDING)
    assert "no longer carries" in text_of(phone.get(at("store", ref=world.jingan.ref)))
    other = reverse("storefront:store", kwargs={"brand": "mubai", "ref": world.xuhui.ref})
    assert phone.get(other).status_code == 404


def test_a_guide_s_code_leads_to_their_card_with_the_first_screen_of_joining(world, phone):
    words = text_of(phone.get(at("guide", ref=world.lin.ref)))
    assert (
        "林小雨" in words and "On duty now" in words and world.lin.ref in words and "Send me a code" in words
    )


def test_a_guide_who_serves_nowhere_of_the_brand_is_not_here_and_the_page_says_where_to_go(world, phone):
    mubai = reverse("storefront:guide", kwargs={"brand": "mubai", "ref": world.chen.ref})
    answer = phone.get(mubai)
    assert answer.status_code == 404 and "Find a store near you" in text_of(answer)


# --- joining ---


def test_two_screens_make_a_member_with_a_guide(world, phone):
    answer = joins(world, phone)
    words = text_of(answer)
    assert answer.redirect_chain[-1][0] == at("me")
    assert "林小雨 is your guide now" in words and "138****8000" in words and E164 not in words
    member = member_at(world.qinglan)
    assert member.name == "王芳" and member.home_store == world.jingan
    assert binding_of(member=member_at(world.hehe), at=timezone.now()).guide == world.lin


def test_the_scanned_guide_comes_along_to_the_second_screen(world, phone):
    first = phone.post(at("join"), {"guide": world.lin.ref, "phone": PHONE}, follow=True)
    assert f'value="{world.lin.ref}"' in text_of(first)
    joins(world, phone, phone="13800138001", guide=world.lin.ref)
    assert known(merchant=world.qinglan, phone="13800138001").origin_guide == world.lin


def test_the_second_screen_is_a_page_of_its_own_without_a_phone_in_its_address(world, phone):
    sent = phone.post(at("join"), {"store": world.jingan.ref, "phone": PHONE})
    there = sent["Location"]
    assert sent.status_code == 302 and PHONE not in there
    for _again in range(2):
        page = text_of(phone.get(there))
        assert "138****8000" in page and the_code() in page and f'value="{E164}"' in page
    turned = text_of(phone.post(reverse("set_language"), {"language": "zh-hans", "next": there}, follow=True))
    assert "138****8000" in turned and 'lang="zh-Hans"' in turned
    elsewhere = Client().get(there)
    assert elsewhere["Location"].startswith(at("join")), "another browser asks for the phone first"


def test_asking_again_at_once_says_how_long_to_wait(world, phone):
    asked = {"store": world.jingan.ref, "phone": PHONE}
    phone.post(at("join"), asked)
    again = text_of(phone.post(at("join"), asked, follow=True))
    assert len(sms.outbox) == 1
    assert "Use that one, or ask again in" in again and "a new one can be asked for in" in again


def test_signing_in_has_its_second_screen_at_an_address_too(world, phone):
    there = phone.post(at("sign_in"), {"phone": PHONE, "next": at("orders")})["Location"]
    page = text_of(phone.get(there))
    assert "138****8000" in page and f'value="{at("orders")}"' in page


def test_the_landing_page_is_called_by_the_brand_once(world, phone):
    assert "<title>Qinglan</title>" in text_of(phone.get(at("landing")))


def test_no_box_is_ticked_and_each_consent_is_a_box_of_its_own(world, phone):
    words = text_of(phone.post(at("join"), {"store": world.jingan.ref, "phone": PHONE}, follow=True))
    boxes = re.findall(r'<input type="checkbox"[^>]*>', words)
    assert len(boxes) == 3 and not any("checked" in box for box in boxes)
    there = {"store": world.xuhui.ref, "phone": "13800138002"}
    own = text_of(phone.post(at("join"), there, follow=True))
    assert own.count('type="checkbox"') == 2, "at the brand's own store there is nobody else to be known to"


def test_the_guide_of_the_code_becomes_theirs_when_the_store_is_allowed_later(world, phone):
    with scope(merchant=world.hehe):
        zhao = make_guide(world.jingan, code="G109", name="赵敏", phone="+8613900000009")
    joins(world, phone, boxes=("membership",), guide=zhao.ref)
    allow = phone.post(at("consent", purpose="store"), {"granted": "1"})
    assert allow["Location"] == f"{at('join')}?store={world.jingan.ref}"
    phone.post(at("join"), {"store": world.jingan.ref, "known_to_store": "on"})
    assert "赵敏" in text_of(phone.get(at("me"))) and member_at(world.hehe).name == "王芳"


def test_without_the_store_s_consent_the_store_s_merchant_learns_nothing(world, phone):
    joins(world, phone, boxes=("membership",))
    assert member_at(world.qinglan) and member_at(world.hehe) is None


def test_without_membership_nothing_happens_and_the_code_is_still_good(world, phone):
    answer = joins(world, phone, boxes=())
    assert answer.status_code == 422 and "may not keep a membership" in text_of(answer)
    filled = {"store": world.jingan.ref, "phone": PHONE, "code": the_code(), "membership": "on"}
    assert phone.post(at("confirm"), filled).status_code == 302


def test_a_wrong_code_says_how_many_tries_are_left_and_keeps_what_was_typed(world, phone):
    phone.post(at("join"), {"store": world.jingan.ref, "phone": PHONE})
    wrong = "000000" if the_code() != "000000" else "111111"
    filled = {"store": world.jingan.ref, "phone": PHONE, "code": wrong, "membership": "on", "name": "王芳"}
    answer = phone.post(at("confirm"), filled)
    words = text_of(answer)
    assert answer.status_code == 422 and "4 tries left" in words and "王芳" in words
    assert member_at(world.qinglan) is None and not ShopperSession.objects.exists()


def test_a_phone_that_is_no_number_says_so_beside_the_field(world, phone):
    answer = phone.post(at("join"), {"store": world.jingan.ref, "phone": "123"})
    assert answer.status_code == 422 and "not a valid phone number" in text_of(answer)
    assert not sms.outbox


def test_a_store_that_closed_between_the_screens_refuses_and_the_shopper_stays_signed_in(world, phone):
    phone.post(at("join"), {"store": world.jingan.ref, "phone": PHONE})
    revise(store=world.jingan, status=Store.Status.CLOSED, by=ONBOARDING)
    filled = {"store": world.jingan.ref, "phone": PHONE, "code": the_code(), "membership": "on"}
    answer = phone.post(at("confirm"), filled)
    assert answer.status_code == 422 and "Choose another store near you" in text_of(answer)
    there = phone.post(at("join"), {"store": world.xuhui.ref, "membership": "on"}, follow=True)
    assert "陈一诺 is your guide now" in text_of(there), "no second code was needed"


def test_to_join_again_is_a_greeting(world, phone):
    joins(world, phone)
    other = Client(headers={"Accept-Language": "en"})
    sms.outbox.clear()
    again = other.post(at("join"), {"store": world.jingan.ref, "phone": PHONE})
    assert again.status_code == 422 and not sms.outbox
    assert "cannot be used again. Ask for a new one in" in text_of(again)
    now_signed_in = phone.post(at("join"), {"store": world.xuhui.ref}, follow=True)
    assert "member of Qinglan already" in text_of(now_signed_in)
    with scope(merchant=world.qinglan):
        assert Member.objects.count() == 1


def test_whoever_refused_the_store_may_allow_it_later_and_then_has_a_guide(world, phone):
    joins(world, phone, boxes=("membership",))
    assert "Let it know me" in text_of(phone.get(at("me")))
    page = text_of(phone.get(at("join"), {"store": world.jingan.ref}))
    assert "和合集合店 may know me too" in page
    phone.post(at("join"), {"store": world.jingan.ref, "known_to_store": "on"})
    assert "林小雨" in text_of(phone.get(at("me")))


# --- signing in and out ---


def test_a_member_signs_in_on_a_new_phone_and_comes_back_to_where_they_wanted(world, phone):
    joins(world, phone)
    ShopperSession.objects.all().delete()
    sms.outbox.clear()
    other = Client(headers={"Accept-Language": "en"})
    assert other.get(at("orders"))["Location"] == f"{at('sign_in')}?next=%2Fs%2Fqinglan%2Fme%2Forders%2F"
    two_minutes_pass()
    other.post(at("sign_in"), {"phone": PHONE, "next": at("orders")})
    back = other.post(at("sign_in_code"), {"phone": PHONE, "code": the_code(), "next": at("orders")})
    assert back["Location"] == at("orders")


def two_minutes_pass() -> None:
    """For the pause between two codes to one phone."""
    PhoneCode.objects.update(sent_at=timezone.now() - timedelta(minutes=2))


def test_the_way_back_never_leads_away_from_the_shop(world, phone):
    phone.post(at("sign_in"), {"phone": PHONE})
    for wanted in ("https://evil.example/", "//evil.example", "/account/"):
        filled = {"phone": PHONE, "code": the_code(), "next": wanted}
        answer = phone.post(at("sign_in_code"), filled)
        assert answer.status_code in (302, 422)
        if answer.status_code == 302:
            assert answer["Location"] == at("me")


def test_signing_in_tells_nobody_whether_a_phone_is_known(world, phone):
    joins(world, phone)
    two_minutes_pass()
    stranger = Client(headers={"Accept-Language": "en"})
    known_one = text_of(stranger.post(at("sign_in"), {"phone": PHONE}, follow=True))
    unknown = text_of(stranger.post(at("sign_in"), {"phone": "13800138009"}, follow=True))
    mask = re.compile(r"138\*{4}\d{4}|\+?\d{11,13}|[0-9a-zA-Z]{32,}|\d{6}|\d+ s")
    assert mask.sub("", known_one) == mask.sub("", unknown)


def test_a_session_of_one_brand_opens_nothing_at_another(world, phone):
    joins(world, phone)
    assert phone.get(reverse("storefront:me", kwargs={"brand": "mubai"})).status_code == 302


def test_signing_out_ends_the_session_itself(world, phone):
    joins(world, phone)
    token = phone.cookies[shopper_sessions.cookie_name(world.qinglan_brand)].value
    phone.post(at("sign_out"))
    assert shopper_sessions.session_for(token) is None
    assert phone.get(at("me")).status_code == 302


# --- what is mine ---


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
    assert 'id="brand-mark" hx-swap-oob="true"></span>' in after, (
        "one seal a screen: the stamp takes its place"
    )
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
    assert "iPhone" in page and "this device" in page and strange.ref not in page
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


def test_every_page_speaks_chinese(world):
    shopper = Client(headers={"Accept-Language": "zh-hans"})
    assert 'lang="zh-Hans"' in text_of(shopper.get(at("landing")))


def test_a_shop_page_is_kept_by_no_cache(world, phone):
    assert "no-store" in phone.get(at("landing"))["Cache-Control"]


def test_my_orders_hold_this_brand_s_lines_and_nothing_else_of_the_receipt(world, phone):
    joins(world, phone)
    now = timezone.now()
    receipt = sale(world.jingan, line(world.shirt), line(world.tea), phone=E164, placed_at=now, paid_at=now)
    paid(receipt, by=ONBOARDING)
    words = text_of(phone.get(at("orders")))
    assert "青岚亚麻衬衫" in words and "¥199.00" in words
    assert "龙井" not in words and "327.00" not in words
