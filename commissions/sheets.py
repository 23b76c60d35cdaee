"""One line's rows, unsaved: the split, who paid it, who bears its discounts, and the shares."""

from dataclasses import dataclass

from commissions import evidence
from commissions.drafts import Draft, Part
from commissions.models import Collection, Contribution, Share, Split
from commissions.running import Totals
from commissions.splitting import Cut, divide
from commissions.terms import Payee, Terms
from merchants.models import Merchant, Party
from orders.models import OrderLine


@dataclass(frozen=True)
class Sheet:
    split: Split
    collections: list[Collection]
    contributions: list[Contribution]
    shares: list[Share]
    totals: Totals  # of all the lines that are booked together


def fill(draft: Draft, totals: Totals) -> Sheet:
    """Divide a line by its terms; what its payees get of it is added to the totals."""
    line, of, terms = draft.line, draft.claims.of, draft.claims.terms
    borne = {bearer: amount for bearer, amount in draft.costs.items() if bearer != of.principal and amount}
    basis = of.basis(paid=line.paid, costs=sum(draft.costs.values()))
    split = _split(line, of, borne=sum(borne.values()), basis=basis)
    stakes = draft.claims.stakes(totals)
    split.input_hash = evidence.input_hash(split, draft, stakes)
    cuts = divide(
        base=split.base,
        basis=basis,
        terms=terms,
        quantity=line.quantity,
        claimants={number: list(claimants) for number, claimants in stakes.items()},
    )
    draft.claims.count(cuts, basis=basis, totals=totals)
    shares = []
    for number, cut in enumerate(cuts):
        payee = stakes[cut.term.number][cut.claimant]
        told = evidence.why(cut, payee, of.version, draft.guides)
        if draft.nobody and cut.term.kind == "residual":
            told["unclaimed"] = evidence.unclaimed(terms, draft.nobody, draft.guides)
        share = _share(split, number, cut, payee, told)
        if share.role in draft.claims.counted:
            share.running_id = totals.of(draft.claims.key(share.role, share.payee_id)).id
        shares.append(share)
    return Sheet(
        split,
        [_collection(split, number, part) for number, part in enumerate(draft.parts)],
        [_contribution(split, number, *cost) for number, cost in enumerate(borne.items())],
        shares,
        totals,
    )


def _split(line: OrderLine, of: Terms, *, borne: int, basis: int) -> Split:
    order = line.order
    return Split(
        merchant=of.principal,
        counterparty_id=of.seller.pk,
        brand_owner_id=of.brand_owner.pk,
        order=order,
        line=line,
        store_id=order.store_id,
        contract_id=of.contract.pk if of.contract else None,
        version_id=of.version.pk if of.version else None,
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


def _collection(split: Split, number: int, part: Part) -> Collection:
    tender = part.tender
    return Collection(
        split=split,
        merchant_id=split.merchant_id,
        counterparty_id=split.counterparty_id,
        number=number,
        tender_id=tender.pk,
        collector=tender.collector,
        place=tender.place,
        programme=tender.programme.code if tender.programme else "",
        amount=part.amount,
        fee=part.fee,
        fee_charged=part.charged,
    )


def _contribution(split: Split, number: int, bearer: Merchant | Party, amount: int) -> Contribution:
    merchant = bearer if isinstance(bearer, Merchant) else None
    return Contribution(
        split=split,
        merchant_id=split.merchant_id,
        counterparty_id=split.counterparty_id,
        brand_owner_id=split.brand_owner_id,
        number=number,
        bearer_id=merchant.party_id if merchant else bearer.pk,
        bearer_merchant=merchant,
        amount=amount,
    )


def _share(split: Split, number: int, cut: Cut, payee: Payee, why: dict[str, object]) -> Share:
    return Share(
        split=split,
        merchant=split.merchant,
        counterparty_id=split.counterparty_id,
        brand_owner_id=split.brand_owner_id,
        number=number,
        rule_number=cut.term.number if split.version_id else None,
        role=cut.term.role,
        payee_id=payee.party_id,
        payee_merchant=payee.merchant,
        owed_to_id=payee.owed_to_id,
        guide=payee.guide,
        store=split.order.store,
        ppm=cut.term.ppm,
        part_ppm=payee.part,
        claim_numerator=cut.claim.numerator,
        claim_denominator=cut.claim.denominator,
        amount=cut.amount,
        why=why,
    )
