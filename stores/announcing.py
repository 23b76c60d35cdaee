"""What becomes of a contract is told to both of its sides."""

from collections.abc import Iterable
from datetime import datetime

from events.record import Actor, Happening, record_many
from merchants.models import Merchant
from stores.models import Contract


def announce(
    kind: str, contract: Contract, *, by: Actor, at: datetime, hands: Iterable[Merchant] = ()
) -> None:
    """One event for each side; a merchant that contracts with its own store hears it once. `hands`: whose deed
    it was; their own event says `own_deed`, for nobody needs to be told what they did."""
    doers = {merchant.pk for merchant in hands}
    payload = {
        "contract": contract.ref,
        "brand": contract.brand.ref,
        "store": contract.store.ref,
        "terms_version": contract.terms_version,
        "succeeds": contract.succeeds.ref if contract.succeeds else None,
        "mode": str(contract.mode),
        "settlement": str(contract.settlement),
        "store_bears_ppm": contract.store_bears_ppm,
        "brand_bears_ppm": contract.brand_bears_ppm,
        "brand_tells_for_store": contract.brand_tells_for_store,
        "store_tells_for_brand": contract.store_tells_for_brand,
        "fee_bearer": str(contract.fee_bearer),
        "fee_cap_ppm": contract.fee_cap_ppm,
        "starts_at": contract.starts_at.isoformat(),
        "ends_at": contract.ends_at.isoformat() if contract.ends_at else None,
    }
    concerns = [contract.ref, contract.store.ref]
    sides = dict.fromkeys([contract.merchant_id, contract.counterparty_id])
    record_many(
        [
            Happening(kind, side, contract.ref, payload | {"own_deed": side in doers}, concerns, at)
            for side in sides
        ],
        by=by,
    )
