"""Every address of Tiandi: who gets in without signing in, and why; and who, signed in, gets where."""

import pytest
from django.urls import NoReverseMatch, Resolver404, resolve, reverse

from merchants.middleware import OWN_PRINCIPALS
from tests.house import rows
from tests.house.matrix import violations
from tests.house.permissions import PAGES, Page
from tests.house.routes import routes

FACES = ("/hq/", "/w/")
IN_THE_MIDDLE = "shown only between two steps of signing in; sends everybody else to the first"

# Routes that answer a stranger, and why. By name; every other one asks for a sign-in, a key or a shopper.
OPEN = {
    "account_login": "where one signs in",
    "account_request_login_code": "where one signs in",
    "account_confirm_login_code": IN_THE_MIDDLE,
    "mfa_authenticate": IN_THE_MIDDLE,
    "account_logout": "signing out twice is no error",
    "account_inactive": "says to whom an account is closed that it is",
    "admin:login": "sends to our own sign-in",
    "set_language": "a language is chosen before signing in",
    "feed": "a script wants 401, not a page",
    "shopper-feed": "a shopper's own session decides; 401 without",
    "components:gallery": "the components on show; embedded mode only",
    "components:gallery-in": "the components on show; embedded mode only",
    "api:schema": "the API's description is public",
    "api:docs": "the API's description is public",
    "api:wechat-notices": "WeChat Pay tells, and its signature decides; 401 without",
    "api:try": "the API's description is public",
}
# The storefront is open by its nature: its routes are tried by the tests of storefront/.
OPEN_BELOW = ("/s/",)

ALLAUTH = {
    "account_login",
    "account_logout",
    "account_inactive",
    "account_request_login_code",
    "account_confirm_login_code",
    "account_reauthenticate",
    "account_change_password",
    "mfa_authenticate",
    "mfa_reauthenticate",
    "mfa_index",
    "mfa_activate_totp",
    "mfa_deactivate_totp",
    "mfa_view_recovery_codes",
    "mfa_generate_recovery_codes",
}

ALL = routes()
CLOSED = [route for route in ALL if route.name not in OPEN and not route.path.startswith(OPEN_BELOW)]


@pytest.mark.parametrize("route", ALL, ids=str)
def test_the_sample_address_reaches_its_route(route):
    """Else the tests below would try something else. A catch-all may hide behind it, as admin's does."""
    assert resolve(route.path).func


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("route", CLOSED, ids=str)
def test_a_stranger_gets_nothing(client, db, route, method):
    answer = getattr(client, method)(route.path)
    to_sign_in = answer.status_code == 302 and answer["Location"].startswith(
        ("/account/sign-in/", "/admin/login/")
    )
    assert to_sign_in or answer.status_code in (401, 404), f"{route.path} answers {answer.status_code}"


def test_who_opts_out_of_signing_in_stands_in_the_list():
    opted_out = {
        str(route)
        for route in ALL
        if not getattr(route.view, "login_required", True) and not route.path.startswith(OWN_PRINCIPALS)
    }
    assert opted_out <= set(OPEN)


def test_the_list_names_no_route_that_is_gone():
    assert sorted(set(OPEN) - {route.name for route in ALL}) == []


# --- allauth brings 28 routes ---


def test_of_allauths_routes_these_answer_and_no_other():
    theirs = {route.name for route in ALL if getattr(route.view, "__module__", "").startswith("allauth")}
    ours = {"account_login", "account_request_login_code", "account_confirm_login_code"}
    assert theirs | ours == ALLAUTH


@pytest.mark.parametrize(
    "name",
    [
        "account_signup",
        "account_email",
        "account_set_password",
        "account_reset_password",
        "account_verify_phone",
        "account_change_phone",
        "mfa_download_recovery_codes",
        "usersessions_list",
    ],
)
def test_sign_up_and_what_is_not_used_is_closed(name):
    with pytest.raises(NoReverseMatch):
        reverse(name)


@pytest.mark.parametrize("path", ["/account/signup/", "/accounts/signup/", "/accounts/login/", "/signup/"])
def test_no_sign_up_hides_at_a_usual_address(path):
    with pytest.raises(Resolver404):
        resolve(path)


# --- the matrix of pages and roles ---


def test_every_page_of_the_faces_has_a_name_and_stands_in_the_matrix():
    faces = [route for route in ALL if route.path.startswith(FACES)]
    assert [route.path for route in faces if not route.name] == []
    assert sorted({route.name for route in faces} - set(PAGES)) == []


def test_the_matrix_names_no_page_that_is_gone():
    assert sorted(set(PAGES) - {route.name for route in ALL}) == []


def test_each_role_gets_where_it_may_and_nobody_else(world):
    assert [wrong for name, page in PAGES.items() for wrong in violations(world, name, page)] == []


def store_page() -> Page:
    """A page about the Jing'an store; beyond its manager's edge lies Hehe's other store."""

    return Page(
        ("stores.read",),
        of=lambda world: {"ref": world.jingan.ref},
        outside=lambda world: {"ref": rows.putuo(world).ref},
    )


@pytest.fixture
def sample_pages(settings):
    settings.ROOT_URLCONF = "tests.house.sample_pages"


def test_the_matrix_is_content_with_an_honest_page(world, sample_pages):
    assert violations(world, "honest", store_page()) == []


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("asks-nobody", "guide lacks stores.read, and gets 200"),
        ("asks-nobody", "another store's manager gets 200"),
        ("sees-everything", "the stranger gets 200"),
        ("says-not-who-may", "does not name the roles"),
    ],
)
def test_the_matrix_finds_a_page_that(world, sample_pages, name, complaint):
    assert any(complaint in violation for violation in violations(world, name, store_page()))
