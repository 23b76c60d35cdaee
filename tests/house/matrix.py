"""One page of the registry, tried by each role of Hehe, by the stranger, and over the edge of a subtree."""

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import translation

from guides.models import Assignment, Guide
from merchants.models import Party, User
from merchants.onboarding import appoint, root_of
from merchants.roles import PERMISSIONS, Role
from tests.house.permissions import Page
from tests.people import LONG_AGO, ONBOARDING, World, make_guide, make_store, make_user

AT_A_STORE = (Role.STORE_MANAGER, Role.GUIDE)


def violations(world: World, name: str, page: Page) -> list[str]:
    """What is wrong with who may open the page, in words; empty when nothing is."""
    found = []
    own = arguments(world, page.of)
    for role in Role:
        answer = ask(somebody(world, role), name, page, own)
        lacking = [need for need in page.needs if need not in PERMISSIONS[role]]
        if lacking and answer.status_code != 403:
            found.append(f"{name}: {role} lacks {lacking[0]}, and gets {answer.status_code}, not 403")
        elif lacking and not any(names_the_roles(answer, need) for need in lacking):
            found.append(f"{name}: the 403 for {role} does not name the roles that may")
        elif page.personal and not lacking and role != Role.GUIDE:
            if answer.status_code != 404:
                found.append(f"{name}: it is Lin's own, and {role} gets {answer.status_code}, not 404")
        elif not lacking and (turned_away(answer) or answer.status_code >= 500):
            found.append(f"{name}: {role} may open it, and gets {answer.status_code}")
    if page.of:
        found += not_found_by(stranger(world), "the stranger", name, page, own)
    if page.outside:
        beyond = arguments(world, page.outside)
        manager = somebody(world, Role.STORE_MANAGER)
        found += not_found_by(manager, "another store's manager", name, page, beyond)
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
        if role == Role.STORE_MANAGER:
            stands_in(world, user)
    return user


def stands_in(world: World, user: User) -> None:
    """A manager who serves too: the workbench asks for a post, and this one has no guide's seat."""
    party = Party.objects.create(kind=Party.Kind.GUIDE)
    guide = Guide.objects.create(merchant=world.hehe, user=user, party=party, code="G190", name=user.name)
    Assignment.objects.create(merchant=world.hehe, guide=guide, store=world.jingan, starts_at=LONG_AGO)


def stranger(world: World) -> User:
    """Somebody of another merchant who may do everything there: what stops them is that it is not theirs."""
    phone = "+8613900000099"
    if known := User.objects.by_phone(phone):
        return known
    with world.inside(world.stranger):
        store = make_store(world.stranger, code="LR01", name="路人店", kind="direct", lng=121.5, lat=31.2)
        user = make_guide(store, code="G900", name="路明", phone=phone).user
        for role in (Role.OWNER, Role.STORE_MANAGER):
            at = {"org_unit": root_of(world.stranger), "starts_at": LONG_AGO}
            appoint(user=user, merchant=world.stranger, role=role, by=ONBOARDING, **at)
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
