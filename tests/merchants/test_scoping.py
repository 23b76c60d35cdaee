import pytest
from django_scopes import scope
from django_scopes.exceptions import ScopeError

from guides.hiring import move
from merchants.errors import Forbidden
from merchants.models import OrgUnit
from merchants.onboarding import add_unit, appoint, issue_key, key_hash, root_of
from merchants.roles import Role
from merchants.scoping import acting_for, seats
from stores.models import Contract, Store
from tests.people import LONG_AGO, NOON, ONBOARDING, make_user


def test_a_read_outside_any_merchant_is_an_error_not_everything(world):
    with pytest.raises(ScopeError):
        list(Store.objects.all())


def test_inside_a_merchant_only_its_own_rows_are_there(world):
    with acting_for(world.hehe):
        assert list(Store.objects.all()) == [world.jingan]
        assert not Store.objects.filter(ref=world.xuhui.ref).exists()


def test_a_contract_is_read_by_its_owner_and_through_party_by_its_counterparty(world):
    with acting_for(world.qinglan):
        assert set(Contract.objects.all()) == {world.qinglan_at_jingan, world.qinglan_at_xuhui}
    with acting_for(world.hehe):
        assert not Contract.objects.all()
        assert set(Contract.party.all()) == {world.qinglan_at_jingan, world.mubai_at_jingan}
    with acting_for(world.stranger):
        assert not Contract.objects.all() and not Contract.party.all()


def test_a_user_has_one_seat_a_merchant_with_all_its_roles(world):
    with scope(merchant=world.hehe):
        appoint(
            user=world.lin.user,
            merchant=world.hehe,
            role=Role.STORE_MANAGER,
            org_unit=world.jingan.org_unit,
            by=ONBOARDING,
        )
    (seat,) = seats(world.lin.user)
    assert seat.merchant == world.hehe
    assert set(seat.roles) == {Role.GUIDE, Role.STORE_MANAGER}
    assert seat.may("coupons.redeem") and not seat.may("plans.write")
    with pytest.raises(Forbidden) as refusal:
        seat.need("plans.write")
    assert set(refusal.value.extra["roles"]) == {"owner", "admin", "finance"}


def test_another_merchant_cannot_slip_its_seat_before_the_first_by_a_date_in_the_past(world):
    years_before = LONG_AGO.replace(year=2020)
    with scope(merchant=world.stranger):
        appoint(
            user=world.lin.user,
            merchant=world.stranger,
            role=Role.GUIDE,
            org_unit=root_of(world.stranger),
            by=ONBOARDING,
            starts_at=years_before,
        )
    assert [seat.merchant for seat in seats(world.lin.user)] == [world.hehe, world.stranger]


def test_who_moves_within_the_first_merchant_keeps_its_seat_first(world):
    with scope(merchant=world.stranger):
        second = {"merchant": world.stranger, "org_unit": root_of(world.stranger), "starts_at": LONG_AGO}
        appoint(user=world.lin.user, role=Role.GUIDE, by=ONBOARDING, **second)
    move(guide=world.lin, store=world.jingan, level=2, at=NOON, by=ONBOARDING)
    assert [seat.merchant for seat in seats(world.lin.user, at=NOON)] == [world.hehe, world.stranger]


def test_a_region_manager_reaches_the_subtree_and_no_further(world):
    with scope(merchant=world.qinglan):
        east = add_unit(
            merchant=world.qinglan, parent=root_of(world.qinglan), kind=OrgUnit.Kind.REGION, name="华东"
        )
        user = make_user("区经理", email="east@qinglan.example")
        appoint(user=user, merchant=world.qinglan, role=Role.REGION_MANAGER, org_unit=east, by=ONBOARDING)
        (seat,) = seats(user)
        assert not Store.objects.filter(seat.within("org_unit__path", "stores.read"))
        world.xuhui.org_unit.parent = east
        world.xuhui.org_unit.path = f"{east.path}{world.xuhui.org_unit_id}/"
        world.xuhui.org_unit.save()
        assert list(Store.objects.filter(seat.within("org_unit__path", "stores.read"))) == [world.xuhui]


def test_an_api_key_is_kept_as_a_hash_only(world):
    with scope(merchant=world.hehe):
        key, secret = issue_key(merchant=world.hehe, name="till", by=ONBOARDING)
    assert secret.startswith("tk_test_") and bytes(key.hash) == key_hash(secret)
