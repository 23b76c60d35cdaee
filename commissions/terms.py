"""Under which terms a line is divided: whose book, which version, and who stands behind each role."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from commissions.attribution import Award, Candidate, Winner, for_role
from commissions.attribution_policies import Policies, in_force
from commissions.attribution_rules import DEFAULT, Policy
from commissions.models import GUIDE_ROLES, PlanVersion, Rule
from commissions.plans import narrowest, terms_of
from commissions.splitting import Term
from guides.models import Guide
from merchants.models import Merchant, Party
from merchants.money import PPM
from stores.models import Contract

NOTHING_AGREED = [Term(1, Rule.Role.RESIDUAL)]


@dataclass(frozen=True)
class Terms:
    """What holds for one line. `version` is None where no published plan covers the sale: all is the principal's.
    `attribution` is the policy of the merchant whose plan it is."""

    principal: Merchant
    seller: Merchant
    brand_owner: Merchant
    contract: Contract | None
    version: PlanVersion | None
    attribution: Policy = DEFAULT

    @property
    def mode(self) -> str:
        return self.contract.mode if self.contract else Contract.Mode.DIRECT

    @property
    def settlement(self) -> str:
        return self.contract.settlement if self.contract else Contract.Settlement.T0

    @property
    def reserve_ppm(self) -> int:
        return self.contract.reserve_ppm if self.contract else 0

    @property
    def return_window_days(self) -> int:
        return self.contract.return_window_days if self.contract else 0

    def charged(self, fee: int, *, collector_id: int, paid: int) -> int:
        """Of a payment's fee on lines under these terms, what the principal owes who collected `paid` for them: nothing
        unless the contract says so, and no more of `paid` than it says. The rest stays the collector's own."""
        contract = self.contract
        if contract is None or collector_id == self.principal.id:
            return 0
        if contract.fee_bearer != Contract.FeeBearer.PRINCIPAL:
            return 0
        return min(fee, paid * contract.fee_cap_ppm // PPM)

    @cached_property
    def rules(self) -> list[Term]:
        return terms_of(self.version) if self.version else NOTHING_AGREED

    def basis(self, *, paid: int, costs: int) -> int:
        """What a ratio multiplies; `costs` is what all bearers bore of the line's discounts."""
        full = self.version is not None and self.version.basis == PlanVersion.Basis.FULL
        return paid + costs if full else paid


def terms(
    *,
    seller: Merchant,
    brand_owner: Merchant,
    contract: Contract | None,
    versions: Sequence[PlanVersion],
    policies: Policies,
    at: datetime,
) -> Terms:
    """`versions` are the brand's published ones, `policies` those of the merchants whose plans they are; what holds at
    `at` counts, never what held at arrival."""
    if contract is None:
        return Terms(seller, seller, brand_owner, None, None)
    principal = brand_owner if contract.mode == Contract.Mode.CENTRAL else seller
    version = narrowest(versions, contract=contract, at=at)
    attribution = in_force(policies.get(version.merchant_id, ()), at=at) if version else DEFAULT
    return Terms(principal, seller, brand_owner, contract, version, attribution)


def platform() -> Party:
    """The platform's own party: payee of its share, bearer of its coupons. Made when first asked for."""
    party, _made = Party.objects.get_or_create(kind=Party.Kind.PLATFORM)
    return party


@dataclass(frozen=True)
class Payee:
    """Who gets `part` ppm of what a role claims: the party, the merchant behind it (a guide's employer; none for the
    platform), whose account it is in the principal's book, and how a guide came to it, at which level."""

    party_id: int
    merchant: Merchant | None
    owed_to_id: int
    guide: Guide | None = None
    award: Award | None = None
    winner: Winner | None = None

    @property
    def part(self) -> int:
        return self.winner.part if self.winner else PPM


Payees = Mapping[str, Sequence[Payee]]


def payees(
    terms: Terms,
    *,
    candidates: Sequence[Candidate],
    guides: Mapping[int, Guide],
    store_id: int,
    channel: str,
    platform: Party,
) -> tuple[dict[str, list[Payee]], dict[str, Award]]:
    """Role → payees for the roles of the terms, and role → award where nobody won: that claim falls to the rest."""
    found: dict[str, list[Payee]] = {}
    nobody: dict[str, Award] = {}
    for role in {term.role for term in terms.rules}:
        if role in GUIDE_ROLES:
            award = for_role(role, candidates, store=store_id, channel=channel, policy=terms.attribution)
            found[role] = [
                _guide(guides[winner.candidate.guide], award, winner, terms) for winner in award.winners
            ]
            if not award.winners:
                nobody[role] = award
        elif role == Rule.Role.PLATFORM:
            found[role] = [Payee(platform.id, None, platform.id)]
        else:
            found[role] = [_merchant(_behind(role, terms))]
    return found, nobody


def claiming(term: Term, found: Payees) -> list[Payee]:
    """Who stands for a term: the payees of its role, of its level if it asks for one."""
    return [
        payee
        for payee in found[term.role]
        if term.level is None or (payee.winner and payee.winner.candidate.level == term.level)
    ]


def _behind(role: str, terms: Terms) -> Merchant:
    if role == Rule.Role.RESIDUAL:
        return terms.principal
    return terms.brand_owner if role == Rule.Role.BRAND else terms.seller


def _merchant(merchant: Merchant) -> Payee:
    return Payee(merchant.party_id, merchant, merchant.party_id)


def _guide(guide: Guide, award: Award, winner: Winner, terms: Terms) -> Payee:
    """Paid by the principal, or by the employer, who then is owed it; an employer who is the principal just pays."""
    employer = guide.merchant
    pays_on = (
        terms.contract is not None
        and terms.contract.guide_pay == Contract.GuidePay.EMPLOYER
        and employer.id != terms.principal.id
    )
    owed_to = employer.party_id if pays_on else guide.party_id
    return Payee(guide.party_id, employer, owed_to, guide, award, winner)
