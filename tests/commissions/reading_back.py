"""What a played example has left, read back in the example's own words."""

from collections import Counter
from datetime import date

from commissions.models import Collection, Contribution, Payout, Share, Split
from commissions.payouts import receivables
from ledger import balances, proof, statements
from ledger.models import Transfer
from merchants.scoping import acting_for
from tests.commissions.staging import Stage


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


def statement(stage: Stage, book: str, party: str) -> dict:
    """The party's statement over all that was played; of no movement and no account that is zero is told."""
    merchant = stage.merchants[book]
    with acting_for(merchant):
        found = statements.statement(
            merchant, stage.parties[party], first=date(2026, 1, 1), last=date(2026, 12, 31)
        )
    return {
        "opening": found.opening,
        "credits": found.credits,
        "debits": found.debits,
        "closing": found.closing,
        "closing_by_account": found.by_account,
        "by_kind": found.by_kind,
    }


def prove(stage: Stage) -> None:
    for merchant in stage.merchants.values():
        with acting_for(merchant):
            trial = proof.trial_balance(merchant)
        assert (trial.total, trial.clearing, trial.breaks) == (0, 0, [])


def payouts_now(stage: Stage) -> list[dict]:
    found = []
    for name, payout in stage.payouts.items():
        with acting_for(payout.merchant):
            payout = Payout.objects.select_related("merchant", "sender").get(pk=payout.pk)
        found.append(
            {
                "id": name,
                "book": payout.merchant.name,
                "payee": stage.party_names[payout.payee_id],
                "gross": payout.gross,
                "recovered": payout.recovered,
                "withheld": payout.tax,
                "net": payout.net,
                "state": payout.state,
                "rail": f"held:{payout.place}",
                "by": payout.sender.name,
            }
        )
    return found


def payouts_expected(expected: dict) -> list[dict]:
    """The example's payouts, less the month, which it names only where tax is withheld."""
    return [
        {key: value for key, value in row.items() if key != "month"} for row in expected.get("payouts", [])
    ]


def recoveries_now(stage: Stage) -> list[tuple[str, str, int]]:
    """(payout, refund of the receivable, amount), in the order of payouts."""
    payouts = {payout.ref: name for name, payout in stage.payouts.items()}
    refunds = {refund.ref: name for name, refund in stage.refunds.items()}
    places = {(payout.merchant_id, payout.payee_id): payout for payout in stage.payouts.values()}
    return sorted(
        (payouts[part.source_id], refunds[item.source_id.split("/")[0]], part.amount)
        for payout in places.values()
        for item in receivables.of_party(payout.merchant, payout.payee)
        for part in item.recoveries
        if part.source_id in payouts  # a write-off is none
    )


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
                                "account": c.account.code,
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
                                "moved_out": s.moved_out,
                                "held": s.held,
                            }
                            for s in Share.party.filter(split=split).order_by("number")
                        ],
                    }
                )
    return found


def lines_expected(expected: list[dict]) -> list[dict]:
    """The example's lines, less release_on (releases), and the names of tenders and costs."""

    def less(row: dict, *names: str) -> dict:
        return {key: value for key, value in row.items() if key not in names}

    return [
        less(line, "plan_version", "costs", "state", "release_on")
        | {"tenders": [less(row, "tender") for row in line["tenders"]]}
        for line in expected
    ]
