"""Headquarters: members are found, shown with their story, and their phone only for a reason."""

import re
from datetime import timedelta
from html import unescape

import pytest

from dashboard.paging import SIZE
from events.models import Event
from members.models import Member
from members.reveal import Reason
from tests.faces.headquarters import words
from tests.people import NOON
from tests.selling import FANG, campaign_of, coupon_for, joined, line, sold


@pytest.mark.parametrize("text", ["方", "fang", "fns", "0001", "138 0001 0001"])
def test_a_member_is_found_by_name_pinyin_phone_and_its_tail(world, at_desk, text):
    joined(world.qinglan_brand, world.xuhui)
    gu = at_desk(world.gu)
    for path in ("/hq/members/", "/hq/search/"):
        page = words(gu.get(path, {"q": text}))
        assert "方女士" in page and "138****0001" in page and "13800010001" not in page


def test_members_are_listed_by_the_time_they_joined_page_after_page(world, at_desk):
    for number in range(SIZE + 5):  # told in an order of its own, as a till's or an import's
        when = NOON - timedelta(hours=(number * 7) % 11, minutes=number)
        joined(world.qinglan_brand, world.xuhui, phone=f"138000200{number:02}", name=f"客{number}", at=when)
    with world.inside(world.qinglan):
        expected = list(Member.objects.order_by("-joined_at", "-pk").values_list("name", flat=True))
    gu, listed, path = at_desk(world.gu), [], "/hq/members/"
    while path:
        page = words(gu.get(path))
        listed += re.findall(r">(客\d+)<", page)
        behind = re.search(r'href="(\?[^"]*cursor=[^"]+)" rel="next"', page)
        path = behind and f"/hq/members/{unescape(behind.group(1))}"
    assert listed == expected and len(listed) == SIZE + 5


def test_a_brand_owner_sees_the_channel_s_guide_of_its_member_as_far_as_the_shopper_allowed(
    world, at_desk, now
):
    known = joined(world.qinglan_brand, world.jingan, guide=world.lin)
    quiet = joined(
        world.qinglan_brand,
        world.jingan,
        phone="13800010009",
        name="梅女士",
        store_too=False,
        guide=world.lin,
    )
    gu = at_desk(world.gu)
    assert "林小雨" in words(gu.get(f"/hq/members/{known.member.ref}/"))
    assert "林小雨" not in words(gu.get(f"/hq/members/{quiet.member.ref}/")).split("What happened")[0]
    assert known.channel_member.ref not in words(gu.get("/hq/members/"))


def test_a_member_s_page_has_their_purchases_coupons_consents_and_story(world, at_desk, receipt):
    mine = joined(world.qinglan_brand, world.jingan).member
    page = words(at_desk(world.gu).get(f"/hq/members/{mine.ref}/"))
    assert "¥869.00" in page and "1,046" not in page
    assert "满200减30" in page and "Redeemed" in page
    assert "Keep my membership and orders" in page
    assert "joined at" in page


def test_only_coupons_that_can_still_be_used_count_as_held(world, at_desk, now):
    member = joined(world.qinglan_brand, world.xuhui).member
    lasting = campaign_of(world.qinglan, world.qinglan_brand, per_member_limit=2)
    over = campaign_of(world.qinglan, world.qinglan_brand, claim_until=NOON, use_until=NOON)
    coupon_for(lasting, member, key="kept")
    _used, code = coupon_for(lasting, member, key="used")
    sold(world.xuhui, line(world.coat), phone=FANG, coupons=(code,))
    coupon_for(over, member, key="over")
    page = words(at_desk(world.gu).get(f"/hq/members/{member.ref}/"))
    held = re.search(r'Coupons held</p>.*?kpi-value num">(.*?)</p>', page, re.DOTALL).group(1)
    assert re.sub(r"<[^>]+>", "", held).strip() == "1"
    shown = re.findall(r'<span class="dot"></span>(Usable|Redeemed|Expired)<', page)
    assert sorted(shown) == ["Expired", "Redeemed", "Usable"]


def test_a_full_phone_is_shown_for_a_reason_and_the_look_is_an_event(world, at_desk):
    member = joined(world.qinglan_brand, world.xuhui).member
    gu, path = at_desk(world.gu), f"/hq/members/{member.ref}/phone/"
    assert gu.post(path, {"reason": "curious"}).status_code == 422
    assert not Event.objects.filter(kind="phone.revealed").exists()
    answer = gu.post(path, {"reason": Reason.CALL})
    assert "+8613800010001" in words(answer) and answer["Cache-Control"] == "no-store"
    event = Event.objects.get(kind="phone.revealed")
    assert (event.actor_ref, event.payload["reason"]) == (world.gu.ref, "call")
