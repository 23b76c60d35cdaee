from datetime import timedelta

import pytest
from django_scopes import scope

from catalog.listing import add_product, add_sku
from catalog.models import Sku
from catalog.ringing import offers, sku_for, skus_for
from events.models import Event
from merchants.errors import DomainError
from stores.contracts import terminate
from tests.people import NOON, ONBOARDING, make_sku

BARCODE = "6901234567892"


def test_goods_sent_twice_are_there_once_and_a_new_price_is_told(world):
    product, is_new = add_product(
        merchant=world.mubai, brand=world.mubai_brand, code="P1", name="白茶", by=ONBOARDING
    )
    sent = {"product": product, "code": "P1-50", "name": "白茶 50 克", "barcode": BARCODE, "by": ONBOARDING}
    first, first_new = add_sku(list_price=9900, **sent)
    again, again_new = add_sku(list_price=8900, **sent)
    assert is_new and first_new and not again_new and first == again and again.list_price == 8900
    assert Event.objects.get(kind="sku.changed").payload["changed"] == ["list_price"]


def test_only_its_owner_adds_goods_to_a_brand(world):
    with pytest.raises(DomainError, match="product.foreign_brand"):
        add_product(merchant=world.hehe, brand=world.mubai_brand, code="P1", name="白茶", by=ONBOARDING)


def test_a_code_never_moves_to_another_product_or_brand(world):
    with pytest.raises(DomainError, match="sku.other_product"):
        add_sku(product=world.coat.product, code="QL-SHIRT", name="大衣", list_price=1, by=ONBOARDING)
    with pytest.raises(DomainError, match="product.other_brand"):
        add_product(merchant=world.hehe, brand=None, code="X", name="包", by=ONBOARDING)
        add_product(merchant=world.qinglan, brand=None, code="QL-SHIRT", name="衬衫", by=ONBOARDING)


def test_a_collection_store_rings_up_the_brands_it_carries_and_its_own_goods(world):
    rung = skus_for(
        store=world.jingan, asked=[("QL-SHIRT", None), ("MB-TEA", None), ("HH-TOTE", None)], at=NOON
    )
    assert [item.sku for item in rung] == [world.shirt, world.tea, world.tote]
    assert [item.contract for item in rung] == [world.qinglan_at_jingan, world.mubai_at_jingan, None]
    assert [item.brand_owner for item in rung] == [world.qinglan, world.mubai, world.hehe]


def test_a_store_without_the_contract_or_after_it_rings_up_nothing_of_the_brand(world):
    with pytest.raises(DomainError, match="sku.unknown"):
        sku_for(store=world.xuhui, text="MB-TEA", at=NOON)
    terminate(contract=world.mubai_at_jingan, by=ONBOARDING, at=NOON)
    assert sku_for(store=world.jingan, text="MB-TEA", at=NOON - timedelta(seconds=1)).sku == world.tea
    with pytest.raises(DomainError, match="sku.unknown"):
        sku_for(store=world.jingan, text="MB-TEA", at=NOON)


def test_a_brand_named_with_the_code_must_be_the_one_it_belongs_to(world):
    with pytest.raises(DomainError, match="sku.unknown") as refusal:
        sku_for(store=world.jingan, text="MB-TEA", brand=world.qinglan_brand, at=NOON)
    assert "青岚" in str(refusal.value.message)


def test_a_code_of_two_brands_asks_which_and_the_ref_and_the_brand_tell(world):
    with scope(merchant=world.mubai):
        twin = make_sku(world.mubai, world.mubai_brand, code="QL-SHIRT", name="茶人衫", list_price=100)
    with pytest.raises(DomainError, match="sku.ambiguous"):
        sku_for(store=world.jingan, text="QL-SHIRT", at=NOON)
    assert sku_for(store=world.jingan, text="QL-SHIRT", brand=world.mubai_brand, at=NOON).sku == twin
    assert sku_for(store=world.jingan, text=twin.ref, at=NOON).sku == twin


def test_a_barcode_is_as_good_as_a_code_and_an_empty_one_means_nothing(world):
    with scope(merchant=world.hehe):
        Sku.objects.filter(pk=world.tote.pk).update(barcode=BARCODE)
    assert sku_for(store=world.jingan, text=f" {BARCODE} ", at=NOON).sku == world.tote
    with pytest.raises(DomainError, match="sku.unknown"):
        sku_for(store=world.jingan, text="", at=NOON)


def test_a_receipt_of_many_lines_costs_one_query_a_merchant_and_one_for_contracts(
    world, django_assert_num_queries
):
    asked = [(code, None) for code in ("QL-SHIRT", "QL-COAT", "MB-TEA", "HH-TOTE") * 5]
    with django_assert_num_queries(4):
        skus_for(store=world.jingan, asked=asked, at=NOON)


def test_the_picker_lists_what_may_be_sold_here_by_name_and_code(world):
    assert {item.sku for item in offers(store=world.jingan, at=NOON)} == {
        world.shirt,
        world.coat,
        world.tea,
        world.tote,
    }
    assert [item.sku for item in offers(store=world.jingan, at=NOON, search="龙井")] == [world.tea]
