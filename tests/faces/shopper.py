"""Wang Fang at the storefront of Qinglan, whose coats hang in Hehe's Jing'an store, where Lin serves."""

import re
from datetime import timedelta

from django.urls import reverse
from django.utils import timezone
from django_scopes import scope

from coupons.campaigns import create
from coupons.issuing import issue
from members.identity import known
from members.models import Member
from notifications import sms
from tests.people import ONBOARDING

PHONE = "13800138000"
E164 = "+8613800138000"


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
