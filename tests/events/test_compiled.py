"""What a compiled read gives is what its queryset would, asked anew."""

import threading

import pytest
from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.test.utils import CaptureQueriesContext
from django_scopes import scope, scopes_disabled
from django_scopes.exceptions import ScopeError

from catalog.models import Sku
from events.compiled import compiled
from guides.models import Assignment, Guide
from stores.models import Store
from tests.people import LONG_AGO, make_sku


def _coded(codes) -> QuerySet[Sku]:
    found = Sku.objects.filter(Q(ref__in=codes) | Q(code__in=codes), list_price__gt=0)
    return found.select_related("product__brand").order_by("-id")


@compiled
def coded(*, codes) -> QuerySet[Sku]:
    return _coded(codes)


@compiled
def posts(*, guides, since) -> QuerySet[Assignment, tuple[int, int]]:
    return Assignment.objects.filter(guide__in=guides, starts_at__gte=since).values_list("guide", "store")


@compiled
def at(*, store) -> QuerySet[Guide]:
    return Guide.objects.filter(assignments__store=store)


@compiled
def held(*, code) -> QuerySet[Store]:
    return Store.objects.filter(code=code).select_for_update()


def test_the_rows_are_those_of_the_queryset_with_what_was_selected_along(world):
    with world.inside(world.qinglan):
        for codes in ([world.shirt.code, world.coat.ref], {world.shirt.ref}, [], ("nothing such",)):
            with CaptureQueriesContext(connection) as asked:
                found = coded(codes=codes)
                brands = [sku.product.brand for sku in found]
            assert len(asked) == 1
            assert found == list(_coded(codes))
            assert brands == [sku.product.brand for sku in _coded(codes)]


def test_values_of_any_kind_find_their_rows(world):
    with world.inside(world.hehe):
        assert posts(guides=[world.lin], since=LONG_AGO) == [(world.lin.pk, world.jingan.pk)]
        assert posts(guides={world.lin.pk}, since=LONG_AGO) == [(world.lin.pk, world.jingan.pk)]
        assert at(store=world.jingan) == at(store=world.jingan.pk) == [world.lin]


@pytest.mark.parametrize("code", ["it's", "100%", "%s", "%(name)s", "back\\slash", "青岚", '"', "a;--"])
def test_no_text_is_more_than_a_value(world, code):
    with world.inside(world.qinglan):
        odd = make_sku(world.qinglan, world.qinglan_brand, code=code, name="Odd", list_price=1)
        assert coded(codes=[odd.code]) == [odd]
        assert coded(codes=[odd.code, world.shirt.code]) == [odd, world.shirt]


def test_one_statement_serves_every_merchant_and_shows_none_the_others_rows(world):
    made = []

    @compiled
    def counted(*, codes):
        made.append(codes)
        return _coded(codes)

    both = [world.shirt.code, world.tea.code]
    for merchant, own in ((world.qinglan, [world.shirt]), (world.mubai, [world.tea]), (world.stranger, [])):
        with world.inside(merchant):
            assert counted(codes=both) == own
        with scope(merchant=merchant.pk):
            assert counted(codes=both) == own
    assert len(made) == 1


def test_several_merchants_or_all_are_other_statements(world):
    both = [world.shirt.code, world.tea.code]
    with scope(merchant=[world.qinglan, world.mubai]):
        assert coded(codes=both) == list(_coded(both)) == [world.tea, world.shirt]
    with scope(merchant=[world.mubai]):
        assert coded(codes=both) == [world.tea]
    with scope(merchant=[]):
        assert coded(codes=both) == []
    with scopes_disabled():
        assert coded(codes=both) == [world.tea, world.shirt]
    with world.inside(world.qinglan):
        assert coded(codes=both) == [world.shirt]


def test_without_a_scope_it_asks_for_one_however_often_it_was_called_in_one(world):
    with world.inside(world.qinglan):
        assert coded(codes=[world.shirt.code])
    for _again in range(2):
        with pytest.raises(ScopeError):
            coded(codes=[world.shirt.code])


def test_none_is_refused_rather_than_never_found(world):
    with world.inside(world.qinglan), pytest.raises(TypeError, match="None"):
        coded(codes=[world.shirt.code, None])
    with world.inside(world.hehe), pytest.raises(TypeError, match="None"):
        at(store=None)
    with world.inside(world.hehe), pytest.raises(TypeError, match="None"):
        at(store=Store(code="not kept yet"))


def test_arguments_are_named_and_only_handed_on(world):
    @compiled
    def careless(*, codes):
        return Sku.objects.filter(code__in=sorted(codes))

    with world.inside(world.qinglan):
        with pytest.raises(TypeError, match="by name"):
            coded([world.shirt.code])
        with pytest.raises(TypeError, match="not iterable"):
            careless(codes=[world.shirt.code])


@pytest.mark.django_db(transaction=True)
def test_rows_are_locked_in_a_transaction_or_not_at_all(world):
    with world.inside(world.hehe):
        with transaction.atomic():
            assert held(code=world.jingan.code) == [world.jingan]
        with pytest.raises(transaction.TransactionManagementError):
            held(code=world.jingan.code)


@pytest.mark.django_db(transaction=True)
def test_threads_share_the_statement_and_each_asks_by_its_own_connection(world):
    found: dict[str, list[Sku]] = {}
    start = threading.Barrier(2)

    def asking(name, merchant, code):
        with scope(merchant=merchant):
            start.wait()
            for _again in range(50):
                found[name] = coded(codes=[code])
                assert [sku.code for sku in found[name]] == [code]
        connection.close()

    with world.inside(world.qinglan):
        coded(codes=["nothing"])
    threads = [
        threading.Thread(target=asking, args=("shirt", world.qinglan, world.shirt.code)),
        threading.Thread(target=asking, args=("tea", world.mubai, world.tea.code)),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {"shirt": [world.shirt], "tea": [world.tea]}
