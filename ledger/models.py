from datetime import date

from django.db import models
from django.db.models import F, Q
from django_scopes import ScopedManager

from events.models import ClockTime
from merchants.models import Merchant, Party


class Account(models.Model):
    """One account of a merchant's book: a code, and for most of them whose it is.

    `held:<where>`, `clearing` and `own:<what>` have no party; `pending`, `reserve`, `due`, `owed` have one.
    Balance = credits − debits: what the book's owner owes is +, what it has or is owed is −.
    """

    book = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="accounts")
    code = models.CharField(max_length=40)
    party = models.ForeignKey(Party, on_delete=models.PROTECT, null=True, related_name="accounts")
    currency = models.CharField(max_length=3)

    objects = ScopedManager(merchant="book")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["book", "code", "party", "currency"], nulls_distinct=False, name="account_once_a_book"
            ),
            models.UniqueConstraint(fields=["id", "book", "currency"], name="account_with_book_and_currency"),
        ]

    def __str__(self) -> str:
        return f"{self.code}:{self.party_id}" if self.party_id else self.code


NEVER_CLOSED = date(1999, 12, 31)  # the day before the first that anything may be dated


class BookClosing(models.Model):
    """Up to which date a book is closed: what is told later is booked after it."""

    book = models.OneToOneField(Merchant, on_delete=models.PROTECT, related_name="closing")
    through = models.DateField(default=NEVER_CLOSED)

    objects = ScopedManager(merchant="book")

    def __str__(self) -> str:
        return f"{self.book_id} {self.through}"


class Transfer(models.Model):
    """Money from one account of a book to another: the debit pays, the credit gets. Written once, by
    `transfers.post` or `sets.post_set`; nothing in the ledger is updated or deleted.

    Both accounts are held with book and currency by one composite key each (migration 0002), so a key of the single
    columns would look the same row up once more, for every transfer.
    """

    book = models.ForeignKey(
        Merchant, on_delete=models.PROTECT, related_name="transfers", db_constraint=False, db_index=False
    )
    debit = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="debits", db_constraint=False, db_index=False
    )
    credit = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="credits", db_constraint=False, db_index=False
    )
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    kind = models.CharField(max_length=24)
    source = models.CharField(max_length=16, help_text="What told the story: sale, settlement, refund")
    source_id = models.CharField(max_length=48, help_text="Its public reference, such as ord_…/2")
    position = models.PositiveSmallIntegerField(
        default=0, help_text="Which of the story's transfers of this kind"
    )
    business_date = models.DateField()
    booked_on = models.DateField(
        help_text="The business date, or the first open one of a book closed beyond it"
    )
    at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=ClockTime(), editable=False)

    objects = ScopedManager(merchant="book")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["book", "source", "source_id", "kind", "position"], name="transfer_once_a_source"
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="transfer_above_zero"),
            models.CheckConstraint(condition=~Q(debit=F("credit")), name="transfer_between_two_accounts"),
        ]
        indexes = [
            models.Index(fields=["debit", "business_date"], include=["amount"], name="transfer_by_debit"),
            models.Index(fields=["credit", "business_date"], include=["amount"], name="transfer_by_credit"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.source_id}"
