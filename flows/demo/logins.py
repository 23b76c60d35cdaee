"""The demo's base data, for people who try it and systems that are tried against it."""

from typing import Any

from flows.demo import cast
from flows.demo.staging import api_key_of, password
from merchants.models import Merchant


def base_data() -> dict[str, Any]:
    """Merchants with one API key each, brands with their storefronts, and a login for each role."""
    refs = dict(Merchant.objects.values_list("name", "ref"))
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
                **(
                    {"email": login.email, "password": password()}
                    if login.email
                    else {"phone": login.phone, "code": "sent by SMS; shown on the page in embedded mode"}
                ),
            }
            for login in cast.LOGINS
        ],
    }
