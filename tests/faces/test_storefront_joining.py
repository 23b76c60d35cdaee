"""Joining a brand from a phone: two screens, consents each of their own, and a guide."""

import re
from html import unescape

from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_scopes import scope

from members.binding import binding_of
from members.identity import known
from members.models import Consent, Member, PhoneCode, ShopperSession
from notifications import sms
from stores.models import Store
from stores.opening import revise
from tests.faces.shopper import E164, PHONE, at, joins, member_at, text_of, the_code
from tests.people import ONBOARDING, make_guide


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


def test_whoever_mistyped_the_number_goes_back_for_another_to_the_same_store_and_guide(world, phone):
    asked = {"store": world.jingan.ref, "guide": world.lin.ref, "phone": PHONE}
    page = phone.post(at("join"), asked, follow=True).content.decode()
    back = unescape(re.search(r'href="([^"]+)"[^>]*>Another number<', page).group(1))
    assert back == f"{at('join')}?store={world.jingan.ref}&guide={world.lin.ref}"
    again = text_of(phone.get(back))
    assert 'name="phone"' in again and "138****8000" not in again and world.lin.ref in again


def test_asking_again_at_once_says_how_long_to_wait(world, phone):
    asked = {"store": world.jingan.ref, "phone": PHONE}
    phone.post(at("join"), asked)
    again = text_of(phone.post(at("join"), asked, follow=True))
    assert len(sms.outbox) == 1
    assert "Use that one, or ask again in" in again and "a new one can be asked for in" in again


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


def answers_of(member) -> list[tuple[str, bool]]:
    """Every answer ever kept, in its order."""
    with scope(merchant=member.merchant):
        rows = Consent.objects.filter(member=member).order_by("at", "id")
        return list(rows.values_list("purpose", "granted"))


def test_who_is_a_member_already_and_joins_again_is_told_so_and_keeps_what_was_allowed(world, phone):
    joins(world, phone, boxes=("membership", "known_to_store", "marketing"))
    kept = answers_of(member_at(world.qinglan))
    cache.clear()
    sms.outbox.clear()
    PhoneCode.objects.all().delete()
    new_phone = Client(headers={"Accept-Language": "en"})
    again = joins(world, new_phone, boxes=("membership",))
    assert again.redirect_chain[-1][0] == at("me")
    assert "a member of Qinglan already, and what you allowed before still stands" in text_of(again)
    assert answers_of(member_at(world.qinglan)) == kept
    assert all(granted for _purpose, granted in kept) and len(kept) == 3


def test_only_what_the_form_asked_is_answered(world, phone):
    joins(world, phone, store=world.xuhui.ref)
    member = member_at(world.qinglan)
    assert sorted(answers_of(member)) == [("marketing", False), ("membership", True)]
    page = text_of(phone.get(at("privacy")))
    assert page.count("Not asked") == 1 and page.count("Not allowed,") == 1


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


def test_a_wrong_code_and_a_missing_consent_are_said_at_once_and_a_right_code_is_kept(world, phone):
    where = {"store": world.jingan.ref, "phone": PHONE}
    phone.post(at("join"), where)
    right = the_code()
    wrong = f"{(int(right) + 1) % 10**6:06d}"
    both = phone.post(at("confirm"), where | {"code": wrong})
    assert both.status_code == 422 and {"code", "membership"} <= both.context["form"].errors.keys()
    one = phone.post(at("confirm"), where | {"code": right})
    assert one.status_code == 422 and one.context["form"].errors.keys() == {"membership"}
    phone.post(at("confirm"), where | {"code": right, "membership": "on"})
    assert member_at(world.qinglan)


def test_whoever_refused_the_store_may_allow_it_later_and_then_has_a_guide(world, phone):
    joins(world, phone, boxes=("membership",))
    assert "Let it know me" in text_of(phone.get(at("me")))
    page = text_of(phone.get(at("join"), {"store": world.jingan.ref}))
    assert "和合集合店 may know me too" in page
    nothing = phone.post(at("join"), {"store": world.jingan.ref})
    assert nothing.status_code == 422 and "Nothing is ticked." in text_of(nothing)
    allowed = phone.post(at("join"), {"store": world.jingan.ref, "known_to_store": "on"}, follow=True)
    assert "和合集合店 knows you now, and 林小雨 is your guide there." in text_of(allowed)
    assert "Good to see you again" not in text_of(allowed)
    assert "林小雨" in text_of(phone.get(at("me")))
