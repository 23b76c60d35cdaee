"""Plays a worked example through the product's verbs."""

from datetime import UTC, date, datetime

from commissions import accruals, adjustments, appeals, batches, clawback, reserves, settlement, trueup
from commissions.models import Payout, Plan, Share
from commissions.payouts import answers, arrivals, paying
from coupons import campaigns, issuing
from flows import purchase, refund
from guides.models import Guide
from members import programmes
from members.identity import person_for
from members.models import Member, Programme
from merchants.models import Merchant
from merchants.scoping import acting_for
from orders.facts import LineFacts, OrderFacts, RefundFacts, RefundLineFacts, TenderFacts
from orders.models import Order, OrderLine, Refund
from tests.commissions.staging import Stage
from tests.people import LONG_AGO, ONBOARDING, make_sku

REFUNDED_AT = datetime(2026, 3, 11, 6, tzinfo=UTC)


def play(stage: Stage, step: dict) -> None:
    match step["do"]:
        case "sale":
            given = told_of(stage, step["order"])
            stage.orders[step["order"]] = order = sell(stage, given)
            accruals.book(order)
            with acting_for(order.merchant):
                for waited in order.refunds.order_by("id"):  # told before its sale
                    stage.refunds[waited.external_no] = waited
                    clawback.claw(waited)
        case "settle":
            for name in {line.split("/")[0] for line in step["lines"]}:
                with acting_for(stage.orders[name].merchant):
                    settlement.settle_t0(orders=[stage.orders[name].id])
        case "close":
            book = stage.merchants[step["book"]]
            batches.advance(batches.open_batch(book, date.fromisoformat(step["date"])), at=REFUNDED_AT)
        case "top_up":
            top_up(stage, step)
        case "release":
            book = stage.merchants[step["book"]]
            reserves.release_due(book, on=date.fromisoformat(step["date"]), at=REFUNDED_AT)
        case "refund":
            give_back(stage, step)
        case "refunds":
            for number in range(1, step["times"] + 1):
                give_back(stage, step | {"id": f"{step['id']}.{number}"})
        case "adjust" | "write_off":
            adjust(stage, step)
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


def told_of(stage: Stage, order: str) -> dict:
    return next(given for given in stage.given["orders"] if given["id"] == order)


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
        store=stage.stores[given["seller"], given["store"]],
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


def give_back(stage: Stage, step: dict) -> None:
    facts = RefundFacts(
        merchant=stage.merchants[told_of(stage, step["order"])["seller"]],
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
    if isinstance(kept, Refund):
        stage.refunds[step["id"]] = kept
        clawback.claw(kept)
    else:
        assert step["order"] not in stage.orders, "only what comes before its sale is parked"


def adjust(stage: Stage, step: dict) -> None:
    """Goodwill, or a write-off of what a guide owes."""
    name = step["payee"]
    payee: Guide | Merchant | None = stage.merchants.get(name)
    if payee is None:
        with acting_for(stage.merchants[stage.given["guides"][name]]):
            payee = Guide.objects.get(party=stage.parties[name])
    adjustments.adjust(
        book=stage.merchants[step["book"]],
        payee=payee,
        amount=step["amount"],
        kind="write_off" if step["do"] == "write_off" else "goodwill",
        key=step["id"],
        by=ONBOARDING,
        at=REFUNDED_AT,
    )


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
