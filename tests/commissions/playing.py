"""Plays a worked example through the product's verbs, and reads the books back in the example's words.

Sales, settlements, releases and refunds go through the verbs. What other verbs will do (payouts, money that
arrives) is posted from the example itself through the ledger's one door, as the ground the next step stands on.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from commissions import accruals, batches, clawback, plans, reserves, settlement
from commissions.models import Collection, Contribution, Share, Split
from commissions.splitting import Term
from coupons import campaigns, issuing
from flows import purchase, refund
from ledger import balances, proof
from ledger.accounts import Name, named
from ledger.models import Transfer
from ledger.transfers import Entry, Story, post
from members.identity import person_for
from members.models import Member
from merchants.models import Brand, Merchant, Party
from merchants.money import PPM
from merchants.onboarding import add_brand, open_merchant
from merchants.scoping import acting_for
from orders.facts import LineFacts, OrderFacts, RefundFacts, RefundLineFacts, TenderFacts
from orders.models import Order, Refund
from stores.models import Contract, Store
from tests.people import LONG_AGO, ONBOARDING, make_contract, make_guide, make_sku, make_store

THROUGH_VERBS = {"sale", "settle", "close", "release", "refund"}
REFUNDED_AT = datetime(2026, 3, 11, 6, tzinfo=UTC)


@dataclass
class Stage:
    """The example's people by the names it gives them."""

    given: dict
    merchants: dict[str, Merchant] = field(default_factory=dict)
    brands: dict[str, Brand] = field(default_factory=dict)
    contracts: dict[str, Contract] = field(default_factory=dict)
    parties: dict[str, Party] = field(default_factory=dict)
    orders: dict[str, Order] = field(default_factory=dict)
    store: Store | None = None
    told: set[int] = field(default_factory=set)

    @property
    def party_names(self) -> dict[int, str]:
        return {party.pk: name for name, party in self.parties.items()}


def set_stage(given: dict) -> Stage:
    stage = Stage(given)
    for name in given["merchants"]:
        stage.merchants[name] = open_merchant(
            name=name, is_brand_owner=name != "C", is_channel=True, by=ONBOARDING
        )
        stage.parties[name] = stage.merchants[name].party
    stage.parties["platform"] = Party.objects.create(kind=Party.Kind.PLATFORM)
    for name, owner in given["brands"].items():
        with acting_for(stage.merchants[owner]):
            stage.brands[name] = add_brand(
                merchant=stage.merchants[owner], name=name, name_en=name, slug=name, seal=name, by=ONBOARDING
            )
    seller = stage.merchants["C"]
    with acting_for(seller):
        stage.store = make_store(seller, code="S1", name="S1", kind="collection", lng=121.4, lat=31.2)
    for number, (name, employer) in enumerate(given["guides"].items()):
        with acting_for(stage.merchants[employer]):
            guide = make_guide(stage.store, code=name, name=name, phone=f"+861390000{number:04}")
            stage.parties[name] = guide.party
    for terms in given["contracts"]:
        stage.contracts[terms["id"]] = make_contract(
            stage.brands[terms["brand"]],
            stage.store,
            mode=terms["mode"],
            settlement=terms["timing"],
            guide_pay=terms["guide_pay"],
            reserve_ppm=terms["reserve_ppm"],
            return_window_days=terms["return_days"],
            store_bears_ppm=PPM,
            brand_bears_ppm=PPM,
            brand_tells_for_store=True,
            store_tells_for_brand=True,
        )
    for version in given["plan_versions"]:
        contract = stage.contracts[version["contract"]]
        plans.publish(
            brand=contract.brand,
            mode=contract.mode,
            scope=contract,
            basis=version["basis"],
            rules=[Term(rule["no"], rule["role"], rule.get("ppm")) for rule in version["rules"]],
            effective_from=LONG_AGO,
            at=LONG_AGO,
            by=ONBOARDING,
        )
    return stage


def play(stage: Stage, step: dict, expected: dict) -> None:
    match step["do"]:
        case "sale":
            order = sell(stage, next(o for o in stage.given["orders"] if o["id"] == step["order"]))
            stage.orders[step["order"]] = order
            accruals.book(order)
        case "settle":
            with acting_for(stage.merchants["C"]):
                named_lines = {line.split("/")[0] for line in step["lines"]}
                settlement.settle_t0(orders=[stage.orders[name].id for name in named_lines])
        case "close":
            book = stage.merchants[step["book"]]
            batches.advance(batches.open_batch(book, date.fromisoformat(step["date"])), at=REFUNDED_AT)
        case "release":
            book = stage.merchants[step["book"]]
            reserves.release_due(book, on=date.fromisoformat(step["date"]), at=REFUNDED_AT)
        case "refund":
            give_back(stage, step)
        case _:
            arrange(stage, step, expected)


def sell(stage: Stage, given: dict) -> Order:
    seller = stage.merchants[given["seller"]]
    numbers = {line["no"]: place for place, line in enumerate(given["lines"], start=1)}
    lines = []
    for line in given["lines"]:
        brand = stage.contracts[line["contract"]].brand
        with acting_for(brand.merchant):
            code = f"{given['id']}-{line['no']}"
            sku = make_sku(
                brand.merchant, brand, code=code, name=code, list_price=line["list"] // line["qty"]
            )
        lines.append(LineFacts(sku=sku.ref, quantity=line["qty"]))
    facts = OrderFacts(
        store=stage.store,
        channel="pos",
        external_no=given["id"],
        paid_at=datetime.fromisoformat(given["paid_at"]),
        lines=tuple(lines),
        tenders=tuple(
            TenderFacts(
                place=tender["account"].removeprefix("held:"),
                amount=tender["amount"],
                collector=stage.merchants[tender["collector"]].ref,
                lines=tuple(numbers[number] for number in tender["lines"] or ()),
            )
            for tender in given["tenders"]
        ),
        coupons=tuple(coupon(stage, seller, given, discount) for discount in given["discounts"]),
        touches={"serving": given["winners"]["guide"][0][0]},
    )
    order, is_new = purchase.paid(facts, by=ONBOARDING)
    assert is_new
    return order


def coupon(stage: Stage, seller: Merchant, given: dict, discount: dict) -> str:
    """The example's discount as a coupon of a campaign: of the brand of its lines, or the seller's over all."""
    contracts = {line["no"]: line["contract"] for line in given["lines"]}
    brand = stage.contracts[contracts[discount["lines"][0]]].brand if discount["lines"] else None
    merchant = brand.merchant if brand else seller
    with acting_for(merchant):
        campaign = campaigns.create(
            merchant=merchant,
            brand=brand,
            name=discount["id"],
            threshold=discount["amount"],
            amount_off=discount["amount"],
            issue_limit=1,
            claim_from=LONG_AGO,
            claim_until=datetime(2026, 12, 31, tzinfo=UTC),
            use_from=LONG_AGO,
            use_until=datetime(2026, 12, 31, tzinfo=UTC),
            bearers=discount["bearers"],
            by=ONBOARDING,
            at=LONG_AGO,
        )
        member, _made = Member.objects.get_or_create(
            merchant=merchant,
            person=person_for(phone="+8613800000000"),
            defaults={"origin": Member.Origin.API, "joined_at": LONG_AGO},
        )
        paid_at = datetime.fromisoformat(given["paid_at"])
        issued, _new = issuing.issue(
            campaign=campaign, member=member, claim_key=discount["id"], by=ONBOARDING, at=paid_at
        )
    return issuing.code_of(issued)


def give_back(stage: Stage, step: dict) -> Refund:
    seller = stage.merchants["C"]
    facts = RefundFacts(
        merchant=seller,
        channel="pos",
        external_no=step["id"],
        order_external_no=step["order"],
        lines=tuple(
            RefundLineFacts(number=line["no"], amount=line["amount"], quantity=line["qty"])
            for line in step["lines"]
        ),
        refunded_at=REFUNDED_AT,
    )
    kept, _is_new = refund.refunded(facts, by=ONBOARDING)
    assert isinstance(kept, Refund)
    clawback.claw(kept)
    return kept


def arrange(stage: Stage, step: dict, expected: dict) -> None:
    post(
        Story(
            "arranged",
            f"{expected['step']}/{place}",
            date(2026, 3, 12),
            REFUNDED_AT,
            "CNY",
            (
                Entry(
                    stage.merchants[row["book"]].pk,
                    row["kind"],
                    account(stage, row["debit"]),
                    account(stage, row["credit"]),
                    row["amount"],
                ),
            ),
        )
        for place, row in enumerate(expected["transfers"])
    )


def account(stage: Stage, name: str) -> Name:
    code, _colon, party = name.partition(":")
    return named(code, stage.parties[party]) if party and code not in ("held", "own") else Name(name)


# --- the books, in the example's words ---


def new_transfers(stage: Stage) -> Counter:
    """What was posted since the last look: (book, kind, debit, credit, amount)."""
    found: Counter = Counter()
    for name, merchant in stage.merchants.items():
        with acting_for(merchant):
            rows = Transfer.objects.exclude(pk__in=stage.told).select_related("debit", "credit")
            for row in rows:
                found[name, row.kind, called(stage, row.debit), called(stage, row.credit), row.amount] += 1
                stage.told.add(row.pk)
    return found


def called(stage: Stage, row) -> str:
    return f"{row.code}:{stage.party_names[row.party_id]}" if row.party_id else row.code


def standing(stage: Stage) -> dict[str, dict[str, int]]:
    books = {}
    for name, merchant in stage.merchants.items():
        with acting_for(merchant):
            rows = {called(stage, b.account): b.amount for b in balances.of_book(merchant) if b.amount}
        if rows:
            books[name] = rows
    return books


def prove(stage: Stage) -> None:
    for merchant in stage.merchants.values():
        with acting_for(merchant):
            trial = proof.trial_balance(merchant)
        assert (trial.total, trial.clearing, trial.breaks) == (0, 0, [])


def lines_now(stage: Stage) -> list[dict]:
    """Every split line as the example writes it, as far as both say the same."""
    names = stage.party_names
    found = []
    for order_name, order in stage.orders.items():
        with acting_for(order.merchant):
            for split in Split.party.filter(order=order).order_by("line__number").select_related("line"):
                found.append(
                    {
                        "line": f"{order_name}/{split.line.number}",
                        "principal": split.merchant.name,
                        "business_date": split.business_date.isoformat(),
                        "list": split.line.list_amount,
                        "discount": split.line.discount,
                        "paid": split.paid,
                        "basis": split.basis,
                        "base": split.base,
                        "refunded": split.line.refunded,
                        "contributions": [
                            {"bearer": names[c.bearer_id], "amount": c.amount, "returned": c.returned}
                            for c in Contribution.party.filter(split=split).order_by("number")
                        ],
                        "tenders": [
                            {
                                "collector": c.collector.name,
                                "account": f"held:{c.place}",
                                "amount": c.amount,
                                "refunded": c.returned,
                            }
                            for c in Collection.party.filter(split=split).order_by("number")
                        ],
                        "shares": [
                            {
                                "n": s.number,
                                "rule": s.rule_number,
                                "role": s.role,
                                "payee": names[s.payee_id],
                                "exact": str(s.claim),
                                "amount": s.amount,
                                "clawed": s.clawed,
                                "held": s.held,
                            }
                            for s in Share.party.filter(split=split).order_by("number")
                        ],
                    }
                )
    return found


def lines_expected(expected: list[dict]) -> list[dict]:
    """The example's lines, less moved_out (appeals), release_on (releases), and the names of tenders and costs."""

    def less(row: dict, *names: str) -> dict:
        return {key: value for key, value in row.items() if key not in names}

    return [
        less(line, "plan_version", "costs", "state", "release_on")
        | {
            "tenders": [less(row, "tender") for row in line["tenders"]],
            "shares": [less(row, "moved_out") for row in line["shares"]],
        }
        for line in expected
    ]
