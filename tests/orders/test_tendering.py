"""What paid a sale: who took it, as far as the teller may say so, and how much can be told at once."""

import pytest

from flows import purchase
from merchants.errors import DomainError
from merchants.onboarding import add_brand
from orders.facts import TenderFacts, plain
from orders.models import Order, Tender
from orders.tendering import MOST_TENDERS
from tests.people import make_contract, make_sku, renewed
from tests.selling import TILL, line, sale, sold


def tell(world, *lines, brands_of=None, collector=None, no="T-1", amount=19900, place="psp"):
    """A sale of a shirt at Jing'an, told by Hehe or by `brands_of`; `collector` took the money."""
    given = {}
    if collector:
        given["tenders"] = (TenderFacts(place=place, amount=amount, collector=collector.ref),)
    facts = sale(world.jingan, *(lines or (line(world.shirt),)), no=no, **given)
    order, _is_new = purchase.paid(facts, by=TILL, brands_of=brands_of)
    with world.inside(world.hehe):
        return Tender.objects.select_related("collector").get(order=order)


def refused(world, *lines, **given) -> DomainError:
    with pytest.raises(DomainError) as caught:
        tell(world, *lines, **given)
    with world.inside(world.hehe):
        assert not Order.objects.exists()
    return caught.value


def not_agreed(world, *lines, **given) -> None:
    error = refused(world, *lines, **given)
    assert (error.code, error.field) == ("tender.collector_not_agreed", "tenders[0].collector")
    assert error.next_step


@pytest.mark.parametrize("fee", [-1, 19901])
def test_a_fee_is_within_its_payment(world, fee):
    tenders = (TenderFacts(place="psp", amount=19900, fee=fee),)
    with pytest.raises(DomainError) as caught:
        purchase.paid(sale(world.jingan, line(world.shirt), tenders=tenders), by=TILL)
    assert (caught.value.code, caught.value.field) == ("order.tender_fee", "tenders[0].fee")


def test_a_sale_told_without_a_fee_keeps_the_hash_it_had(world):
    told = sale(world.jingan, line(world.shirt), tenders=(TenderFacts(place="cash", amount=19900),))
    assert "fee" not in plain(told)["tenders"][0]


class TestOnlyWhoAgreedIsSaidToHaveTakenTheMoney:
    def test_without_a_collector_the_teller_took_it(self, world):
        taken = tell(world)
        assert (taken.collector, taken.place) == (world.hehe, "cash")
        taken = tell(world, brands_of=world.qinglan)
        assert (taken.collector, taken.place) == (world.qinglan, "psp")

    def test_a_teller_always_may_name_itself(self, world):
        assert tell(world, collector=world.hehe).collector == world.hehe
        taken = tell(world, brands_of=world.qinglan, collector=world.qinglan, place="acquirer")
        assert (taken.collector, taken.place) == (world.qinglan, "acquirer")

    def test_a_brand_makes_no_debt_of_the_store_unless_the_contract_lets_it(self, world):
        not_agreed(world, brands_of=world.qinglan, collector=world.hehe)
        renewed(world.qinglan_at_jingan, store_tells_for_brand=True)
        not_agreed(world, brands_of=world.qinglan, collector=world.hehe)

    def test_a_brand_tells_for_a_store_that_agreed(self, world):
        renewed(world.qinglan_at_jingan, brand_tells_for_store=True)
        assert (
            tell(world, brands_of=world.qinglan, collector=world.hehe, place="cash").collector == world.hehe
        )
        assert tell(world, brands_of=world.qinglan, no="T-2").collector == world.qinglan

    def test_a_brand_tells_for_a_store_only_if_the_contract_of_each_line_lets_it(self, world):
        renewed(world.qinglan_at_jingan, brand_tells_for_store=True)
        with world.inside(world.qinglan):
            young = add_brand(merchant=world.qinglan, name="青岚少年", slug="young", seal="少", by=TILL)
            cap = make_sku(world.qinglan, young, code="QY-CAP", name="青岚少年帽", list_price=9900)
        lines = (line(world.shirt), line(cap))
        contract = make_contract(young, world.jingan, mode="central")
        not_agreed(world, *lines, brands_of=world.qinglan, collector=world.hehe, amount=29800)
        renewed(contract, brand_tells_for_store=True)
        taken = tell(world, *lines, brands_of=world.qinglan, collector=world.hehe, amount=29800)
        assert taken.collector == world.hehe

    def test_a_store_makes_no_debt_of_a_brand_unless_the_contract_lets_it(self, world):
        not_agreed(world, collector=world.qinglan)
        renewed(world.qinglan_at_jingan, brand_tells_for_store=True)
        not_agreed(world, collector=world.qinglan)

    def test_a_store_tells_for_a_brand_that_agreed_and_for_no_other(self, world):
        renewed(world.qinglan_at_jingan, store_tells_for_brand=True)
        both = (line(world.shirt), line(world.tea))
        not_agreed(world, *both, collector=world.mubai, amount=32700)
        assert tell(world, *both, collector=world.qinglan, amount=32700).collector == world.qinglan

    def test_a_third_merchant_took_nothing_whatever_the_contracts_say(self, world):
        renewed(world.qinglan_at_jingan, store_tells_for_brand=True, brand_tells_for_store=True)
        renewed(world.mubai_at_jingan, store_tells_for_brand=True, brand_tells_for_store=True)
        for third in (world.mubai, world.stranger):
            not_agreed(world, collector=third)
            not_agreed(world, collector=third, brands_of=world.qinglan)

    def test_a_brand_in_its_own_store_is_one_merchant(self, world):
        tenders = (TenderFacts(place="cash", amount=19900, collector=world.qinglan.ref),)
        order, _new = purchase.paid(sale(world.xuhui, line(world.shirt), tenders=tenders), by=TILL)
        assert order.paid_total == 19900


def cash(amount: int, *lines: int) -> TenderFacts:
    return TenderFacts(place="cash", amount=amount, lines=lines)


def paid_with(world, *tenders: TenderFacts, lines: int = 1) -> Order:
    facts = sale(world.jingan, *[line(world.tote)] * lines, tenders=tenders)
    return purchase.paid(facts, by=TILL)[0]


class TestHowMuchCanBeTold:
    def test_a_sale_has_at_most_twenty_payments(self, world):
        with pytest.raises(DomainError, match="order.out_of_range") as refusal:
            paid_with(world, cash(4900 - MOST_TENDERS), *[cash(1)] * MOST_TENDERS)
        assert refusal.value.field == "tenders" and refusal.value.next_step
        assert paid_with(world, cash(4900 - MOST_TENDERS + 1), *[cash(1)] * (MOST_TENDERS - 1))

    def test_a_payment_names_no_more_lines_than_there_are(self, world):
        with pytest.raises(DomainError, match="order.tender_invalid") as refusal:
            paid_with(world, cash(9800, 1, 2, 1), lines=2)
        assert refusal.value.field == "tenders[0]"
        assert paid_with(world, cash(9800, 1, 2), lines=2)


def test_a_sale_of_many_lines_has_few_payments(world):
    """Each payment lies over each line, and all of that is booked."""
    lines = [line(world.tote, list_price=100)] * 150
    tenders = tuple(TenderFacts(place="cash", amount=1000) for _payment in range(15))
    with pytest.raises(DomainError) as refusal:
        sold(world.jingan, *lines, tenders=tenders)
    assert (refusal.value.code, refusal.value.field) == ("order.out_of_range", "tenders")
