"""The demo's base data, for people who try it and systems that are tried against it."""

import hmac
from typing import Any

from django.conf import settings

from flows.demo import cast
from merchants.models import Merchant
from merchants.roles import Role
from merchants.scoping import acting_for
from stores.models import Store

AT_A_STORE = (Role.STORE_MANAGER, Role.GUIDE)


def secret_of(what: str) -> str:
    """A demo's password or key: the same for one installation, different on the next, kept nowhere."""
    return hmac.new(settings.SECRET_KEY.encode(), f"demo {what}".encode(), "sha256").hexdigest()


def api_key_of(merchant: str) -> str:
    return f"tk_test_{secret_of(f'key {merchant}')[:32]}"


def password() -> str:
    """One for all who sign in by e-mail: a slow hash each would cost more than the three months of trade."""
    return f"demo-{secret_of('password')[:10]}"


def base_data() -> dict[str, Any]:
    """Merchants with one API key each, brands with their storefronts, and a login for each role."""
    merchants = {merchant.name: merchant for merchant in Merchant.objects.all()}
    refs = {name: merchant.ref for name, merchant in merchants.items()}
    stores = {role.key: _leading_store(merchants.get(role.name)) for role in cast.MERCHANTS}
    return {
        "merchants": [
            {
                "key": role.key,
                "id": refs.get(role.name),
                "name": role.name,
                "brand_owner": role.owns_brand,
                "channel": role.runs_stores,
                "api_key": api_key_of(role.key),
            }
            for role in cast.MERCHANTS
        ],
        "brands": [
            {"name": brand.name, "merchant": brand.key, "storefront": f"/s/{brand.key}/"}
            for brand in cast.BRANDS
        ],
        "logins": [
            {
                "merchant": login.merchant,
                "role": login.role,
                "name": login.name,
                "store": stores[login.merchant] if login.role in AT_A_STORE else None,
                **(
                    {"email": login.email, "password": password()}
                    if login.email
                    else {"phone": login.phone, "code": "sent by SMS; shown on the page in embedded mode"}
                ),
            }
            for login in cast.LOGINS
        ],
    }


def _leading_store(merchant: Merchant | None) -> str | None:
    """The name of the store where the merchant's logins serve: the first that was opened."""
    if merchant is None:
        return None
    with acting_for(merchant):
        return Store.objects.order_by("id").values_list("name", flat=True).first()
