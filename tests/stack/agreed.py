"""What the merchants of the chaos test have agreed, as plain facts: the office lays it down, the recomputation reads
it. Weave makes clothes and runs a store of its own; Leaf makes tea; Attic has two collection stores that carry both.
"""

from typing import NamedTuple

WEAVE, LEAF, ATTIC, PLATFORM = "weave", "leaf", "attic", "platform"
MERCHANTS = (WEAVE, LEAF, ATTIC)

STORES = {"AT01": ATTIC, "AT02": ATTIC, "WE01": WEAVE}
GUIDES = {"AT01-1": "AT01", "AT01-2": "AT01", "AT02-1": "AT02", "AT02-2": "AT02", "WE01-1": "WE01"}


class Goods(NamedTuple):
    owner: str
    branded: bool
    price: int  # fen; odd, so that something is left to round


GOODS = {
    "WE-SHIRT": Goods(WEAVE, True, 19_937),
    "WE-COAT": Goods(WEAVE, True, 89_951),
    "LE-TEA": Goods(LEAF, True, 12_803),
    "LE-CUP": Goods(LEAF, True, 3_301),
    "AT-TOTE": Goods(ATTIC, False, 4_909),
}


class Terms(NamedTuple):
    mode: str
    settlement: str
    guide_pay: str = "direct"
    reserve_ppm: int = 0


CONTRACTS = {  # (brand's owner, store)
    (WEAVE, "AT01"): Terms("central", "T0"),
    (LEAF, "AT01"): Terms("direct", "T0"),
    (WEAVE, "AT02"): Terms("central", "T1", "employer", 100_000),
    (LEAF, "AT02"): Terms("direct", "T1", "direct", 50_000),
    (WEAVE, "WE01"): Terms("central", "T1"),
}
NO_CONTRACT = Terms("direct", "T0")  # own goods

PLANS = {  # (brand's owner, mode): (role, ppm) in the order of the rules; the rest is the principal's
    (WEAVE, "central"): (("channel", 271_000), ("store", 41_300), ("guide", 30_700), ("platform", 6_100)),
    (LEAF, "direct"): (("brand", 483_000), ("guide", 51_100), ("platform", 6_100)),
}

THRESHOLD, AMOUNT_OFF = 15_000, 1_999  # Attic's campaign over the whole receipt
BEARERS = (("brand", 370_000), ("store", 630_000))
