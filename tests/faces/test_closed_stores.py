"""A store that trades no more, for now or for good, sells nothing: its guides and its systems are told so."""

import pytest

from events.record import Actor
from orders.models import Order
from stores.opening import revise
from tests.faces.merchant_system import MerchantSystem, code
from tests.faces.merchant_system import sale as told
from tests.faces.workbench_forms import HTMX, basket, form_of

IN_ENGLISH = HTMX | {"Accept-Language": "en"}


@pytest.fixture
def jingan_is(world):
    """jingan_is("paused"): from now on."""
    return lambda status: revise(store=world.jingan, status=status, by=Actor.system("headquarters"))


@pytest.mark.parametrize(("status", "said"), [("paused", "is paused"), ("closed", "is closed for good")])
def test_a_guide_s_sale_there_is_refused_clearly(lin, world, jingan_is, status, said):
    page = lin.get("/w/sale/", follow=True)
    jingan_is(status)
    sale = form_of(page, total="4900", **basket(world, world.tote))
    answer = lin.post("/w/sale/", sale, headers=IN_ENGLISH)
    text = answer.content.decode()
    assert answer.status_code == 422 and "和合静安店" in text and said in text
    with world.inside(world.hehe):
        assert not Order.objects.exists()


@pytest.mark.parametrize("status", ["paused", "closed"])
def test_a_system_s_sale_there_is_refused_clearly_and_a_sale_told_before_is_not(world, jingan_is, status):
    hehe = MerchantSystem(world.hehe)
    assert hehe.post("/orders", told(("HH-TOTE", 1), no="T-1")).status_code == 201
    jingan_is(status)
    refused = hehe.post("/orders", told(("HH-TOTE", 1), no="T-2"))
    assert (refused.status_code, code(refused)) == (422, f"store.{status}")
    assert "和合静安店" in refused.json()["detail"] and refused.json()["next_step"]
    assert hehe.post("/orders", told(("HH-TOTE", 1), no="T-1")).status_code == 200
    assert len(hehe.get("/orders").json()["data"]) == 1
