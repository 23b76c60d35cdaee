"""A shopper signed in on one device to one brand's storefront.

Shoppers are persons, not users: Django's session and allauth know nothing of them. The cookie holds a random
token, the table its hash. Each brand has its own cookie, so that signing in to one says nothing to another.
"""

import hashlib
import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from members.models import Person, ShopperSession
from merchants.models import Brand

LIFETIME = timedelta(days=30)
SEEN_EVERY = timedelta(hours=1)  # how exactly `seen_at` is kept; not every page writes


def open_session(
    *, person: Person, brand: Brand, device: str = "", at: datetime | None = None
) -> tuple[ShopperSession, str]:
    """A new session and its token, which is shown this once: give it to `keep`. `device` is a user agent."""
    now = at or timezone.now()
    token = secrets.token_urlsafe(32)
    session = ShopperSession.objects.create(
        token_hash=_hash(token),
        person=person,
        brand=brand,
        device=device[:120],
        seen_at=now,
        expires_at=now + LIFETIME,
    )
    return session, token


def session_for(token: str | None, *, brand: Brand | None = None) -> ShopperSession | None:
    """The live session of this token, with its person, brand and merchant; of `brand` only, when given."""
    if not token:
        return None
    now = timezone.now()
    live = ShopperSession.objects.filter(token_hash=_hash(token), revoked_at=None, expires_at__gt=now)
    session = live.select_related("person", "brand__merchant").first()
    if session is None or (brand is not None and session.brand_id != brand.id):
        return None
    if now - session.seen_at > SEEN_EVERY:
        session.seen_at = now
        session.save(update_fields=["seen_at"])
    return session


def live_sessions(*, person: Person) -> list[ShopperSession]:
    """Where this person is signed in, at every brand, last seen first."""
    live = ShopperSession.objects.filter(person=person, revoked_at=None, expires_at__gt=timezone.now())
    return list(live.select_related("brand").order_by("-seen_at"))


def revoke(*, person: Person, ref: str) -> bool:
    """End one session of this person; False when they have no such live one."""
    ended = ShopperSession.objects.filter(person=person, ref=ref, revoked_at=None)
    return ended.update(revoked_at=timezone.now()) > 0


def revoke_others(*, session: ShopperSession) -> int:
    """End all sessions of the person but this one, at every brand; how many there were."""
    others = ShopperSession.objects.filter(person=session.person_id, revoked_at=None).exclude(pk=session.pk)
    return others.update(revoked_at=timezone.now())


def clear(*, before: datetime) -> int:
    """Forget sessions that ended before then. Returns how many."""
    return ShopperSession.objects.filter(Q(expires_at__lt=before) | Q(revoked_at__lt=before)).delete()[0]


def cookie_name(brand: Brand) -> str:
    return f"tiandi_shopper_{brand.slug}"


def token_in(request: HttpRequest, brand: Brand) -> str | None:
    return request.COOKIES.get(cookie_name(brand))


def keep(response: HttpResponse, *, brand: Brand, token: str) -> None:
    """Let the browser keep the token, for the whole host: the socket lives beside the storefront."""
    response.set_cookie(
        cookie_name(brand),
        token,
        max_age=LIFETIME,
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )


def drop(response: HttpResponse, *, brand: Brand) -> None:
    response.delete_cookie(cookie_name(brand), samesite="Lax")


def _hash(token: str) -> bytes:
    """It holds 256 bits of chance, so a plain hash is enough."""
    return hashlib.sha256(token.encode()).digest()
