"""One page of the registry, tried by each role of Hehe, by the stranger, and over the edge of a subtree."""

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import translation

from merchants.models import User
from merchants.onboarding import appoint, root_of
from merchants.roles import PERMISSIONS, Role
from tests.house.permissions import Page
from tests.people import LONG_AGO, ONBOARDING, World, make_user

AT_A_STORE = (Role.STORE_MANAGER, Role.GUIDE)


def violations(world: World, name: str, page: Page) -> list[str]:
    """What is wrong with who may open the page, in words; empty when nothing is."""
    found = []
    own = arguments(world, page.of)
    for role in Role:
        answer = ask(somebody(world, role), name, page, own)
        if page.permission is None or page.permission in PERMISSIONS[role]:
            if turned_away(answer) or answer.status_code >= 500:
                found.append(f"{name}: {role} may open it, and gets {answer.status_code}")
        elif answer.status_code != 403:
            found.append(f"{name}: {role} lacks {page.permission}, and gets {answer.status_code}, not 403")
        elif not names_the_roles(answer, page.permission):
            found.append(f"{name}: the 403 for {role} does not name the roles that have {page.permission}")
    if page.of:
        found += not_found_by(world.wei, "the stranger", name, page, own)
    if page.outside:
        beyond = arguments(world, page.outside)
        found += not_found_by(
            somebody(world, Role.STORE_MANAGER), "another store's manager", name, page, beyond
        )
    return found


def arguments(world: World, builder: Callable[[World], dict[str, Any]] | None) -> dict[str, Any]:
    if builder is None:
        return {}
    with world.inside(world.hehe):
        return builder(world)


def somebody(world: World, role: str) -> User:
    """Somebody with this role at Hehe: over all of it, or over the Jing'an store for a store's role."""
    if role == Role.GUIDE:
        return world.lin.user
    email = f"{role}@hehe.example"
    if known := User.objects.filter(email=email).first():
        return known
    user = make_user(str(role), email=email)
    with world.inside(world.hehe):
        unit = world.jingan.org_unit if role in AT_A_STORE else root_of(world.hehe)
        appoint(user=user, merchant=world.hehe, role=role, org_unit=unit, by=ONBOARDING, starts_at=LONG_AGO)
    return user


def ask(user: User, name: str, page: Page, kwargs: dict[str, Any]) -> HttpResponse:
    client = Client(raise_request_exception=False, headers={"Accept-Language": "en"})
    client.force_login(user)
    return getattr(client, page.method)(reverse(name, kwargs=kwargs), page.data)


def not_found_by(user: User, who: str, name: str, page: Page, kwargs: dict[str, Any]) -> list[str]:
    answer = ask(user, name, page, kwargs)
    return [] if answer.status_code == 404 else [f"{name}: {who} gets {answer.status_code}, not 404"]


def turned_away(answer: HttpResponse) -> bool:
    to_sign_in = answer.status_code == 302 and "/account/sign-in/" in answer["Location"]
    return to_sign_in or answer.status_code in (401, 403, 404, 405)


def names_the_roles(answer: HttpResponse, permission: str) -> bool:
    text = answer.content.decode()
    with translation.override("en"):
        return all(str(role.label) in text for role in Role if permission in PERMISSIONS[role])
