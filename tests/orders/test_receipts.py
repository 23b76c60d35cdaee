"""What the lines of a sale mean at a store: whose goods, under which contract."""

from datetime import datetime, timedelta

import pytest
from django_scopes import scope

from catalog.models import Sku
from merchants.errors import DomainError
from orders.facts import LineFacts
from orders.receipts import ReceiptLine, resolve
from stores.contracts import terminate
from stores.models import Store
from tests.people import NOON, ONBOARDING, make_sku

BARCODE = "6901234567892"


def rung_up(store: Store, *codes: str, brand: str = "", at: datetime = NOON) -> list[ReceiptLine]:
    lines = [LineFacts(sku=code, quantity=1, brand=brand) for code in codes]
    with scope(merchant=store.merchant):
        return resolve(store=store, lines=lines, at=at)


def test_a_collection_store_rings_up_the_brands_it_carries_and_its_own_goods(world):
    rung = rung_up(world.jingan, "QL-SHIRT", "MB-TEA", "HH-TOTE")
    assert [item.sku for item in rung] == [world.shirt, world.tea, world.tote]
    assert [item.contract for item in rung] == [world.qinglan_at_jingan, world.mubai_at_jingan, None]
    assert [item.brand_owner for item in rung] == [world.qinglan, world.mubai, world.hehe]


def test_a_store_without_the_contract_or_after_it_rings_up_nothing_of_the_brand(world):
    with pytest.raises(DomainError, match="sku.unknown"):
        rung_up(world.xuhui, "MB-TEA")
    terminate(contract=world.mubai_at_jingan, by=ONBOARDING, at=NOON)
    assert rung_up(world.jingan, "MB-TEA", at=NOON - timedelta(seconds=1))[0].sku == world.tea
    with pytest.raises(DomainError, match="contract.missing"):
        rung_up(world.jingan, "MB-TEA")


def test_a_brand_named_with_the_code_must_be_the_one_it_belongs_to(world):
    with pytest.raises(DomainError, match="sku.unknown") as refusal:
        rung_up(world.jingan, "MB-TEA", brand=world.qinglan_brand.ref)
    assert refusal.value.field == "lines[0].sku"


def test_a_code_of_two_brands_asks_which_and_the_ref_and_the_brand_tell(world):
    with scope(merchant=world.mubai):
        twin = make_sku(world.mubai, world.mubai_brand, code="QL-SHIRT", name="茶人衫", list_price=100)
    with pytest.raises(DomainError, match="sku.ambiguous"):
        rung_up(world.jingan, "QL-SHIRT")
    assert rung_up(world.jingan, "QL-SHIRT", brand="mubai")[0].sku == twin
    assert rung_up(world.jingan, twin.ref)[0].sku == twin


def test_a_barcode_is_as_good_as_a_code_and_an_empty_one_means_nothing(world):
    with scope(merchant=world.hehe):
        Sku.objects.filter(pk=world.tote.pk).update(barcode=BARCODE)
    assert rung_up(world.jingan, BARCODE)[0].sku == world.tote
    with pytest.raises(DomainError, match="sku.unknown"):
        rung_up(world.jingan, "")


def test_a_receipt_of_many_lines_costs_one_query_a_merchant_and_one_for_contracts(
    world, django_assert_num_queries
):
    asked = ("QL-SHIRT", "QL-COAT", "MB-TEA", "HH-TOTE") * 5
    with django_assert_num_queries(4):
        rung_up(world.jingan, *asked)
