"""For which merchant somebody acts. He owns Hehe; Gu owns Qinglan and will be given a role at Hehe too."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.test import RequestFactory
from django.utils import timezone, translation
from django_htmx.middleware import HtmxDetails
from django_scopes import get_scope

from merchants import middleware
from merchants.errors import NotFound
from merchants.middleware import ActingMerchant, Refusals, SignInRequired
from merchants.onboarding import appoint, root_of
from merchants.roles import Role, lacking
from tests.people import LONG_AGO, ONBOARDING, make_user


@pytest.fixture
def gu_twice(world):
    """Gu, owner of Qinglan, also does Hehe's books since today."""
    with world.inside(world.hehe):
        appoint(
            user=world.gu,
            merchant=world.hehe,
            role=Role.FINANCE,
            org_unit=root_of(world.hehe),
            by=ONBOARDING,
            starts_at=timezone.now(),
        )
    return world.gu


def seen_by(user, path: str = "/hq/", session: dict | None = None) -> dict:
    """What a page at `path` finds around it."""
    seen = {}

    def page(request):
        seen.update(seat=request.seat, scope=get_scope(), zone=str(timezone.get_current_timezone()))

    request = RequestFactory().get(path)
    request.user, request.session = user, session or {}
    ActingMerchant(page)(request)
    return seen


def test_a_page_runs_inside_the_users_merchant_in_its_time_zone(world):
    seen = seen_by(world.he)
    assert seen["seat"].merchant == world.hehe
    assert seen["scope"]["merchant"] == world.hehe
    assert seen["zone"] == "Asia/Shanghai"
    assert not get_scope().get("merchant")


def test_with_two_merchants_the_oldest_role_counts_until_one_switches(world, gu_twice):
    assert seen_by(gu_twice)["seat"].merchant == world.qinglan
    assert seen_by(gu_twice, session={"merchant": world.hehe.ref})["seat"].merchant == world.hehe


def test_a_choice_that_is_no_longer_ones_own_falls_back(world):
    assert seen_by(world.he, session={"merchant": world.qinglan.ref})["seat"].merchant == world.hehe


@pytest.mark.parametrize("path", ["/api/v1/orders", "/s/qinglan/", "/admin/"])
def test_the_api_the_storefront_and_the_operator_are_left_without_a_seat(world, path):
    seen = seen_by(world.he, path)
    assert (seen["seat"], seen["scope"].get("merchant")) == (None, None)


def test_switching_is_a_post_and_only_to_ones_own(client, world, gu_twice):
    client.force_login(gu_twice)
    assert client.get("/account/merchant/").status_code == 405
    assert client.post("/account/merchant/", {"merchant": world.stranger.ref}).status_code == 404
    assert client.post("/account/merchant/").status_code == 404
    assert client.post("/account/merchant/", {"merchant": world.hehe.ref}).status_code == 302
    assert client.session["merchant"] == world.hehe.ref


def test_who_has_no_role_is_told_so_and_can_still_sign_out(client, db):
    client.force_login(make_user("谢无名", email="xie@nobody.example"))
    page = client.get("/", headers={"Accept-Language": "en"})
    assert page.status_code == 403
    assert "no merchant has given you a role" in page.content.decode()
    assert client.get("/account/devices/").status_code == 200
    assert client.post("/account/sign-out/").status_code == 302


def test_a_role_that_ended_is_no_role(client, world):
    user = make_user("钱短期", email="qian@hehe.example")
    with world.inside(world.hehe):
        appoint(
            user=user,
            merchant=world.hehe,
            role=Role.FINANCE,
            org_unit=root_of(world.hehe),
            by=ONBOARDING,
            starts_at=LONG_AGO,
            ends_at=timezone.now(),
        )
    client.force_login(user)
    assert client.get("/").status_code == 403


def turned_away(path: str, **headers: str):
    request = RequestFactory().get(path, headers=headers)
    request.user, request.htmx = AnonymousUser(), HtmxDetails(RequestFactory().get(path, headers=headers))
    return SignInRequired(lambda request: None).process_view(request, lambda request: None, (), {})


def test_guides_are_sent_to_the_phone_and_headquarters_to_the_password():
    assert turned_away("/w/members/")["Location"] == "/account/sign-in/code/?next=/w/members/"
    assert turned_away("/hq/")["Location"] == "/account/sign-in/?next=/hq/"
    assert turned_away("/api/v1/orders") is None
    assert turned_away("/s/qinglan/") is None


def test_a_fragments_whole_page_comes_back_to_itself_after_the_sign_in():
    response = turned_away(
        "/hq/feed/", **{"HX-Request": "true", "HX-Current-URL": "http://testserver/hq/?q=1"}
    )
    assert response["Location"] == "/account/sign-in/?next=/hq/%3Fq%3D1"


@pytest.mark.parametrize("current", ["http://[::1", "http://testserver:x/", "//[", "javascript:alert(1)"])
def test_a_fragment_of_no_page_is_sent_to_the_sign_in_all_the_same(current):
    response = turned_away("/hq/feed/", **{"HX-Request": "true", "HX-Current-URL": current})
    assert response["Location"] == "/account/sign-in/?next=/"


def test_refusals_are_handed_to_the_error_pages(rf):
    answer = Refusals(lambda request: None).process_exception
    with pytest.raises(Http404):
        answer(rf.get("/hq/"), NotFound("store.unknown", "Not here."))
    with pytest.raises(PermissionDenied, match="It needs one of"), translation.override("en"):
        answer(rf.get("/hq/"), lacking("plans.write"))
    assert answer(rf.get("/hq/"), ValueError()) is None


def test_a_seat_costs_one_query(world, django_assert_num_queries):
    with django_assert_num_queries(1):
        seen_by(world.he)


def test_the_paths_with_principals_of_their_own_are_these():
    assert middleware.WITHOUT_SEAT == ("/api/", "/s/", "/admin/")
