"""What a sale would bring, before it is made: the same terms and the same arithmetic, and nothing is written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from commissions.attribution import Candidate
from commissions.plans import versions_of
from commissions.reasons import reason
from commissions.splitting import divide
from commissions.terms import Terms, payees, platform, terms
from guides.models import Guide
from members.binding import binding_of
from members.models import Member
from merchants.models import Brand, Party
from orders.models import Touch
from stores.contracts import contracts_of
from stores.models import Store


@dataclass(frozen=True)
class PreviewLine:
    """A line as it stands in the basket: its brand (None: the store merchant's own goods) and what it will cost."""

    brand: Brand | None
    paid: int


@dataclass(frozen=True)
class EstimateLine:
    """`reasons` is empty where nothing of the line is the guide's."""

    amount: int
    reasons: list[str]


@dataclass(frozen=True)
class Estimate:
    """What the guide would get, in minor units, in all and line by line."""

    total: int
    lines: list[EstimateLine]


def estimate(
    lines: Sequence[PreviewLine], *, store: Store, guide: Guide, member: Member | None, at: datetime
) -> Estimate:
    """What `guide` would get for serving `member` at `store` at `at`.

    An estimate: discounts that others bear, and so a basis of the full price, are known only with the sale.
    """
    seller, everyone, party = store.merchant, _touching(guide, member, store, at), platform()
    contracts = {contract.brand_id: contract for contract in contracts_of(store=store, at=at)}
    versions = {brand.id: versions_of(brand) for brand in {line.brand for line in lines if line.brand}}
    estimated = [
        _line(
            line,
            guide,
            everyone,
            party,
            terms(
                seller=seller,
                brand_owner=line.brand.merchant if line.brand else seller,
                contract=contracts.get(line.brand.id) if line.brand else None,
                versions=versions[line.brand.id] if line.brand else [],
                at=at,
            ),
        )
        for line in lines
    ]
    return Estimate(sum(line.amount for line in estimated), estimated)


def _touching(guide: Guide, member: Member | None, store: Store, at: datetime) -> dict[Candidate, Guide]:
    everyone = {Candidate(Touch.Kind.SERVING, guide.id, store.id): guide}
    if member and (binding := binding_of(member=member, at=at)):
        bound = Candidate(
            Touch.Kind.BOUND, binding.guide_id, binding.store_id, protected=binding.protected_until > at
        )
        everyone[bound] = binding.guide
    return everyone


def _line(
    line: PreviewLine, guide: Guide, everyone: Mapping[Candidate, Guide], party: Party, of: Terms
) -> EstimateLine:
    serving = next(candidate for candidate in everyone if candidate.touch == Touch.Kind.SERVING)
    found, _nobody = payees(
        of,
        candidates=list(everyone),
        guides={candidate.guide: who for candidate, who in everyone.items()},
        store_id=serving.store,
        platform=party,
    )
    payable = [term for term in of.rules if term.role in found]
    cuts = divide(base=line.paid, basis=line.paid, terms=payable)
    own = [cut for cut in cuts if found[cut.term.role].guide == guide]
    awards = [(found[cut.term.role].award, cut.term.ppm) for cut in own]
    return EstimateLine(
        amount=sum(cut.amount for cut in own),
        reasons=[reason({"because": award.because, "ppm": ppm}) for award, ppm in awards if award],
    )
