"""What is due to a guide is her wallet: a purse with each merchant who pays her, drawn from by herself."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from commissions.models import PayeeAccount, Payout, Share, WithdrawalPolicy
from commissions.payouts import payee_accounts
from commissions.payouts.paying import Parts, parts_of, pay, under_way
from events.record import Actor, record
from guides.models import Guide
from ledger import balances
from merchants.errors import DomainError
from merchants.models import Merchant
from merchants.scoping import acting_for


@dataclass(frozen=True)
class Purse:
    """What one payer owes the guide, minor units: `due` now, `reserve` once goods can no longer be returned, `owed`
    back by her (≥ 0), kept first. `account` is where it would go; `under_way` the payout that has no final answer
    yet."""

    book: Merchant
    due: int
    reserve: int
    owed: int
    minimum: int
    account: PayeeAccount | None
    under_way: Payout | None

    @property
    def can_draw(self) -> bool:
        return self.account is not None and self.under_way is None and self.due >= max(self.minimum, 1)


def purses(guide: Guide) -> list[Purse]:
    """A purse with each merchant who ever owed the guide a share, her employer first."""
    with acting_for(guide.merchant):
        shares = Share.payable.filter(guide=guide)
        owing = set(shares.values_list("merchant_id", flat=True).distinct())
    payers = Merchant.objects.filter(Q(pk__in=owing) | Q(pk=guide.merchant_id)).order_by("id")
    return sorted((_purse(book, guide) for book in payers), key=lambda p: p.book.pk != guide.merchant_id)


def quote(purse: Purse, guide: Guide, *, amount: int | None = None, at: datetime | None = None) -> Parts:
    """What drawing `amount` (all, if left out) would come to now: kept, taxed, sent. Nothing is written, and what
    happens before it is drawn may change it. Refuses what `withdraw` refuses."""
    _check(purse, amount)
    with acting_for(purse.book):
        return parts_of(
            purse.book, guide.party, due=purse.due, owed=purse.owed, amount=amount, at=at or timezone.now()
        )


@transaction.atomic
def keep_account(
    *, guide: Guide, holder: str, bank: str, number: str, by: Actor, at: datetime | None = None
) -> list[PayeeAccount]:
    """From now on whoever pays the guide sends to this account, one row with each payer. DomainError
    `payee_account.invalid`."""
    books = sorted((purse.book for purse in purses(guide)), key=lambda book: book.pk)  # one order: they lock
    keep = partial(
        payee_accounts.keep, party=guide.party, holder=holder, bank=bank, number=number, by=by, at=at
    )
    return [keep(payer=book) for book in books]


def withdraw(
    *,
    guide: Guide,
    by: Actor,
    amount: int | None = None,
    book: Merchant | None = None,
    at: datetime | None = None,
) -> Payout:
    """The guide draws `amount` (minor units; all of it if left out) of what is due to her, by bank file, to the account
    that is kept now and no other; one at a time. `book` may be left out where only one purse holds money.
    DomainError `wallet.choose_purse`, `wallet.no_account`, `wallet.below_minimum`, and whatever `pay` refuses.
    """
    purse = _chosen(guide, book)
    _check(purse, amount)
    return pay(
        book=purse.book,
        payee=guide.party,
        rail=Payout.Rail.BANK,
        account=purse.account,
        amount=amount,
        by=by,
        at=at or timezone.now(),
    )


def _check(purse: Purse, amount: int | None) -> None:
    if purse.account is None:
        raise DomainError(
            "wallet.no_account",
            _("No bank account of yours is kept."),
            next_step=_("Give your bank account to whoever pays you, then draw again."),
        )
    if purse.under_way:
        raise under_way()
    if (purse.due if amount is None else amount) < purse.minimum:
        raise DomainError(
            "wallet.below_minimum",
            _("This is less than can be drawn at once."),
            next_step=_("Wait until more is due to you."),
            field="amount",
            extra={"minimum": purse.minimum},
        )


def ask_minimum(*, merchant: Merchant, minimum: int, by: Actor) -> WithdrawalPolicy:
    """Guides draw at least `minimum` (minor units, 0 for any amount) from this merchant at once. DomainError
    `wallet.minimum_invalid`."""
    if minimum < 0:
        raise DomainError(
            "wallet.minimum_invalid",
            _("The smallest withdrawal cannot be below zero."),
            next_step=_("Enter zero to let any amount be drawn."),
            field="minimum",
        )
    with acting_for(merchant), transaction.atomic():
        policy, _made = WithdrawalPolicy.objects.update_or_create(
            merchant=merchant, defaults={"minimum": minimum}
        )
        record(
            "withdrawal.minimum_asked",
            merchant_id=merchant.pk,
            subject=merchant.ref,
            payload={"minimum": minimum},
            concerns=[],
            by=by,
        )
    return policy


def _chosen(guide: Guide, book: Merchant | None) -> Purse:
    if book is not None:
        return _purse(book, guide)
    found = purses(guide)
    filled = [purse for purse in found if purse.due > 0]
    if len(filled) > 1:
        raise DomainError(
            "wallet.choose_purse",
            _("More than one merchant owes you money."),
            next_step=_("Choose whose you want to draw."),
            field="book",
        )
    return (filled or found)[0]


def _purse(book: Merchant, guide: Guide) -> Purse:
    with acting_for(book):
        standing = balances.of_party(book, guide.party)
        policy = WithdrawalPolicy.objects.filter(merchant=book).first()
        accounts = PayeeAccount.objects.filter(party=guide.party, ended_at=None)
        under_way = Payout.objects.filter(payee=guide.party, state__in=Payout.OPEN)
        return Purse(
            book=book,
            due=standing.get("due", 0),
            reserve=standing.get("reserve", 0),
            owed=-standing.get("owed", 0),
            minimum=policy.minimum if policy else 0,
            account=accounts.first(),
            under_way=under_way.first(),
        )
