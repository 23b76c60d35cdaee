"""A merchant comes on board: its tree, its brands, its people, its systems' keys."""

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime, time

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_scopes import scope

from events.record import Actor, record
from merchants.errors import DomainError
from merchants.models import ApiKey, Appointment, Brand, Merchant, OrgUnit, Party, User
from merchants.roles import Role

API_SCOPES = (
    "stores:read",
    "stores:write",
    "guides:read",
    "guides:write",
    "contracts:read",
    "contracts:write",
    "catalog:read",
    "catalog:write",
    "members:read",
    "members:write",
    "campaigns:read",
    "campaigns:write",
    "orders:read",
    "orders:write",
    "programmes:read",
    "programmes:write",
    "plans:read",
    "plans:write",
    "ledger:read",
    "payouts:read",
    "payouts:write",
    "events:read",
)


@transaction.atomic
def open_merchant(
    *,
    name: str,
    by: Actor,
    is_brand_owner: bool = False,
    is_channel: bool = False,
    time_zone: str = "Asia/Shanghai",
    currency: str = "CNY",
    cut_off: time = time(0, 0),
    at: datetime | None = None,
) -> Merchant:
    """A new tenant with its party and the root of its tree, named like itself."""
    merchant = Merchant.objects.create(
        name=name,
        is_brand_owner=is_brand_owner,
        is_channel=is_channel,
        time_zone=time_zone,
        currency=currency,
        cut_off=cut_off,
        party=Party.objects.create(kind=Party.Kind.MERCHANT),
    )
    with scope(merchant=merchant):
        add_unit(merchant=merchant, parent=None, kind=OrgUnit.Kind.HEADQUARTERS, name=name)
    record(
        "merchant.opened",
        merchant_id=merchant.id,
        subject=merchant.ref,
        payload={"merchant": merchant.ref, "currency": currency},
        concerns=[],
        by=by,
        at=at,
    )
    return merchant


def add_unit(*, merchant: Merchant, parent: OrgUnit | None, kind: str, name: str) -> OrgUnit:
    """A place in the tree; its path is written with it, so a subtree is found by prefix."""
    if parent is not None and parent.merchant_id != merchant.id:
        raise DomainError(
            "org.foreign_parent",
            _("The parent unit belongs to another merchant."),
            next_step=_("Choose a unit of your own tree."),
            field="parent",
        )
    with transaction.atomic():
        unit = OrgUnit.objects.create(merchant=merchant, parent=parent, kind=kind, name=name)
        unit.path = f"{parent.path if parent else '/'}{unit.id}/"
        unit.save(update_fields=["path"])
    return unit


def root_of(merchant: Merchant) -> OrgUnit:
    """The merchant's headquarters; call inside its scope."""
    return OrgUnit.objects.get(merchant=merchant, parent=None)


def add_brand(*, merchant: Merchant, name: str, slug: str, seal: str, by: Actor, name_en: str = "") -> Brand:
    """A brand of a brand owner. `slug` is its storefront's address, unique over the platform."""
    if not merchant.is_brand_owner:
        raise DomainError(
            "brand.not_an_owner",
            _("Only a brand owner can hold a brand."),
            next_step=_("Ask the platform operator to open the merchant as a brand owner."),
        )
    with transaction.atomic():
        brand = Brand.objects.create(merchant=merchant, name=name, name_en=name_en, slug=slug, seal=seal)
        record(
            "brand.added",
            merchant_id=merchant.id,
            subject=brand.ref,
            payload={"brand": brand.ref, "slug": slug},
            concerns=[],
            by=by,
        )
    return brand


@transaction.atomic
def appoint(
    *,
    user: User,
    merchant: Merchant,
    role: Role,
    org_unit: OrgUnit,
    by: Actor,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
) -> Appointment:
    """Give a user a role over a subtree of the merchant's tree, from `starts_at` (now) on."""
    if org_unit.merchant_id != merchant.id:
        raise DomainError(
            "appointment.foreign_unit",
            _("That unit belongs to another merchant."),
            next_step=_("Choose a unit of your own tree."),
            field="org_unit",
        )
    appointment = Appointment.objects.create(
        user=user,
        merchant=merchant,
        role=role,
        org_unit=org_unit,
        starts_at=starts_at or timezone.now(),
        ends_at=ends_at,
    )
    record(
        "appointment.made",
        merchant_id=merchant.id,
        subject=appointment.ref,
        payload={"user": user.ref, "role": str(role), "org_unit": org_unit.ref},
        concerns=[user.ref],
        by=by,
    )
    return appointment


def key_hash(secret: str) -> bytes:
    """What a key is found by. It holds 192 bits of chance, so a plain hash is enough."""
    return hashlib.sha256(secret.encode()).digest()


@transaction.atomic
def issue_key(
    *,
    merchant: Merchant,
    name: str,
    by: Actor,
    mode: str = ApiKey.Mode.TEST,
    scopes: Iterable[str] = API_SCOPES,
    secret: str | None = None,
) -> tuple[ApiKey, str]:
    """A key for a merchant's system, and its secret, which is shown this once and never again.

    A given `secret` must bring its own 192 bits of chance: an installation may derive one from its SECRET_KEY.
    """
    scopes = list(scopes)
    if unknown := set(scopes) - set(API_SCOPES):
        raise DomainError(
            "key.unknown_scope",
            _("Unknown scope: %(scopes)s.") % {"scopes": ", ".join(sorted(unknown))},
            next_step=_("Choose from the scopes listed on the API page."),
            field="scopes",
        )
    secret = secret or f"tk_{mode}_{secrets.token_urlsafe(24)}"
    key = ApiKey.objects.create(
        merchant=merchant, name=name, mode=mode, hint=secret[:12], hash=key_hash(secret), scopes=scopes
    )
    record(
        "key.issued",
        merchant_id=merchant.id,
        subject=key.ref,
        payload={"key": key.ref, "mode": str(mode), "scopes": scopes},
        concerns=[],
        by=by,
    )
    return key, secret


@transaction.atomic
def revoke_key(*, key: ApiKey, by: Actor, at: datetime | None = None) -> ApiKey:
    """The key opens nothing from now on; revoking it again changes nothing."""
    at = at or timezone.now()
    with scope(merchant=key.merchant):
        if ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=at):
            key.revoked_at = at
            record(
                "key.revoked",
                merchant_id=key.merchant_id,
                subject=key.ref,
                payload={"key": key.ref, "mode": str(key.mode)},
                concerns=[],
                by=by,
                at=at,
            )
    return key


def platform_party() -> Party:
    """The platform itself, made the first time it is asked for."""
    party, _made = Party.objects.get_or_create(kind=Party.Kind.PLATFORM)
    return party
