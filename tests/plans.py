"""What the two brands of tests/people.py have published, for those tests that follow the money."""

from commissions import plans
from commissions.splitting import Term
from tests.people import LONG_AGO, ONBOARDING, World

# Qinglan collects itself: store 20 %, guide 5 %, the rest is its own.
CENTRAL = [Term(1, "store", 200_000), Term(2, "guide", 50_000), Term(99, "residual", None)]
# Mubai's stores collect: brand 60 %, guide 3 %, the rest is the store's.
DIRECT = [Term(1, "brand", 600_000), Term(2, "guide", 30_000), Term(99, "residual", None)]


def publish_plans(world: World) -> World:
    """Both brands' plans, for all their contracts, since the first of January."""
    for brand, mode, rules in (
        (world.qinglan_brand, "central", CENTRAL),
        (world.mubai_brand, "direct", DIRECT),
    ):
        plans.publish(
            brand=brand, mode=mode, rules=rules, effective_from=LONG_AGO, at=LONG_AGO, by=ONBOARDING
        )
    return world
