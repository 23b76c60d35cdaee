"""What the store's side of a contract gets by the brand's plan. The plan is the brand owner's; who runs the store reads
of it what its own contract brings, and nothing else."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import attrgetter

from django.db.models import Q

from commissions.models import GUIDE_ROLES, PlanVersion, Rule
from commissions.plans import narrowest, terms_of
from commissions.reasons import claim_of
from commissions.splitting import Term
from commissions.wording import rule_in_words
from merchants.models import Merchant
from merchants.scoping import acting_for
from stores.models import Contract

OF_THE_STORE = frozenset((Rule.Role.CHANNEL, Rule.Role.STORE, *GUIDE_ROLES))


@dataclass(frozen=True)
class Promise:
    """What holds for sales under a contract from `begins` on; `version` is None where no published plan covers them.

    `gets` are the rules whose payee is the store's merchant or a guide there; `pays` those of others that its own book
    owes, which is so where it is the principal. Of a brand that is the principal nothing more is told: the rest is
    its own.
    """

    contract: Contract
    version: PlanVersion | None
    begins: datetime
    gets: Sequence[Term] = ()
    pays: Sequence[Term] = ()

    @property
    def keeps_the_rest(self) -> bool:
        """The store's merchant does."""
        return self.contract.mode == Contract.Mode.DIRECT

    @property
    def gets_in_words(self) -> list[str]:
        return [self._told(term) for term in self.gets]

    @property
    def pays_in_words(self) -> list[str]:
        return [self._told(term) for term in self.pays]

    @property
    def gets_in_short(self) -> list[tuple[str, str]]:
        """Role and claim, as plans are listed."""
        return _in_short(self.gets)

    @property
    def pays_in_short(self) -> list[tuple[str, str]]:
        return _in_short(self.pays)

    def _told(self, term: Term) -> str:
        rules = self.version.rules.all() if self.version else ()
        names = (rule.sku.name for rule in rules if rule.sku and rule.sku_id == term.sku)
        return rule_in_words(term, article=next(names, ""))


@dataclass(frozen=True)
class Promised:
    """What holds at `at`, or from the contract's beginning on, and what is published to hold next."""

    contract: Contract
    now: Promise
    next: Promise | None


def promised(contract: Contract, *, at: datetime) -> Promised | None:
    """For who runs the store of a contract that the caller may see; None if it was turned down or is over at `at`."""
    found = promised_under([contract], at=at)
    return found[0] if found else None


def promised_under(contracts: Iterable[Contract], *, at: datetime) -> list[Promised]:
    """`promised` for each of these that is offered or not over, in their order.

    Reads in the scope of each brand's owner, whose plans they are, and there only versions for the contract, for its
    store's merchant, or for every store: none that was published for another contract or another merchant.
    """
    open_ones = [contract for contract in contracts if not _is_over(contract, at)]
    found: dict[int, Promised] = {}
    by_owner = attrgetter("merchant_id")
    for _owner, group in groupby(sorted(open_ones, key=by_owner), key=by_owner):
        of_owner = list(group)
        versions = _versions(of_owner[0].merchant, of_owner, at)
        for contract in of_owner:
            found[contract.pk] = _promised(contract, _concerning(versions, contract), at)
    return [found[contract.pk] for contract in open_ones]


def _promised(contract: Contract, versions: Sequence[PlanVersion], at: datetime) -> Promised:
    at = max(at, contract.starts_at)
    holding = narrowest(versions, contract=contract, at=at)
    turns = {moment for v in versions for moment in (v.effective_from, v.effective_until) if moment}
    for turn in sorted(turns):
        if turn <= at or (contract.ends_at and turn >= contract.ends_at):
            continue
        then = narrowest(versions, contract=contract, at=turn)
        if then != holding:
            return Promised(contract, _promise(contract, holding, at), _promise(contract, then, turn))
    return Promised(contract, _promise(contract, holding, at), None)


def _promise(contract: Contract, version: PlanVersion | None, begins: datetime) -> Promise:
    terms = terms_of(version) if version else []
    gets = [term for term in terms if term.role in OF_THE_STORE]
    pays = [term for term in terms if term.role not in OF_THE_STORE and term.kind != "residual"]
    return Promise(contract, version, begins, gets, pays if contract.mode == Contract.Mode.DIRECT else [])


def _versions(owner: Merchant, contracts: Sequence[Contract], at: datetime) -> list[PlanVersion]:
    """Published by the owner and not over at `at`, with their rules and articles."""
    with acting_for(owner):
        return list(
            PlanVersion.objects.filter(
                Q(effective_until=None) | Q(effective_until__gt=at),
                Q(contract=None, channel=None)
                | Q(channel__in={contract.counterparty_id for contract in contracts})
                | Q(contract__in=[contract.pk for contract in contracts]),
                plan__brand__in={contract.brand_id for contract in contracts},
                published_at__isnull=False,
            )
            .select_related("plan")
            .prefetch_related("rules__sku")
        )


def _in_short(terms: Iterable[Term]) -> list[tuple[str, str]]:
    return [(str(Rule.Role(term.role).label), claim_of(term)) for term in terms]


def _concerning(versions: Iterable[PlanVersion], contract: Contract) -> list[PlanVersion]:
    return [
        version
        for version in versions
        if version.plan.brand_id == contract.brand_id
        and version.contract_id in (None, contract.pk)
        and version.channel_id in (None, contract.counterparty_id)
    ]


def _is_over(contract: Contract, at: datetime) -> bool:
    turned_down = contract.declined_at is not None or contract.withdrawn_at is not None
    return turned_down or contract.never_began or (contract.ends_at is not None and contract.ends_at <= at)
