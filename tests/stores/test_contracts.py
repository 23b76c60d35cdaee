from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django_scopes import scope

from events.models import Event
from merchants.errors import Conflict, DomainError
from merchants.onboarding import root_of
from stores.contracts import agree, contracts_of, live_contract, store_under_contract, terminate
from stores.models import Contract
from tests.people import LONG_AGO, NOON, ONBOARDING, renewed

DAY = timedelta(days=1)


def agrees(world, **changes):
    with scope(merchant=world.mubai):
        unit = root_of(world.mubai)
    terms = {
        "brand": world.mubai_brand,
        "store": world.xuhui,
        "brand_unit": unit,
        "mode": "direct",
        "settlement": "T0",
        "guide_pay": "direct",
        "starts_at": NOON,
        "by": ONBOARDING,
    }
    return agree(**{**terms, **changes})


def test_a_contract_is_told_to_both_and_read_by_each_its_own_way(world):
    contract = agrees(world)
    told = Event.objects.filter(kind="contract.accepted").values_list("merchant_id", flat=True)
    assert set(told) == {world.mubai.id, world.qinglan.id}
    with scope(merchant=world.mubai):
        assert Contract.objects.get(pk=contract.pk).accepted_at
    with scope(merchant=world.qinglan):
        assert contract in Contract.party.all() and contract not in Contract.objects.all()


def test_nobody_may_say_that_the_other_took_the_money_unless_it_is_agreed_and_told(world):
    plain = agrees(world, ends_at=NOON + DAY)
    assert (plain.brand_tells_for_store, plain.store_tells_for_brand) == (False, False)
    agreed = agrees(world, starts_at=NOON + DAY, store_tells_for_brand=True)
    assert (agreed.brand_tells_for_store, agreed.store_tells_for_brand) == (False, True)
    told = Event.objects.filter(subject=agreed.ref, kind="contract.accepted").first().payload
    assert (told["brand_tells_for_store"], told["store_tells_for_brand"]) == (False, True)


def test_a_brand_and_its_own_store_hear_of_their_contract_once(world):
    with scope(merchant=world.qinglan):
        unit = root_of(world.qinglan)
    terminate(contract=world.qinglan_at_xuhui, by=ONBOARDING, at=NOON)
    agrees(world, brand=world.qinglan_brand, brand_unit=unit)
    assert Event.objects.filter(kind="contract.accepted").count() == 1


def test_a_contract_lives_from_its_start_until_its_end(world):
    agrees(world, ends_at=NOON + DAY)
    asked = {"brand": world.mubai_brand, "store": world.xuhui}
    assert live_contract(at=NOON - DAY, **asked) is None
    assert live_contract(at=NOON, **asked).mode == "direct"
    assert live_contract(at=NOON + DAY, **asked) is None


def test_two_contracts_of_one_pair_never_overlap_but_may_follow_each_other(world):
    contract = agrees(world)
    with pytest.raises(Conflict) as refusal:
        agrees(world, starts_at=NOON + DAY)
    assert refusal.value.code == "contract.overlaps" and refusal.value.next_step
    terminate(contract=contract, by=ONBOARDING, at=NOON + DAY)
    assert agrees(world, starts_at=NOON + DAY)


def test_ending_it_twice_ends_it_once(world):
    terminate(contract=world.mubai_at_jingan, by=ONBOARDING, at=NOON)
    ended = terminate(contract=world.mubai_at_jingan, by=ONBOARDING, at=NOON + DAY)
    assert ended.ends_at == NOON
    assert Event.objects.filter(kind="contract.ended").count() == 2, "one for each side"


def test_one_that_has_not_begun_can_be_ended_and_never_is_in_force(world):
    coming = agrees(world, starts_at=NOON + DAY)
    for _twice in range(2):
        terminate(contract=coming, by=ONBOARDING, at=NOON)
    for days in (1, 2):
        assert coming not in contracts_of(store=world.xuhui, at=NOON + days * DAY + timedelta(seconds=1))
    assert agrees(world, starts_at=NOON + 2 * DAY).accepted_at


def test_terms_that_cannot_be_are_refused(world):
    with pytest.raises(DomainError, match="contract.ends_before_start"):
        agrees(world, ends_at=LONG_AGO)
    with pytest.raises(DomainError, match="contract.foreign_unit"):
        agrees(world, brand_unit=world.jingan.org_unit)


def test_all_contracts_of_a_store_are_one_query(world, django_assert_num_queries):
    with django_assert_num_queries(1):
        contracts = contracts_of(store=world.jingan, at=NOON)
        assert {contract.brand.merchant for contract in contracts} == {world.qinglan, world.mubai}


def test_a_brand_reads_another_s_store_only_through_a_contract(world):
    asked = {"brand": world.mubai_brand, "at": NOON}
    assert store_under_contract(store_ref=world.jingan.ref, **asked) == world.jingan
    assert store_under_contract(store_ref=world.xuhui.ref, **asked) is None


def test_a_contract_says_who_bears_coupons_and_tells_both(world):
    contract = agrees(world, store_bears_ppm=300_000, brand_bears_ppm=1_000_000)
    assert (contract.store_bears_ppm, contract.brand_bears_ppm) == (300_000, 1_000_000)
    for event in Event.objects.filter(kind="contract.accepted"):
        assert event.payload["store_bears_ppm"] == 300_000
        assert event.payload["brand_bears_ppm"] == 1_000_000


def test_unless_said_neither_bears_the_others_coupons(world):
    contract = agrees(world)
    assert (contract.store_bears_ppm, contract.brand_bears_ppm) == (0, 0)


@pytest.mark.parametrize("field", ["reserve_ppm", "store_bears_ppm", "brand_bears_ppm", "fee_cap_ppm"])
def test_nobody_agrees_to_more_than_the_whole(world, field):
    with pytest.raises(DomainError) as refusal:
        agrees(world, **{field: 1_000_001})
    assert (refusal.value.code, refusal.value.field) == ("contract.not_a_part", field)
    with pytest.raises(IntegrityError, match="part"), transaction.atomic():
        renewed(world.mubai_at_jingan, **{field: 1_000_001})
