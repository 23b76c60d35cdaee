"""A line before it is divided: what the division depends on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from commissions.attribution import Award, Candidate
from commissions.models import PlanVersion
from commissions.plans import counted_roles
from commissions.running import Key, Total, Totals
from commissions.splitting import Claimant, Cut, Term
from commissions.terms import Payee, Payees, Terms, claiming
from guides.models import Guide
from merchants.models import Merchant, Party
from orders.models import OrderLine, Tender

Costs = Mapping[Merchant | Party, int]  # what each bearer bore; the platform is a Party without a merchant
Stakes = Mapping[int, Mapping[Claimant, Payee]]  # by the term's number


@dataclass(frozen=True)
class Claims:
    """Who claims what of one line: its terms, the payees of their roles, and what its conditions look at. `period` is
    the month of its business date, `counted` the roles whose totals of that month count."""

    of: Terms
    found: Payees
    counted: frozenset[str]
    period: date
    category: str
    sku_id: int
    channel: str

    @cached_property
    def terms(self) -> list[Term]:
        """The rules whose conditions hold."""
        return [
            term
            for term in self.of.rules
            if term.holds_for(category=self.category, sku=self.sku_id, channel=self.channel)
        ]

    def key(self, role: str, payee_id: int) -> Key:
        version = self.of.version
        assert version is not None  # nothing counts without a plan
        return Key(
            self.of.principal.pk, version.merchant_id, version.plan_id, str(role), payee_id, self.period
        )

    def counted_keys(self) -> list[Key]:
        roles = {term.role for term in self.terms} & self.counted
        return [self.key(role, payee.party_id) for role in roles for payee in self.found[role]]

    def stakes(self, totals: Totals) -> Stakes:
        """Those who stand for each term, as the division asks for them."""
        return {term.number: self._stakes(term, totals) for term in self.terms}

    def count(
        self, cuts: Sequence[Cut], *, basis: int, totals: Totals, amounts: Sequence[int] | None = None
    ) -> None:
        """Add the line to its payees' totals: once in each, however many rules of the role give of it. `amounts` is
        what they hold of the cuts, if that is less."""
        seen: set[Key] = set()
        for cut, amount in zip(cuts, amounts or [cut.amount for cut in cuts], strict=True):
            if cut.term.role in self.counted:
                key = self.key(cut.term.role, cut.claimant.payee)
                of_line = 0 if key in seen else basis * cut.claimant.part
                totals.add(key, basis_ppm=of_line, booked=amount)
                seen.add(key)

    def _stakes(self, term: Term, totals: Totals) -> dict[Claimant, Payee]:
        found = {}
        for payee in claiming(term, self.found):
            so_far = totals.of(self.key(term.role, payee.party_id)) if term.counts else Total()
            found[Claimant(payee.party_id, payee.part, so_far.basis, so_far.booked)] = payee
        return found


@dataclass(frozen=True)
class Part:
    """What of a tender paid a line, in fen: `fee` of the tender's fee falls on it, `charged` of that on its
    principal."""

    tender: Tender
    amount: int
    fee: int
    charged: int


@dataclass(frozen=True)
class Draft:
    """A line that is to be booked, loaded with its order. `parts` stand in the order tenders are laid; `costs` is what
    each bearer bore of its discounts; `nobody` the roles without a payee."""

    line: OrderLine
    claims: Claims
    parts: Sequence[Part]
    costs: Costs
    candidates: Sequence[Candidate]
    guides: Mapping[int, Guide]
    nobody: Mapping[str, Award]


def counted(of: Terms, versions: Sequence[PlanVersion], period: date) -> frozenset[str]:
    """The roles of the line's plan whose totals count in that month."""
    if of.version is None:
        return frozenset()
    return counted_roles(versions, plan_id=of.version.plan_id, period=period)
