"""The people, shops, contracts and plans of a worked example."""

from dataclasses import dataclass, field
from datetime import datetime, time

from commissions import plans
from commissions.models import Payout
from commissions.splitting import Term
from merchants.models import Brand, Merchant, Party
from merchants.money import PPM
from merchants.onboarding import add_brand, open_merchant
from merchants.scoping import acting_for
from orders.models import Order, Refund
from stores.models import Contract, Store
from tests.people import ONBOARDING, make_contract, make_guide, make_store


@dataclass
class Stage:
    """The example's people by the names it gives them."""

    given: dict
    merchants: dict[str, Merchant] = field(default_factory=dict)
    brands: dict[str, Brand] = field(default_factory=dict)
    contracts: dict[str, Contract] = field(default_factory=dict)
    parties: dict[str, Party] = field(default_factory=dict)
    orders: dict[str, Order] = field(default_factory=dict)
    refunds: dict[str, Refund] = field(default_factory=dict)
    payouts: dict[str, Payout] = field(default_factory=dict)
    stores: dict[tuple[str, str], Store] = field(default_factory=dict)  # by seller and name
    told: set[int] = field(default_factory=set)

    def shops_of(self, seller: str) -> list[Store]:
        return [shop for (owner, _name), shop in self.stores.items() if owner == seller]

    @property
    def party_names(self) -> dict[int, str]:
        return {party.pk: name for name, party in self.parties.items()}


def set_stage(given: dict) -> Stage:
    stage = Stage(given)
    for name in given["merchants"]:
        stage.merchants[name] = open_merchant(
            name=name,
            is_brand_owner=name != "C",
            is_channel=True,
            cut_off=cut_off(given, name),
            by=ONBOARDING,
        )
        stage.parties[name] = stage.merchants[name].party
    stage.parties["platform"] = Party.objects.create(kind=Party.Kind.PLATFORM)
    for name, owner in given["brands"].items():
        with acting_for(stage.merchants[owner]):
            stage.brands[name] = add_brand(
                merchant=stage.merchants[owner], name=name, name_en=name, slug=name, seal=name, by=ONBOARDING
            )
    for order in given["orders"]:
        open_shop(stage, order)
    for number, (name, employer) in enumerate(given["guides"].items()):
        with acting_for(stage.merchants[employer]):
            shop = stage.shops_of(employer)[0]
            guide = make_guide(shop, code=name, name=name, phone=f"+861390000{number:04}")
            stage.parties[name] = guide.party
    for terms in given["contracts"]:
        for shop in stage.shops_of(terms["merchant"]):
            agree(stage, terms, shop)
    return stage


def cut_off(given: dict, seller: str) -> time:
    orders = [order for order in given["orders"] if order["seller"] == seller]
    return time.fromisoformat(orders[0]["cut_off"]) if orders else time(0)


def open_shop(stage: Stage, order: dict) -> None:
    """The shop of an order, on its own clock."""
    name, seller = (order["seller"], order["store"]), stage.merchants[order["seller"]]
    if name not in stage.stores:
        with acting_for(seller):
            code = order["store"]
            stage.stores[name] = shop = make_store(
                seller, code=code, name=code, kind="collection", lng=121.4, lat=31.2
            )
            shop.time_zone = order["zone"]
            shop.save(update_fields=["time_zone"])


def agree(stage: Stage, terms: dict, shop: Store) -> None:
    """The contract's terms at one of the merchant's shops, and its plan there."""
    contract = make_contract(
        stage.brands[terms["brand"]],
        shop,
        mode=terms["mode"],
        settlement=terms["timing"],
        guide_pay=terms["guide_pay"],
        reserve_ppm=terms["reserve_ppm"],
        return_window_days=terms["return_days"],
        store_bears_ppm=PPM,
        brand_bears_ppm=PPM,
        brand_tells_for_store=True,
        store_tells_for_brand=True,
        fee_bearer=terms["fee_bearer"],
        fee_cap_ppm=PPM,  # the examples know of no limit
    )
    stage.contracts[terms["id"]] = contract
    for version in stage.given["plan_versions"]:
        if version["contract"] != terms["id"]:
            continue
        begins, ends = (moment and datetime.fromisoformat(moment) for moment in version["effective"])
        plans.publish(
            brand=contract.brand,
            mode=contract.mode,
            scope=contract,
            basis=version["basis"],
            rules=[term(rule) for rule in version["rules"]],
            effective_from=begins,
            effective_until=ends,
            at=begins,
            by=ONBOARDING,
        )


def term(rule: dict) -> Term:
    """A rule as the example writes it."""
    return Term(
        rule["no"],
        rule["role"],
        ppm=rule.get("ppm"),
        fixed=rule.get("amount"),
        per_unit=rule.get("per") == "unit",
        tiers=tuple((start, ppm) for start, ppm in rule.get("tiers", ())),
        line_cap=rule.get("max_line"),
        period_cap=rule.get("max_period"),
    )
