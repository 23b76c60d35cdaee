"""What an upheld appeal books: an amount leaves one share of a line and stands in a row of its own.

The line is held by the caller, and everything happens in its book's scope. What each share holds now is where later
refunds begin: `clawed_before` keeps what had been taken until then.
"""

from collections.abc import Sequence
from datetime import date, datetime

from django.db.models import Sum

from commissions import running, stories
from commissions.clawback import net_of
from commissions.models import Clawback, Rule, Settlement, SettlementItem, Share, Split
from commissions.purses import hold, purse_of, taken_from
from commissions.settlement import is_settled
from commissions.stories import RESERVE
from guides.models import Guide
from ledger.transfers import post
from merchants.money import PPM
from stores.models import Contract


def move(
    split: Split,
    shares: Sequence[Share],
    source: Share,
    amount: int,
    *,
    to: Guide,
    role: str,
    source_id: str,
    why: dict[str, object],
    on: date,
    at: datetime,
) -> Share:
    """Move `amount` fen of `source` to a new row of `to`, in every book; the row. The split's `shares` are those of
    `parts_of`, `to` comes with its merchant."""
    settled = is_settled(split)
    _move_out(split, shares, source, amount)
    purses = hold([(purse_of(source), split.currency)] if settled and source.guide_id else [])
    pieces = taken_from(source, amount, purses, is_settled=settled)
    for share in shares:
        share.clawed_before = share.clawed
    Share.objects.bulk_update(shares, ["clawed_before", "moved_out", "moved_ppm"])
    row = _row(split, source, amount, to=to, role=role, number=len(shares), why=why)
    Share.objects.bulk_create([row])
    if settled:
        _settle(split, source, row, kept=dict(pieces).get(RESERVE, 0), at=at)
    post([stories.moved(split, source_id, (source, pieces), row, is_settled=settled, on=on, at=at)])
    return row


def _row(
    split: Split, source: Share, amount: int, *, to: Guide, role: str, number: int, why: dict[str, object]
) -> Share:
    pays_on = (
        split.contract is not None
        and split.contract.guide_pay == Contract.GuidePay.EMPLOYER
        and to.merchant_id != split.merchant_id
    )
    return Share(
        split=split,
        merchant=split.merchant,
        counterparty_id=split.counterparty_id,
        brand_owner_id=split.brand_owner_id,
        number=number,
        role=role,
        payee_id=to.party_id,
        payee_merchant=to.merchant,
        owed_to_id=to.merchant.party_id if pays_on else to.party_id,
        guide=to,
        store_id=source.store_id,
        claim_numerator=amount,
        claim_denominator=1,
        amount=amount,
        why=why,
    )


def _settle(split: Split, source: Share, row: Share, *, kept: int, at: datetime) -> None:
    """The line was payable, so its new row is; no line more became so, and nothing more to others unless it was the
    principal's."""
    if kept:
        source.item.reserve_clawed += kept
        source.item.save(update_fields=["reserve_clawed"])
    settlement = Settlement.objects.create(
        merchant_id=split.merchant_id,
        mode=split.settlement,
        at=at,
        lines=0,
        total=row.amount if source.is_principals else 0,
    )
    SettlementItem.objects.create(
        settlement=settlement,
        merchant_id=split.merchant_id,
        split=split,
        share=row,
        due=row.amount,
        reserve=0,
    )


def _move_out(split: Split, shares: Sequence[Share], source: Share, amount: int) -> None:
    """What is moved no longer counts in the month of whom it is taken from, nor in that of the new row: that came by
    a decision, not by the plan's tiers."""
    if source.running_id is None:
        _grow(source, amount)
        return
    sums = Clawback.objects.filter(split=split).aggregate(refunded=Sum("refunded"), quantity=Sum("quantity"))
    net = net_of(split, sums["refunded"] or 0, sums["quantity"] or 0)
    totals = running.opened({source.running_id})
    before = _part(shares, source.running_id)
    _grow(source, amount)
    after = _part(shares, source.running_id)
    running.lower(totals, {source.running_id: (net * (before - after), amount)})


def _grow(source: Share, amount: int) -> None:
    """Of what was held, not of what was once given: whoever gives away all that refunds left keeps no part."""
    kept = (PPM - source.moved_ppm) * (source.held - amount) // source.held
    source.moved_out, source.moved_ppm = source.moved_out + amount, PPM - kept


def _part(shares: Sequence[Share], running_id: int) -> int:
    return max(share.kept_ppm for share in shares if share.running_id == running_id)


def role_of(source: Share, reason: str) -> str:
    """As what a guide gets it: as the one who had it, or as who they say they were, where nobody had."""
    if source.guide_id:
        return source.role
    roles = {"served": Rule.Role.SERVING, "amount": Rule.Role.GUIDE}
    return roles.get(reason, reason)
