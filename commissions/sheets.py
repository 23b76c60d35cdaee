"""One line's rows, unsaved: the split, who paid it, who bears its discounts, and the shares."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from commissions import evidence
from commissions.attribution import Candidate
from commissions.models import Collection, Contribution, Share, Split
from commissions.splitting import Cut, divide
from commissions.terms import Payee, Terms, payees
from merchants.models import Merchant, Party
from orders.models import OrderLine, Tender, Touch

Costs = Mapping[Merchant | Party, int]  # what each bearer bore; the platform is a Party without a merchant


@dataclass(frozen=True)
class Sheet:
    split: Split
    collections: list[Collection]
    contributions: list[Contribution]
    shares: list[Share]


def fill(
    line: OrderLine,
    of: Terms,
    *,
    parts: Sequence[tuple[Tender, int]],
    costs: Costs,
    touches: Sequence[Touch],
    platform: Party,
) -> Sheet:
    """Divide a line by its terms. `parts` is what of each tender paid it, in the order tenders are laid; `costs`
    what each bearer bore of its discounts. The line comes loaded with its order."""
    candidates = [Candidate(t.kind, t.guide_id, t.store_id, t.protected) for t in touches]
    guides = {touch.guide_id: touch.guide for touch in touches}
    found, nobody = payees(
        of, candidates=candidates, guides=guides, store_id=line.order.store_id, platform=platform
    )
    borne = {bearer: amount for bearer, amount in costs.items() if bearer != of.principal and amount}
    split = _split(
        line, of, borne=sum(borne.values()), basis=of.basis(paid=line.paid, costs=sum(costs.values()))
    )
    split.input_hash = evidence.input_hash(split, of, parts, costs, candidates, guides)
    cuts = divide(base=split.base, basis=split.basis, terms=[term for term in of.rules if term.role in found])
    shares = []
    for number, cut in enumerate(cuts):
        payee = found[cut.term.role]
        told = evidence.why(cut, payee, of.version, guides)
        if nobody and cut.term.ppm is None:
            told["unclaimed"] = evidence.unclaimed(of, nobody, guides)
        shares.append(_share(split, number, cut, payee, told))
    return Sheet(
        split,
        [_collection(split, number, *part) for number, part in enumerate(parts)],
        [_contribution(split, number, *cost) for number, cost in enumerate(borne.items())],
        shares,
    )


def _split(line: OrderLine, of: Terms, *, borne: int, basis: int) -> Split:
    order = line.order
    return Split(
        merchant=of.principal,
        counterparty=of.seller,
        brand_owner=of.brand_owner,
        order=order,
        line=line,
        store=order.store,
        contract=of.contract,
        version=of.version,
        mode=of.mode,
        settlement=of.settlement,
        reserve_ppm=of.reserve_ppm,
        return_window_days=of.return_window_days,
        currency=order.currency,
        paid=line.paid,
        contribution=borne,
        base=line.paid + borne,
        basis=basis,
        business_date=order.business_date,
        at=order.paid_at,
    )


def _collection(split: Split, number: int, tender: Tender, amount: int) -> Collection:
    return Collection(
        split=split,
        merchant=split.merchant,
        counterparty=split.counterparty,
        number=number,
        tender=tender,
        collector=tender.collector,
        place=tender.place,
        amount=amount,
    )


def _contribution(split: Split, number: int, bearer: Merchant | Party, amount: int) -> Contribution:
    merchant = bearer if isinstance(bearer, Merchant) else None
    return Contribution(
        split=split,
        merchant=split.merchant,
        counterparty=split.counterparty,
        brand_owner=split.brand_owner,
        number=number,
        bearer_id=merchant.party_id if merchant else bearer.pk,
        bearer_merchant=merchant,
        amount=amount,
    )


def _share(split: Split, number: int, cut: Cut, payee: Payee, why: dict[str, object]) -> Share:
    return Share(
        split=split,
        merchant=split.merchant,
        counterparty=split.counterparty,
        brand_owner=split.brand_owner,
        number=number,
        rule_number=cut.term.number if split.version_id else None,
        role=cut.term.role,
        payee_id=payee.party_id,
        payee_merchant=payee.merchant,
        owed_to_id=payee.owed_to_id,
        guide=payee.guide,
        store=split.store,
        ppm=cut.term.ppm,
        claim_numerator=cut.claim.numerator,
        claim_denominator=cut.claim.denominator,
        amount=cut.amount,
        why=why,
    )
