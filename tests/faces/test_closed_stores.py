"""A store that trades no more, for now or for good, sells nothing: its guides and its systems are told so."""

from datetime import timedelta
from functools import partial

import pytest
from django.utils import timezone

from events.record import Actor
from merchants.errors import Conflict
from orders.models import Order
from stores.models import Store
from stores.opening import revise
from tests.faces.merchant_system import MerchantSystem, code, sale
from tests.faces.workbench_forms import HTMX, basket, form_of

IN_ENGLISH = HTMX | {"Accept-Language": "en"}


@pytest.fixture
def jingan_is(world):
    """jingan_is("paused"): from now on."""
    return lambda status: revise(store=world.jingan, status=status, by=Actor.system("headquarters"))


def paid_now(*lines, at, **told) -> dict:
    return sale(*lines, paid_at=at.isoformat(), **told)


@pytest.mark.parametrize(("status", "said"), [("paused", "is paused"), ("closed", "is closed for good")])
def test_a_guide_s_sale_there_is_refused_clearly(lin, world, jingan_is, status, said):
    page = lin.get("/w/sale/", follow=True)
    jingan_is(status)
    given = form_of(page, total="4900", **basket(world, world.tote))
    answer = lin.post("/w/sale/", given, headers=IN_ENGLISH)
    text = answer.content.decode()
    assert answer.status_code == 422 and "和合静安店" in text and said in text
    with world.inside(world.hehe):
        assert not Order.objects.exists()


@pytest.mark.parametrize("status", ["paused", "closed"])
def test_a_system_s_sale_there_is_refused_clearly_and_a_sale_told_before_is_not(world, jingan_is, status):
    hehe = MerchantSystem(world.hehe)
    told = partial(paid_now, at=timezone.now() + timedelta(minutes=1))
    assert hehe.post("/orders", told(("HH-TOTE", 1), no="T-1")).status_code == 201
    jingan_is(status)
    refused = hehe.post("/orders", told(("HH-TOTE", 1), no="T-2"))
    assert (refused.status_code, code(refused)) == (422, f"store.{status}")
    assert "和合静安店" in refused.json()["detail"] and refused.json()["next_step"]
    assert hehe.post("/orders", told(("HH-TOTE", 1), no="T-1")).status_code == 200
    assert len(hehe.get("/orders").json()["data"]) == 1


@pytest.mark.parametrize("status", ["paused", "closed"])
def test_what_it_sold_before_that_may_be_told_late(world, jingan_is, status):
    hehe, now = MerchantSystem(world.hehe), timezone.now()
    jingan_is(status)
    late = hehe.post("/orders", paid_now(("HH-TOTE", 1), no="T-1", at=now - timedelta(hours=5)))
    assert late.status_code == 201, late.json()
    after = hehe.post("/orders", paid_now(("HH-TOTE", 1), no="T-2", at=timezone.now()))
    assert (after.status_code, code(after)) == (422, f"store.{status}")


def test_a_pause_that_becomes_a_closing_stopped_it_when_it_began(world, jingan_is):
    hehe = MerchantSystem(world.hehe)
    jingan_is("paused")
    between = timezone.now()
    jingan_is("closed")
    refused = hehe.post("/orders", paid_now(("HH-TOTE", 1), no="T-1", at=between))
    assert code(refused) == "store.closed"


def test_a_store_that_stopped_before_we_kept_when_sells_nothing(world, jingan_is):
    jingan_is("closed")
    with world.inside(world.hehe):
        Store.objects.update(stopped_at=None)
    hehe = MerchantSystem(world.hehe)
    assert code(hehe.post("/orders", sale(("HH-TOTE", 1)))) == "store.closed"


def test_a_pause_ends_and_a_closing_does_not(world, jingan_is):
    jingan_is("paused")
    assert jingan_is("open").stopped_at is None
    jingan_is("closed")
    for status in ("open", "paused"):
        with pytest.raises(Conflict) as refusal:
            jingan_is(status)
        assert (refusal.value.code, refusal.value.field) == ("store.closed_for_good", "status")
    world.jingan.refresh_from_db()
    assert world.jingan.status == "closed"
