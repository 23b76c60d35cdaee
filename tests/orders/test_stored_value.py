"""Value stored in advance and points: who may say that they paid, never more than there is, and what comes back."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from commissions import accruals, clawback
from events.models import Event
from flows import purchase
from ledger import balances, proof
from members import programmes
from members.models import Programme, TopUp
from merchants.errors import Conflict, DomainError
from orders.facts import RefundLineFacts, TenderFacts
from orders.models import Order
from orders.stored_value import StoredValue
from tests.people import NOON, renewed
from tests.selling import TILL, line, money_back, sale, sold


@pytest.fixture
def card(world):
    """Hehe's prepaid card: ¥300.00 paid and ¥20.00 added."""
    programme = programmes.register(merchant=world.hehe, code="card", name="和合储值卡", by=TILL)
    topped_up(programme)
    return programme


def topped_up(programme, *, no="U-1", **changed):
    given = {"paid": 30_000, "bonus": 2_000, "place": "acquirer", "at": NOON - timedelta(days=1)} | changed
    return programmes.top_up(programme=programme, external_no=no, by=TILL, **given)


def stored(amount, programme="card", **given) -> TenderFacts:
    return TenderFacts(place="stored", amount=amount, programme=programme, **given)


def left(programme) -> int:
    with programmes.acting_for(programme.merchant):
        return Programme.objects.get(pk=programme.pk).outstanding


def book(world, merchant, *codes) -> dict[str, int]:
    with world.inside(merchant):
        return {row.account.code: row.amount for row in balances.of_book(merchant, codes=codes)}


def refused(world, *tenders, **given) -> DomainError:
    with pytest.raises(DomainError) as caught:
        sold(world.jingan, line(world.shirt), tenders=tenders, **given)
    with world.inside(world.hehe):
        assert not Order.objects.exists(), "refused whole"
    return caught.value


def test_a_top_up_is_told_once(world, card):
    row, is_new = topped_up(card)
    assert not is_new and left(card) == 32_000
    assert Event.objects.filter(kind="stored_value.topped_up", subject=card.ref).count() == 1
    with pytest.raises(Conflict) as caught:
        topped_up(card, paid=29_999)
    assert caught.value.code == "top_up.reused_number"
    assert book(world, world.hehe, "held:acquirer", "own:cost", "stored:card") == {
        "held:acquirer": -30_000,
        "own:cost": -2_000,
        "stored:card": 32_000,
    }


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"paid": 0, "bonus": 0}, "top_up.amount"),
        ({"paid": -1}, "top_up.amount"),
        ({"place": "platform"}, "top_up.place"),
        ({"no": "a\nb"}, "top_up.number_invalid"),
        ({"at": timezone.now() + timedelta(days=1)}, "top_up.in_future"),
    ],
)
def test_a_top_up_that_stores_nothing_sensible_is_refused(world, card, wrong, code):
    with pytest.raises(DomainError) as caught:
        topped_up(card, **({"no": "U-2"} | wrong))
    assert caught.value.code == code
    with world.inside(world.hehe):
        assert TopUp.objects.count() == 1


def test_a_programme_has_a_code_of_its_own(world, card):
    for code, name, refusal in [
        ("card", "另一张", "programme.code_taken"),
        ("储值", "另一张", "programme.code_invalid"),
        ("other", " ", "programme.name_missing"),
    ]:
        with pytest.raises(DomainError) as caught:
            programmes.register(merchant=world.hehe, code=code, name=name, by=TILL)
        assert caught.value.code == refusal
    programmes.register(merchant=world.mubai, code="card", name="木白卡", by=TILL)


def test_stored_value_is_spent_with_the_sale_and_comes_back_with_the_refund(world, card):
    order = sold(world.jingan, line(world.tea), line(world.tote), tenders=(stored(17_000), cash(700)))
    assert left(card) == 15_000, "at once, before anything is booked"
    assert book(world, world.hehe, "stored:card") == {"stored:card": 32_000}
    accruals.book(order)
    assert book(world, world.hehe, "stored:card") == {"stored:card": 15_000}
    refund, _is_new = money_back(world.hehe, RefundLineFacts(number=1, amount=6_400))
    clawback.claw(refund)
    clawback.claw(refund)
    assert left(card) == book(world, world.hehe, "stored:card")["stored:card"] == 15_000 + 6_147
    with world.inside(world.hehe):
        assert proof.trial_balance(world.hehe).holds


def cash(amount) -> TenderFacts:
    return TenderFacts(place="cash", amount=amount)


def test_more_than_is_left_refuses_the_sale_and_says_what_is(world, card):
    sold(world.jingan, line(world.shirt), no="T-0", tenders=(stored(19_900),))
    with pytest.raises(DomainError) as caught:
        sold(world.jingan, line(world.shirt), tenders=(cash(7_000), stored(6_000), stored(6_900)))
    error = caught.value
    assert (error.code, error.status, error.field, error.extra) == (
        "order.stored_value_short",
        422,
        "tenders[2].amount",
        {"left": 6_100},
    )
    assert "6900" in str(error.message) and "和合储值卡" in str(error.message)
    assert left(card) == 12_100


def test_only_an_issuer_who_agreed_is_said_to_have_stored_it(world, card):
    gold = programmes.register(merchant=world.qinglan, code="gold", name="青岚卡", by=TILL)
    topped_up(gold)
    of_qinglan = stored(19_900, "gold", collector=world.qinglan.ref)
    assert refused(world, of_qinglan).code == "tender.collector_not_agreed"
    assert refused(world, stored(19_900, gold.ref)).code == "tender.programme_unknown", "not the teller's own"
    renewed(world.qinglan_at_jingan, store_tells_for_brand=True)
    sold(world.jingan, line(world.shirt), tenders=(of_qinglan,))
    assert left(gold) == 32_000 - 19_900


def test_a_programme_of_a_merchant_who_may_not_be_named_is_not_even_locked(world, card):
    gold = programmes.register(merchant=world.qinglan, code="gold", name="青岚卡", by=TILL)
    topped_up(gold)
    of_qinglan = stored(19_900, "gold", collector=world.qinglan.ref)
    of_hehe = stored(19_900, "card", collector=world.hehe.ref)

    def locked(tender, **given):
        with CaptureQueriesContext(connection) as captured:
            facts = sale(world.jingan, line(world.shirt), tenders=(tender,), no="L-1")
            (told,) = purchase.paid_all([facts], by=TILL, **given)
        asked = [one["sql"] for one in captured if "members_programme" in one["sql"]]
        return any("FOR NO KEY UPDATE" in sql for sql in asked), told.refusal and told.refusal.code

    assert locked(of_qinglan) == (False, "tender.collector_not_agreed")
    assert locked(of_hehe, brands_of=world.qinglan) == (False, "tender.collector_not_agreed")
    renewed(world.qinglan_at_jingan, store_tells_for_brand=True)
    assert locked(of_hehe, brands_of=world.qinglan) == (False, "tender.collector_not_agreed")
    assert locked(of_qinglan) == (True, None)


def test_a_brand_owner_spends_the_stores_programme_only_as_that_agreed(world, card):
    renewed(world.qinglan_at_jingan, brand_tells_for_store=True)
    facts = sale(world.jingan, line(world.shirt), tenders=(stored(19_900, "card", collector=world.hehe.ref),))
    purchase.paid(facts, by=TILL, brands_of=world.qinglan)
    assert left(card) == 32_000 - 19_900


def test_what_was_registered_after_all_was_held_has_nothing_left(world, card):
    order = sold(world.jingan, line(world.shirt), tenders=(stored(19_900),))
    with world.inside(world.hehe):
        tenders = list(order.tenders.select_related("programme", "collector"))
    with pytest.raises(DomainError) as caught:
        StoredValue([]).take(tenders)
    assert (caught.value.code, caught.value.extra) == ("order.stored_value_short", {"left": 0})


@pytest.mark.parametrize(
    ("tender", "code"),
    [
        (TenderFacts(place="stored", amount=19_900), "order.tender_invalid"),
        (TenderFacts(place="cash", amount=19_900, programme="card"), "order.tender_invalid"),
        (stored(19_900, "nothing"), "tender.programme_unknown"),
        (stored(19_900, fee=1), "order.tender_fee"),
        (TenderFacts(place="points", amount=19_900, fee=1), "order.tender_fee"),
    ],
)
def test_a_payment_with_stored_value_names_its_programme_and_no_fee(world, card, tender, code):
    assert refused(world, tender).code == code


def test_a_batch_spends_what_is_there_and_refuses_the_sale_that_asks_for_more(world, card):
    """Each is judged after those before it; by the programme's code or id it is the same value."""
    topped_up(card, no="U-2", paid=1, bonus=0)
    price = world.shirt.list_price

    def asking(no, amount, name):
        tenders = (stored(amount, name), TenderFacts(place="cash", amount=price - amount))
        return sale(world.jingan, line(world.shirt), no=no, tenders=tenders)

    names = ["card", card.ref, "card", "card"]
    asked = [16_000, 16_000, 2, 1]
    told = purchase.paid_all(
        [asking(f"B-{n}", *pair) for n, pair in enumerate(zip(asked, names, strict=True))], by=TILL
    )
    assert [one.is_new for one in told] == [True, True, False, True]
    assert (told[2].refusal.code, told[2].refusal.extra) == ("order.stored_value_short", {"left": 1})
    assert left(card) == 0
    with world.inside(world.hehe):
        assert Order.objects.count() == 3
