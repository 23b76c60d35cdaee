import pytest

from catalog.listing import add_product, add_sku
from catalog.ringing import offers
from events.models import Event
from merchants.errors import DomainError
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


def test_the_picker_lists_what_may_be_sold_here_by_name_and_code(world):
    assert {item.sku for item in offers(store=world.jingan, at=NOON)} == {
        world.shirt,
        world.coat,
        world.tea,
        world.tote,
    }
    assert [item.sku for item in offers(store=world.jingan, at=NOON, search="龙井")] == [world.tea]


def test_the_picker_finds_a_part_of_a_code_and_puts_the_nearest_first_whoever_owns_it(world):
    with world.inside(world.hehe):
        make_sku(world.hehe, None, code="HH-1001-B", name="帆布包大", list_price=100)
        make_sku(world.hehe, None, code="1001-C", name="帆布包小", list_price=100)
    with world.inside(world.mubai):
        make_sku(world.mubai, world.mubai_brand, code="1001", name="白茶", list_price=100)
    with world.inside(world.qinglan):
        make_sku(world.qinglan, world.qinglan_brand, code="QL-1001", name="风衣", list_price=100)

    def codes(text, **limits):
        return [item.sku.code for item in offers(store=world.jingan, at=NOON, search=text, **limits)]

    assert codes("1001") == ["1001", "1001-C", "HH-1001-B", "QL-1001"]
    assert codes("1001", limit=1) == ["1001"]
    assert codes("l-10") == ["QL-1001"]
    assert codes("%") == []
