"""How an order was split, for whoever may see it: the seller all lines, a brand's owner its own, nobody else any."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.db.models import Prefetch
from django.utils.translation import gettext as _

from commissions.earnings import is_settled
from commissions.models import Collection, Rule, Share, Split
from commissions.reasons import lost, reason
from guides.models import Guide
from merchants.models import Merchant
from merchants.scoping import acting_for
from orders.models import Order


@dataclass(frozen=True)
class ShareExplained:
    """One payee's part of a line; amounts in minor units, the claim exact as a fraction."""

    role: str
    payee: str  # gui_…, mch_… or pty_…
    name: str
    ppm: int | None
    claim: str
    amount: int
    clawed: int
    moved_out: int
    held: int
    state: str  # pending or settled
    reason: str
    why: dict[str, Any]
    losers: list[dict[str, str]]
    unclaimed: list[dict[str, str]]  # of the rest: whose claims fell to it, and why

    @property
    def role_label(self) -> str:
        return str(Rule.Role(self.role).label)


@dataclass(frozen=True)
class LineExplained:
    line: int
    split: str
    principal: str
    principal_name: str
    mode: str
    settlement: str
    version: str | None
    paid: int
    contribution: int
    base: int
    fee_charged: int  # payment fees the principal owes who collected; only it and the seller are told
    state: str
    shares: list[ShareExplained]

    def as_json(self) -> dict[str, Any]:
        """What the API answers under `expand[]=splits`."""
        return asdict(self)


def shares_of(order: Order, *, merchant: Merchant) -> list[LineExplained]:
    """The split lines of an order as `merchant` may see them, in order of line; [] for a stranger."""
    with acting_for(merchant):
        if order.merchant_id == merchant.id:
            splits, shares, paid = Split.party, Share.party, Collection.party
        else:
            splits, shares, paid = Split.about, Share.about, Collection.objects
        charged = paid.filter(fee_charged__gt=0)
        parts = shares.select_related("payee", "payee_merchant", "guide", "item").order_by("number")
        rows = splits.filter(order=order).select_related("merchant", "line", "version")
        found = rows.order_by("line__number").prefetch_related(
            Prefetch("shares", parts), Prefetch("collections", charged)
        )
        lines = list(found)
    names = _names_of_losers(lines, order.merchant_id)
    return [_line(split, names) for split in lines]


def _names_of_losers(rows: Sequence[Split], seller_id: int) -> dict[str, str]:
    """Guides of the seller, as those are who won."""
    lost_it = {
        loser["guide"]
        for split in rows
        for share in split.shares.all()
        for why in (share.why, *share.why.get("unclaimed", []))
        for loser in why.get("losers", [])
    }
    if not lost_it:
        return {}
    with acting_for(Merchant.objects.get(pk=seller_id)):
        return dict(Guide.objects.filter(ref__in=lost_it).values_list("ref", "name"))


def _line(split: Split, names: Mapping[str, str]) -> LineExplained:
    shares = list(split.shares.all())
    return LineExplained(
        line=split.line.number,
        split=split.ref,
        principal=split.merchant.ref,
        principal_name=split.merchant.name,
        mode=split.mode,
        settlement=split.settlement,
        version=split.version.ref if split.version else None,
        paid=split.paid,
        contribution=split.contribution,
        base=split.base,
        fee_charged=sum(row.fee_charged for row in split.collections.all()),
        state=_state(shares[0]),
        shares=[_share(share, names) for share in shares],
    )


def _share(share: Share, names: Mapping[str, str]) -> ShareExplained:
    ref, name = _payee(share)
    return ShareExplained(
        role=share.role,
        payee=ref,
        name=name,
        ppm=share.ppm,
        claim=f"{share.claim_numerator}/{share.claim_denominator}",
        amount=share.amount,
        clawed=share.clawed,
        moved_out=share.moved_out,
        held=share.held,
        state=_state(share),
        reason=reason(share.why),
        why=share.why,
        losers=_losers(share.why, names),
        unclaimed=[
            {"role": row["role"], "role_label": str(Rule.Role(row["role"]).label)} | why
            for row in share.why.get("unclaimed", [])
            for why in _losers(row, names) or [{"name": "", "reason": lost(row["because"])}]
        ],
    )


def _losers(why: Mapping[str, Any], names: Mapping[str, str]) -> list[dict[str, str]]:
    return [
        loser | {"name": names.get(loser["guide"], ""), "reason": lost(loser["because"])}
        for loser in why.get("losers", [])
    ]


def _state(share: Share) -> str:
    return "settled" if is_settled(share) else "pending"


def _payee(share: Share) -> tuple[str, str]:
    if share.guide:
        return share.guide.ref, share.guide.name
    if share.payee_merchant:
        return share.payee_merchant.ref, share.payee_merchant.name
    return share.payee.ref, _("Platform")
