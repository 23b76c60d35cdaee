from datetime import date

from django.db import models
from django.db.models import F, Q
from django_scopes import ScopedManager

from events.models import ClockTime
from merchants.models import Merchant, Party
from merchants.refs import RefField


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
            models.UniqueConstraint(fields=["id", "book"], name="account_with_book"),
        ]

    def __str__(self) -> str:
        return f"{self.code}:{self.party_id}" if self.party_id else self.code


NEVER_CLOSED = date(1999, 12, 31)  # the day before the first that anything may be dated


def _sum() -> models.DecimalField:
    """Of many transfers, each of which may take the whole of a bigint."""
    return models.DecimalField(max_digits=38, decimal_places=0)


class BookClosing(models.Model):
    """Up to which date a book is closed: what is told later is booked after it."""

    book = models.OneToOneField(Merchant, on_delete=models.PROTECT, related_name="closing")
    through = models.DateField(default=NEVER_CLOSED)

    objects = ScopedManager(merchant="book")

    def __str__(self) -> str:
        return f"{self.book_id} {self.through}"


class ClosedPeriod(models.Model):
    """What a book held that was booked after one date and up to another, once it had been closed."""

    book = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="+", db_index=False)
    after = models.DateField()
    through = models.DateField()
    count = models.BigIntegerField()
    amount = _sum()
    sha256 = models.BinaryField()
    sealed_at = models.DateTimeField(db_default=ClockTime(), editable=False)

    objects = ScopedManager(merchant="book")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["book", "through"], name="closed_period_once_a_book"),
            models.CheckConstraint(condition=Q(after__lt=F("through")), name="closed_period_has_days"),
        ]

    def __str__(self) -> str:
        return f"{self.book_id} {self.after}..{self.through}"


class Transfer(models.Model):
    """Money from one account of a book to another: the debit pays, the credit gets. Written once, by
    `transfers.post` or `sets.post_set`; nothing in the ledger is updated or deleted.

    Both accounts share its book and currency, and it stands where its key says: looked at once a statement (migration
    0010), so there are no keys here. Stored in months by `booked_on`: whoever knows that day says it.
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
            models.CheckConstraint(condition=Q(amount__gt=0), name="transfer_above_zero"),
            models.CheckConstraint(condition=~Q(debit=F("credit")), name="transfer_between_two_accounts"),
        ]
        indexes = [
            models.Index(fields=["book", "id"], name="transfer_of_book"),
            models.Index(
                fields=["debit", "id"], include=["amount", "business_date"], name="transfer_of_debit"
            ),
            models.Index(
                fields=["credit", "id"], include=["amount", "business_date"], name="transfer_of_credit"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.source_id}"


class TransferKey(models.Model):
    """What a source moved of one kind in one book, told once and whole: `legs` transfers, booked on one day, with ids
    from `first_id` to `last_id` (others' ids may lie in between)."""

    pk = models.CompositePrimaryKey("book", "source", "source_id", "kind")
    book = models.ForeignKey(
        Merchant, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    source = models.CharField(max_length=16)
    source_id = models.CharField(max_length=48)
    kind = models.CharField(max_length=24)
    booked_on = models.DateField()
    legs = models.PositiveIntegerField()
    first_id = models.BigIntegerField()
    last_id = models.BigIntegerField()

    objects = ScopedManager(merchant="book")

    def __str__(self) -> str:
        return f"{self.kind} {self.source_id}"


class Snapshot(models.Model):
    """What moved on one account up to and including the transfer `cursor`. Kept by `snapshots.roll`, and never
    believed without proof: the owner may empty the table, and it is rolled anew."""

    account = models.OneToOneField(
        Account, on_delete=models.PROTECT, primary_key=True, related_name="snapshot"
    )
    book = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="+")
    debits = _sum()
    credits = _sum()
    cursor = models.BigIntegerField()

    objects = ScopedManager(merchant="book")

    def __str__(self) -> str:
        return f"{self.account_id} up to {self.cursor}"


class Block(models.Model):
    """The transfers of a book with ids from `first_id` to `last_id`, sealed: `sha256` is over each of them and the
    block before. Ids are without gaps from block to block; those of other books lie in between."""

    book = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="+", db_index=False)
    number = models.PositiveIntegerField(help_text="From 1")
    first_id = models.BigIntegerField()
    last_id = models.BigIntegerField()
    count = models.PositiveIntegerField()
    amount = _sum()
    leaves = models.BinaryField(help_text="16 bytes a transfer: its id and the beginning of its digest")
    previous = models.BinaryField(help_text="sha256 of the block before; nothing for the first")
    sha256 = models.BinaryField()
    sealed_at = models.DateTimeField(db_default=ClockTime(), editable=False)

    objects = ScopedManager(merchant="book")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["book", "number"], name="block_once_a_number"),
            models.UniqueConstraint(fields=["book", "first_id"], name="block_once_a_beginning"),
            models.CheckConstraint(
                condition=Q(first_id__lte=F("last_id"), count__gt=0, amount__gte=F("count")),
                name="block_holds_transfers",
            ),
            models.CheckConstraint(
                condition=Q(number=1, previous=b"") | (Q(number__gt=1) & ~Q(previous=b"")),
                name="block_has_one_before_it_or_is_the_first",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.book_id} no. {self.number}"


class ProofRun(models.Model):
    """One proof of a book: what was found, which is nothing if it holds, and the head of its chain at that time."""

    ref = RefField(prefix="prf")
    book = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="+", db_index=False)
    business_date = models.DateField(help_text="The book's last business date that was over")
    at = models.DateTimeField()
    transfers = models.BigIntegerField(help_text="In all blocks")
    block = models.PositiveIntegerField(help_text="The last one's number, 0 if there is none")
    head = models.BinaryField(help_text="Its sha256")
    findings = models.JSONField(default=list)
    recorded_at = models.DateTimeField(db_default=ClockTime(), editable=False)

    objects = ScopedManager(merchant="book")

    class Meta:
        indexes = [models.Index(fields=["book", "-id"], name="proof_newest_first")]

    def __str__(self) -> str:
        return f"{self.ref} {self.business_date}"

    @property
    def holds(self) -> bool:
        return not self.findings

    @property
    def failed(self) -> list[str]:
        """The checks that failed, each once, in the order they were made."""
        return list(dict.fromkeys(finding["check"] for finding in self.findings))
