"""The browsers that open the faces, and the people and receipts these show."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from notifications import sms
from orders.models import Order
from tests.people import NOON
from tests.selling import FANG, campaign_of, coupon_for, joined, line, sold
from tests.streaming import flow


@pytest.fixture
def now(monkeypatch):
    """Pages look at the clock: it stands at NOON, when the tests' sales are made."""
    monkeypatch.setattr(timezone, "now", lambda: NOON + timedelta(minutes=5))


@pytest.fixture
def at_desk(world):
    """at_desk(user) → a browser signed in, in English."""

    def sit(user) -> Client:
        client = Client(headers={"Accept-Language": "en"})
        client.force_login(user)
        return client

    return sit


@pytest.fixture
def receipt(world, now) -> Order:
    """Fang's receipt at Hehe: Qinglan's coat less 30.00 by coupon, Mubai's tea, Hehe's tote: 1,046.00."""
    one = joined(world.qinglan_brand, world.jingan, guide=world.lin)
    _coupon, code = coupon_for(campaign_of(world.qinglan, world.qinglan_brand), one.member)
    lines = [line(world.coat), line(world.tea), line(world.tote)]
    order = sold(world.jingan, *lines, phone=FANG, coupons=(code,), touches={"serving": world.lin.ref})
    flow()
    return order


@pytest.fixture
def phone(world) -> Client:
    """A shopper's browser, signed in nowhere; no code was sent yet, and nobody has to wait for the next."""
    cache.clear()
    sms.outbox.clear()
    return Client(headers={"Accept-Language": "en", "User-Agent": "Mozilla/5.0 (iPhone) Safari/605"})


@pytest.fixture
def lin(client, world):
    """Lin's phone, signed in at the workbench."""
    client.force_login(world.lin.user)
    return client


@pytest.fixture
def fang(world):
    """Fang, who joined Qinglan an hour ago at Jing'an, with Lin as her guide."""
    return joined(world.qinglan_brand, world.jingan, guide=world.lin, at=timezone.now() - timedelta(hours=1))


@pytest.fixture
def campaign(world):
    """Qinglan's, which may be claimed and used now."""
    now = timezone.now()
    week = timedelta(days=7)
    return campaign_of(
        world.qinglan,
        world.qinglan_brand,
        claim_from=now - week,
        claim_until=now + week,
        use_from=now - week,
        use_until=now + week,
    )


@pytest.fixture
def code(fang, campaign):
    """The code of Fang's coupon."""
    return coupon_for(campaign, fang.member, at=timezone.now())[1]
