"""What the lines of a sale mean at a store: whose goods, under which contract."""

from datetime import datetime, timedelta

import pytest
from django_scopes import scope

from catalog.models import Sku
from merchants.errors import DomainError
from orders.facts import LineFacts
from orders.receipts import MOST_FEN, ReceiptLine, resolve
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


def test_a_receipt_of_many_lines_costs_one_query_for_articles_and_one_for_contracts(
    world, django_assert_num_queries
):
    asked = ("QL-SHIRT", "QL-COAT", "MB-TEA", "HH-TOTE") * 5
    with django_assert_num_queries(2):
        rung_up(world.jingan, *asked)


class TestNoSaleIsLargerThanSumsCanHold:
    @pytest.fixture
    def dear(self, world):
        """A SKU whose own price nobody has to send: a thousand million yuan a piece, the most there is."""
        with scope(merchant=world.hehe):
            return make_sku(world.hehe, None, code="HH-DEAR", name="和合宝石", list_price=MOST_FEN)

    def refused(self, world, *lines) -> DomainError:
        with pytest.raises(DomainError, match="order.out_of_range") as refusal, scope(merchant=world.hehe):
            resolve(store=world.jingan, lines=lines, at=NOON)
        assert "¥1,000,000,000.00" in str(refusal.value.message) and refusal.value.next_step
        return refusal.value

    def test_the_most_of_one_line_can_be_sold(self, world, dear):
        assert rung_up(world.jingan, dear.code)[0].list_amount == MOST_FEN

    @pytest.mark.parametrize("price", [None, MOST_FEN])
    def test_a_line_is_bounded_at_the_price_it_is_sold_for_whoever_named_it(self, world, dear, price):
        two = LineFacts(sku=dear.code, quantity=2, list_price=price)
        assert self.refused(world, LineFacts(sku="HH-TOTE", quantity=1), two).field == "lines[1]"

    def test_the_lines_are_bounded_together(self, world, dear):
        lines = [LineFacts(sku=dear.code, quantity=1), LineFacts(sku="HH-TOTE", quantity=1, list_price=1)]
        assert self.refused(world, *lines).field == "lines"
