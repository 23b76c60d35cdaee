"""Who may see which events live: a user by appointments, a shopper by memberships."""

from collections.abc import Mapping

from channels.db import database_sync_to_async
from django.http import HttpRequest
from django.utils import timezone

from guides.models import Guide
from members.models import Member, ShopperSession
from members.shopper_sessions import cookie_name, session_for
from merchants.models import Appointment, Brand, User
from merchants.roles import PERMISSIONS, Role
from merchants.scoping import Seat, acting_for, seats
from notifications.audience import Audience, Grant
from notifications.consumers import Scope
from stores.models import Contract, Store

# The first word of a kind, and the permission whose holder reads such events. What is not listed here is for
# those who may read the audit trail, and they may read everything.
READ_WITH = {
    "member": "members.read",
    "binding": "members.read",
    "coupon": "campaigns.read",
    "campaign": "campaigns.read",
    "order": "orders.read",
    "commission": "commissions.read",
}
EVERYTHING = "audit.read"


def of_user(user: User) -> Audience:
    """By role and place: the whole merchant at its root, else what concerns the stores below, and always what
    concerns the user's own guide."""
    grants: list[Grant] = []
    held = seats(user)
    for seat in held:
        with acting_for(seat.merchant):
            grants += [
                _of_appointment(appointment) for appointment in seat.appointments if not _serves(appointment)
            ]
            grants.append(_of_own(seat))
    return Audience(tuple(grants), {seat.merchant.pk: seat.merchant.ref for seat in held})


def _serves(appointment: Appointment) -> bool:
    return appointment.role == Role.GUIDE


def _of_appointment(appointment: Appointment) -> Grant:
    permissions = PERMISSIONS[appointment.role]
    topics = (
        None if EVERYTHING in permissions else frozenset(t for t, p in READ_WITH.items() if p in permissions)
    )
    unit = appointment.org_unit
    refs = None if unit.parent_id is None else _stores_below(unit.path)
    return Grant(appointment.merchant_id, refs, topics)


def _stores_below(path: str) -> frozenset[str]:
    """Own stores in the subtree, and others' that carry its brands by contracts placed there."""
    own = Store.objects.filter(org_unit__path__startswith=path).values_list("ref", flat=True)
    contracts = Contract.objects.live(timezone.now()).filter(brand_unit__path__startswith=path)
    return frozenset(own) | frozenset(contracts.values_list("store__ref", flat=True))


def _of_own(seat: Seat) -> Grant:
    guides = Guide.objects.filter(user=seat.user, status=Guide.Status.ACTIVE).values_list("ref", flat=True)
    return Grant(seat.merchant.pk, frozenset(guides) | {seat.user.ref})


def staff_of_request(request: HttpRequest) -> Audience | None:
    return of_user(request.user) if request.user.is_authenticated else None


async def staff_of_socket(scope: Scope) -> Audience | None:
    """Asked again while the socket is open, so it looks whether session and user are still good."""
    return await database_sync_to_async(_staff_of_session)(scope)


def _staff_of_session(scope: Scope) -> Audience | None:
    session, user = scope["session"], scope["user"]
    if not user.is_authenticated or not session.exists(session.session_key):
        return None
    current = User.objects.filter(pk=user.pk, is_active=True).first()
    return of_user(current) if current else None


# What a shopper is told of the events that concern the own membership; not who earns by it, nor who looked.
SHOPPER_TOPICS = frozenset({"member", "binding", "coupon", "order"})


def of_shopper(session: ShopperSession) -> Audience:
    """The person's own membership with the merchant of the brand they are signed in to, and no other's."""
    merchant = session.brand.merchant
    with acting_for(merchant):
        refs = Member.objects.filter(person=session.person_id).values_list("ref", flat=True)
        return Audience((Grant(merchant.pk, frozenset(refs), SHOPPER_TOPICS),), {merchant.pk: merchant.ref})


def shopper_of_request(request: HttpRequest, brand: str) -> Audience | None:
    return _of_cookie(request.COOKIES, brand)


async def shopper_of_socket(scope: Scope) -> Audience | None:
    return await database_sync_to_async(_of_cookie)(scope["cookies"], scope["url_route"]["kwargs"]["brand"])


def _of_cookie(cookies: Mapping[str, str], slug: str) -> Audience | None:
    session = session_for(cookies.get(cookie_name(Brand(slug=slug))))
    return of_shopper(session) if session and session.brand.slug == slug else None
