"""Plays a worked example through the product's verbs."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from commissions import accruals, appeals, batches, clawback, plans, reserves, settlement, trueup
from commissions.models import Payout, Plan, Share
from commissions.payouts import answers, arrivals, paying
from commissions.splitting import Term
from coupons import campaigns, issuing
from flows import purchase, refund
from guides.models import Guide
from members import programmes
from members.identity import person_for
from members.models import Member, Programme
from merchants.models import Brand, Merchant, Party
from merchants.money import PPM
from merchants.onboarding import add_brand, open_merchant
from merchants.scoping import acting_for
from orders.facts import LineFacts, OrderFacts, RefundFacts, RefundLineFacts, TenderFacts
from orders.models import Order, OrderLine, Refund
from stores.models import Contract, Store
from tests.people import LONG_AGO, ONBOARDING, make_contract, make_guide, make_sku, make_store

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
    refunds: dict[str, Refund] = field(default_factory=dict)
    payouts: dict[str, Payout] = field(default_factory=dict)
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
            fee_bearer=terms["fee_bearer"],
        )
    for version in given["plan_versions"]:
        contract = stage.contracts[version["contract"]]
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
    return stage


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


def play(stage: Stage, step: dict) -> None:
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
        case "top_up":
            top_up(stage, step)
        case "release":
            book = stage.merchants[step["book"]]
            reserves.release_due(book, on=date.fromisoformat(step["date"]), at=REFUNDED_AT)
        case "refund":
            stage.refunds[step["id"]] = give_back(stage, step)
        case "payout":
            stage.payouts[step["id"]] = pay(stage, step)
        case "payout_result":
            answer(stage.payouts[step["id"]], step["result"])
        case "arrive":
            arrivals.arrive(
                book=stage.merchants[step["book"]],
                source=step["id"],
                frm=step["from"].removeprefix("held:"),
                to=step["to"].removeprefix("held:"),
                amount=step["amount"],
                by=ONBOARDING,
                at=REFUNDED_AT,
            )
        case "true_up":
            true_up(stage, step)
        case "appeal":
            appeal(stage, step)
        case unknown:
            raise ValueError(f"no verb plays {unknown}")


def sell(stage: Stage, given: dict) -> Order:
    seller = stage.merchants[given["seller"]]
    numbers = {line["no"]: place for place, line in enumerate(given["lines"], start=1)}
    lines = []
    for line in given["lines"]:
        brand = stage.contracts[line["contract"]].brand if line["contract"] else None
        owner = brand.merchant if brand else seller  # goods without a contract are the seller's own
        with acting_for(owner):
            code = f"{given['id']}-{line['no']}"
            sku = make_sku(owner, brand, code=code, name=code, list_price=line["list"] // line["qty"])
        lines.append(LineFacts(sku=sku.ref, quantity=line["qty"]))
    facts = OrderFacts(
        store=stage.store,
        channel="pos",
        external_no=given["id"],
        paid_at=datetime.fromisoformat(given["paid_at"]),
        lines=tuple(lines),
        tenders=tuple(
            TenderFacts(
                **paid_by(tender["account"]),
                amount=tender["amount"],
                collector=stage.merchants[tender["collector"]].ref,
                lines=tuple(numbers[number] for number in tender["lines"] or ()),
                fee=tender["fee"],
            )
            for tender in given["tenders"]
        ),
        coupons=tuple(coupon(stage, seller, given, discount) for discount in given["discounts"]),
        touches={"serving": tuple((name, part) for name, part in given["winners"].get("guide", ()))},
    )
    order, is_new = purchase.paid(facts, by=ONBOARDING)
    assert is_new
    return order


def paid_by(account: str) -> dict[str, str]:
    """The account that a tender debits in its collector's book, as a till names it."""
    if account == "own:points":
        return {"place": "points"}
    kind, _colon, name = account.partition(":")
    return {"place": "stored", "programme": name} if kind == "stored" else {"place": name}


def top_up(stage: Stage, step: dict) -> None:
    book = stage.merchants[step["book"]]
    with acting_for(book):
        programme = Programme.objects.filter(code=step["programme"]).first()
    programmes.top_up(
        programme=programme
        or programmes.register(merchant=book, code=step["programme"], name=step["programme"], by=ONBOARDING),
        external_no=step["id"],
        paid=step["paid"],
        bonus=step["bonus"],
        place=step["account"].removeprefix("held:"),
        by=ONBOARDING,
        at=REFUNDED_AT,
    )


def coupon(stage: Stage, seller: Merchant, given: dict, discount: dict) -> str:
    """The example's discount as a coupon of a campaign: of the brand of its lines, or the seller's over all."""
    contracts = {line["no"]: line["contract"] for line in given["lines"]}
    of_brand = discount["lines"] and contracts[discount["lines"][0]]
    brand = stage.contracts[of_brand].brand if of_brand else None
    merchant = brand.merchant if brand else seller
    with acting_for(merchant):
        campaign = campaigns.create(
            merchant=merchant,
            brand=brand,
            name=discount["id"],
            **offer(discount),
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


def offer(discount: dict) -> dict:
    """So much off, or so many pieces for nothing."""
    if "pieces" in discount:
        return {"kind": "exchange", "pieces": discount["pieces"]}
    return {"threshold": discount["amount"], "amount_off": discount["amount"]}


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


def pay(stage: Stage, step: dict) -> Payout:
    """Made and handed to the rail, unless there is nothing left to send."""
    collector = step.get("by", step["book"])
    payout = paying.pay(
        book=stage.merchants[step["book"]],
        payee=stage.parties[step["payee"]],
        rail="manual",
        amount=step.get("amount"),
        collector=stage.merchants[collector] if collector != step["book"] else None,
        place=step.get("rail", "held:bank").removeprefix("held:"),
        by=ONBOARDING,
        at=REFUNDED_AT,
    )
    return answers.submit(payout, by=ONBOARDING, at=REFUNDED_AT) if payout.is_open else payout


def answer(payout: Payout, result: str) -> None:
    verbs = {
        "succeeded": answers.succeed,
        "failed": answers.fail,
        "returned": answers.come_back,
        "unknown": answers.lost,
    }
    verbs[result](payout, by=ONBOARDING, at=REFUNDED_AT)


def appeal(stage: Stage, step: dict) -> None:
    """The guide says so, and the line's principal moves it."""
    order_name, number = step["line"].split("/")
    order = stage.orders[order_name]
    with acting_for(order.merchant):
        line = OrderLine.objects.select_related("order").get(order=order, number=number)
        guide = Guide.objects.select_related("merchant", "user").get(party=stage.parties[step["to"]])
        share = Share.party.get(split__line=line, number=step["from"])
    row = appeals.appeal(line=line, guide=guide, share=share, reason="served", by=ONBOARDING, at=REFUNDED_AT)
    appeals.decide(appeal=row, uphold=True, amount=step["amount"], by=ONBOARDING, at=REFUNDED_AT)


def true_up(stage: Stage, step: dict) -> None:
    version = next(row for row in stage.given["plan_versions"] if row["plan"] == step["plan"])
    contract = stage.contracts[version["contract"]]
    with acting_for(contract.brand.merchant):
        plan = Plan.objects.get(brand=contract.brand, mode=contract.mode)
    month = date.fromisoformat(f"{step['period']}-01")
    trueup.true_up(
        book=stage.merchants[step["book"]],
        plan=plan,
        payee=stage.parties[step["payee"]],
        period=month,
        at=datetime(month.year + month.month // 12, month.month % 12 + 1, 1, 4, tzinfo=UTC),
        by=ONBOARDING,
    )
