from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Func
from django.db.models.functions import MD5, Cast, Left, Mod
from django.utils import timezone


class Xid8(models.Field):
    """PostgreSQL's 64-bit transaction id. Only the relay compares it, and only inside one cluster."""

    def db_type(self, connection) -> str:
        return "xid8"


class CurrentXid(Func):
    function = "pg_current_xact_id"
    template = "%(function)s()"
    output_field = Xid8()


class ClockTime(Func):
    function = "clock_timestamp"
    template = "%(function)s()"
    output_field = models.DateTimeField()


class EventQuerySet(models.QuerySet):
    """Reads in stream order carry `seq`, the number given after commit; without one an event is not there."""

    def numbered(self) -> "EventQuerySet":
        return self.filter(position__isnull=False).annotate(seq=F("position__seq"))

    def after(self, seq: int) -> "EventQuerySet":
        return self.numbered().filter(position__seq__gt=seq).order_by("position__seq")

    def newest_first(self) -> "EventQuerySet":
        return self.numbered().order_by("-position__seq")

    def for_merchant(self, merchant_id: int) -> "EventQuerySet":
        return self.filter(merchant_id=merchant_id)

    def in_lane(self, number: int, of: int) -> "EventQuerySet":
        """Of so many lanes the one that the event's subject falls into, counted from 0: always the same."""
        digest = Func(Left(MD5("subject"), 7), template="('x' || %(expressions)s)::bit(28)::int")
        return self.alias(lane=Mod(Cast(digest, models.IntegerField()), of)).filter(lane=number)

    def concerning(self, *refs: str) -> "EventQuerySet":
        return self.filter(concerns__overlap=list(refs))


class Event(models.Model):
    """One change that mattered, written with it, never changed. It points at nobody, so anyone may write one.

    The payload is already what its merchant may see: ids, codes, amounts, never a name, a phone or free text.
    """

    merchant_id = models.BigIntegerField()
    kind = models.CharField(max_length=64)
    subject = models.CharField(max_length=32)
    actor_kind = models.CharField(max_length=8)
    actor_ref = models.CharField(max_length=64)
    payload = models.JSONField(default=dict)
    concerns = ArrayField(models.CharField(max_length=32), default=list)
    at = models.DateTimeField(default=timezone.now)
    recorded_at = models.DateTimeField(db_default=ClockTime(), editable=False)
    xid = Xid8(db_default=CurrentXid(), editable=False)

    objects = models.Manager.from_queryset(EventQuerySet)()

    class Meta:
        indexes = [
            GinIndex(fields=["concerns"], name="event_concerns"),
            models.Index(fields=["merchant_id", "-id"], name="event_of_merchant"),
            models.Index(fields=["xid"], name="event_by_transaction"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"


class Position(models.Model):
    """The number an event got after its commit. Without gaps, and every reader follows it."""

    seq = models.BigIntegerField(primary_key=True)
    # No constraint in the database: checking it would write a lock into every event's row once more.
    event = models.OneToOneField(
        Event, on_delete=models.DO_NOTHING, db_constraint=False, related_name="position"
    )

    def __str__(self) -> str:
        return f"{self.seq}"


class RelayState(models.Model):
    """The one row in which the relay remembers what it had seen; meaningful only in the cluster it names."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    cluster = models.TextField()
    snapshot = models.TextField()
    last_seq = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="relay_state_is_one_row")]

    def __str__(self) -> str:
        return f"{self.last_seq} at {self.snapshot}"


class Reader(models.Model):
    """How far somebody who follows the stream has come."""

    name = models.CharField(max_length=64, primary_key=True)
    seq = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.name} at {self.seq}"


class Fault(models.Model):
    """An event that a reader could not act on, set aside so that the others go on, and tried again.

    Later events of the same merchant and subject wait behind it, without an error and a time of their own:
    order is kept per subject.
    """

    reader = models.CharField(max_length=64)
    event = models.ForeignKey(Event, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+")
    seq = models.BigIntegerField()
    error = models.CharField(max_length=255, blank=True, help_text="Its type and place, never its text")
    attempts = models.PositiveIntegerField(default=0)
    retry_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["reader", "retry_at"], name="fault_due")]
        constraints = [
            models.UniqueConstraint(fields=["reader", "event"], name="fault_one_per_reader_and_event"),
            models.CheckConstraint(
                condition=models.Q(error="", retry_at=None)
                | ~models.Q(error="") & models.Q(retry_at__isnull=False),
                name="fault_waits_or_has_an_error",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reader} {self.event_id}: {self.error or 'waits'}"
