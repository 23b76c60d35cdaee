"""Roles are code: what each may do, in verbs of the field. A role is held over a subtree of the org tree."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from merchants.errors import Forbidden


class Role(models.TextChoices):
    OWNER = "owner", _("Owner")
    ADMIN = "admin", _("Administrator")
    MARKETING = "marketing", _("Marketing")
    FINANCE = "finance", _("Finance")
    REGION_MANAGER = "region_manager", _("Region manager")
    STORE_MANAGER = "store_manager", _("Store manager")
    GUIDE = "guide", _("Guide")
    AUDITOR = "auditor", _("Auditor")


_READ = {"overview.read", "stores.read", "members.read", "orders.read", "campaigns.read"}
_MONEY_READ = {"ledger.read", "commissions.read", "contracts.read", "plans.read"}
_EVERYTHING = (
    _READ
    | _MONEY_READ
    | {
        "stores.write",
        "guides.write",
        "catalog.write",
        "members.write",
        "members.reveal",
        "campaigns.write",
        "coupons.send",
        "coupons.redeem",
        "orders.write",
        "contracts.write",
        "plans.write",
        "settlements.write",
        "payouts.write",
        "keys.write",
        "people.write",
        "audit.read",
        "dashboard.use",
    }
)

PERMISSIONS: dict[str, frozenset[str]] = {
    Role.OWNER: frozenset(_EVERYTHING),
    Role.ADMIN: frozenset(_EVERYTHING),
    Role.MARKETING: frozenset(_READ | {"campaigns.write", "members.write", "coupons.send", "dashboard.use"}),
    Role.FINANCE: frozenset(
        _READ
        | _MONEY_READ
        | {
            "contracts.write",
            "plans.write",
            "settlements.write",
            "payouts.write",
            "audit.read",
            "dashboard.use",
        }
    ),
    Role.REGION_MANAGER: frozenset(_READ | {"commissions.read", "dashboard.use"}),
    Role.STORE_MANAGER: frozenset(
        _READ
        | {
            "guides.write",
            "members.write",
            "members.reveal",
            "coupons.send",
            "coupons.redeem",
            "orders.write",
        }
        | {"commissions.read", "dashboard.use", "workbench.use"}
    ),
    Role.GUIDE: frozenset(
        {"members.serve", "coupons.send", "coupons.redeem", "orders.write", "earnings.read", "workbench.use"}
    ),
    Role.AUDITOR: frozenset(_READ | _MONEY_READ | {"audit.read", "dashboard.use"}),
}


# What the merchant has once, at no place of its tree: the book and whom it pays by it, plans, campaigns, the keys of
# its systems. A role held over a part of the tree does not carry these.
OF_THE_WHOLE = frozenset(
    {
        "ledger.read",
        "settlements.write",
        "payouts.write",
        "plans.read",
        "plans.write",
        "campaigns.write",
        "catalog.write",
        "keys.write",
    }
)


def roles_with(permission: str) -> list[str]:
    """The roles that carry a permission, in order of seniority; [] for a permission nobody has."""
    return [role for role in Role if permission in PERMISSIONS[role]]


def lacking(permission: str, *, here: bool = False) -> Forbidden:
    """The refusal for one's own row without the role; it names the roles that may. `here`: somebody who has such a
    role, but not over the place of this row, or not over the whole merchant where only that will do."""
    words = _("Your role does not allow this. It needs one of: %(roles)s.")
    if here and permission in OF_THE_WHOLE:
        words = _("This is for the whole merchant. It needs one of these roles over all of it: %(roles)s.")
    elif here:
        words = _("Your role does not reach this place. It needs one of these over it: %(roles)s.")
    names = [str(role.label) for role in Role if permission in PERMISSIONS[role]]
    return Forbidden(
        "role.not_here" if here else "role.lacking",
        words % {"roles": ", ".join(names)},
        next_step=_("Ask the owner or administrator of your merchant for that role."),
        extra={"permission": permission, "roles": roles_with(permission)},
    )
