"""How far a settlement batch has come, from its first step to the last: what of it is paid, to whom, and whether the
rails' bills agree. After it is posted nothing of this is stored: it is read from payouts, their parts and bills, so it
cannot say otherwise than they do (docs/adr, “A batch is paid when its payouts are”). Inside the book's scope.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db import connection
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from commissions.models import Payout, SettlementBatch
from commissions.payouts import laying
from merchants.models import Merchant, Party

Stored = SettlementBatch.State
UNDER_WAY = (*Payout.OPEN, Payout.State.CONTESTED)


class Stage(TextChoices):
    """A batch's own states up to `posted`, and what follows from its payouts."""

    OPEN = "open", _("Being opened")
    FROZEN = "frozen", _("Frozen")
    APPROVED = "approved", _("Approved and locked")
    POSTED = "posted", _("Payable")
    PAYING = "paying", _("Being paid")
    PARTIALLY_PAID = "partially_paid", _("Partly paid")
    PAID = "paid", _("Paid out")
    RECONCILED = "reconciled", _("Reconciled with bills")


@dataclass(frozen=True)
class Part:
    """What a batch made payable at once to one payee and what became of it, minor units: amount = paid + under_way +
    set_off + left. `came_back` is the part of `left` that had been sent. What is left to a guide lies in her wallet.

    `paid` with the tax that was withheld. `set_off`: taken back by a refund since, kept for what the payee owed, or
    set against what it owes the book.
    """

    payee: Party
    amount: int
    paid: int
    under_way: int
    set_off: int
    left: int
    came_back: int

    @property
    def is_guides(self) -> bool:
        return self.payee.kind == Party.Kind.GUIDE

    @property
    def unpaid(self) -> int:
        """What has not arrived: sent without an answer, or not sent."""
        return self.under_way + self.left


@dataclass(frozen=True)
class Progress:
    """`parts` by payee. `payments` is how many payouts arrived that paid of it, `matched` how many of them a rail's
    bill has, without a break that is still to be worked."""

    stage: Stage
    parts: tuple[Part, ...] = ()
    payments: int = 0
    matched: int = 0

    @property
    def amount(self) -> int:
        return sum(part.amount for part in self.parts)

    @property
    def paid(self) -> int:
        return sum(part.paid for part in self.parts)

    @property
    def under_way(self) -> int:
        return sum(part.under_way for part in self.parts)

    @property
    def set_off(self) -> int:
        return sum(part.set_off for part in self.parts)

    @property
    def came_back(self) -> int:
        return sum(part.came_back for part in self.parts)

    @property
    def unpaid(self) -> int:
        return sum(part.unpaid for part in self.parts)

    @property
    def in_wallets(self) -> int:
        """What guides may draw when they like."""
        return sum(part.left for part in self.parts if part.is_guides)

    @property
    def left(self) -> int:
        """What the book has still to send by itself."""
        return sum(part.left for part in self.parts if not part.is_guides)


@dataclass(frozen=True)
class Payment:
    """A payout that pays `amount` of a batch, or was to: loaded with nothing but itself."""

    payout: Payout
    amount: int


def of(book: Merchant, batches: Sequence[SettlementBatch]) -> dict[int, Progress]:
    """By the batch's id, in five statements however many batches and payees."""
    posted = [batch.pk for batch in batches if batch.state == Stored.POSTED]
    parts, payments = _parts(book, posted), _payments(posted)
    return {
        batch.pk: _progress(batch, tuple(parts[batch.pk]), *payments.get(batch.pk, (0, 0)))
        for batch in batches
    }


def payments_of(batch: SettlementBatch) -> dict[int, list[Payment]]:
    """By payee, the payouts that were made for some of the batch, the first first: those that failed or came back
    too."""
    found: dict[int, list[Payment]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(_PAYMENTS_OF, {"batch": batch.pk})
        rows = cursor.fetchall()
    payouts = Payout.objects.in_bulk([payout for payout, _amount in rows])
    for pk, amount in rows:
        found[payouts[pk].payee_id].append(Payment(payouts[pk], amount))
    return found


def _progress(batch: SettlementBatch, parts: tuple[Part, ...], payments: int, matched: int) -> Progress:
    reached = Progress(Stage(batch.state), parts, payments, matched)
    return Progress(_stage(batch, reached), parts, payments, matched)


def _stage(batch: SettlementBatch, reached: Progress) -> Stage:
    """A day counts as paid when the book has nothing more to send: what a guide leaves in her wallet is hers to draw.
    But where nothing has been paid at all it is not called so, and what was sent to her and came back counts."""
    if batch.state != Stored.POSTED or batch.due_total is None:
        return Stage(batch.state)
    if reached.under_way:
        return Stage.PAYING
    if reached.paid and (reached.came_back or reached.left):
        return Stage.PARTIALLY_PAID
    if reached.came_back or reached.left or (reached.in_wallets and not reached.paid):
        return Stage.POSTED
    return Stage.RECONCILED if reached.payments and reached.matched == reached.payments else Stage.PAID


def _payments(batches: Collection[int]) -> dict[int, tuple[int, int]]:
    """By batch: how many payouts that arrived paid of it, and how many of them are matched."""
    with connection.cursor() as cursor:
        cursor.execute(_PAYMENTS, {"batches": list(batches)})
        return {batch: (payments, matched) for batch, payments, matched in cursor.fetchall()}


def _parts(book: Merchant, batches: Collection[int]) -> dict[int, list[Part]]:
    found: dict[int, list[Part]] = defaultdict(list)
    if not batches:
        return found
    with connection.cursor() as cursor:
        cursor.execute(
            _PARTS,
            {
                "batches": list(batches),
                "book": book.pk,
                "currency": book.currency,
                "under_way": list(UNDER_WAY),
                "given_back": list(Payout.GIVEN_BACK),
            },
        )
        rows = cursor.fetchall()
    payees = Party.objects.select_related("merchant", "guide").in_bulk({row[1] for row in rows})
    lines = laying.reached(book) if rows else {}
    for batch, payee, amount, paid, under_way, set_off, came_back, open_before, laid in rows:
        length, due = lines[payee]
        # What has left `due` since the last payout is laid over the oldest stretches, as the next payout will lay it.
        since = max(length - laid - max(due, 0) - open_before, 0)
        open_ = amount - paid - under_way - set_off
        left = max(open_ - since, 0)
        found[batch].append(
            Part(
                payee=payees[payee],
                amount=amount,
                paid=paid,
                under_way=under_way,
                set_off=amount - paid - under_way - left,
                left=left,
                came_back=min(came_back, left),
            )
        )
    return found


# How many fen of one multirange lie within another.
_WITHIN = (
    "(SELECT coalesce(sum(upper(r) - lower(r)), 0)::bigint FROM unnest({} * int8multirange({})) AS fen(r))"
)
_STRETCH = "int8range(t.start, t.start + t.amount)"
# The first fen of a payout are those it kept for what the payee owed.
_BEFORE_IT = (
    "coalesce(sum(t.amount) FILTER (WHERE NOT t.set_off) OVER (PARTITION BY p.id ORDER BY t.start"
    " ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)"
)
_KEPT, _SENT = "int8range(t.start, t.start + t.kept)", "int8range(t.start + t.kept, t.start + t.amount)"
_NONE = "'{}'::int8multirange"
_BEFORE = "int8range(0, d.up_to - d.amount)"

# Per batch and payee: its fen by what is laid over them, and how many before them are laid over by nothing.
_PARTS = f"""
WITH dues AS MATERIALIZED (
    SELECT batch_id, payee_id, amount, up_to, int8range(up_to - amount, up_to) AS span
    FROM commissions_batchdue WHERE batch_id = ANY(%(batches)s)
),
pieces AS MATERIALIZED (
    SELECT p.payee_id, p.state, t.set_off, t.start, t.amount,
        least(t.amount, greatest(0, CASE WHEN t.set_off THEN 0 ELSE p.recovered - {_BEFORE_IT} END))::bigint AS kept
    FROM commissions_payout p JOIN commissions_payoutpart t ON t.payout_id = p.id
    WHERE p.merchant_id = %(book)s AND p.currency = %(currency)s
      AND p.payee_id IN (SELECT payee_id FROM dues)
),
laid AS MATERIALIZED (
    SELECT w.payee_id,
        coalesce(range_agg({_STRETCH}) FILTER (WHERE t.set_off), {_NONE})
            + coalesce(range_agg({_KEPT}) FILTER (WHERE NOT t.state = ANY(%(given_back)s)), {_NONE}) AS set_off,
        coalesce(range_agg({_SENT}) FILTER (WHERE NOT t.set_off AND t.state = 'succeeded'), {_NONE}) AS paid,
        coalesce(range_agg({_SENT}) FILTER (WHERE NOT t.set_off AND t.state = ANY(%(under_way)s)), {_NONE})
            AS under_way,
        coalesce(range_agg({_STRETCH}) FILTER (WHERE NOT t.set_off AND t.state = ANY(%(given_back)s)), {_NONE})
            AS given_back
    FROM (SELECT DISTINCT payee_id FROM dues) w
    LEFT JOIN pieces t USING (payee_id)
    GROUP BY w.payee_id
),
standing AS MATERIALIZED (
    SELECT payee_id, set_off, paid, under_way, set_off + paid + under_way AS laid,
           given_back - set_off - paid - under_way AS given_back
    FROM laid
)
SELECT d.batch_id, d.payee_id, d.amount,
    {_WITHIN.format("s.paid", "d.span")},
    {_WITHIN.format("s.under_way", "d.span")},
    {_WITHIN.format("s.set_off", "d.span")},
    {_WITHIN.format("s.given_back", "d.span")},
    d.up_to - d.amount - {_WITHIN.format("s.laid", _BEFORE)},
    {_WITHIN.format("s.laid", "int8range(0, NULL)")}
FROM dues d JOIN standing s USING (payee_id)
ORDER BY d.batch_id DESC, d.amount DESC, d.payee_id
"""

_LAID_OVER = """
FROM commissions_batchdue d
JOIN commissions_payout p ON p.merchant_id = d.merchant_id AND p.payee_id = d.payee_id
JOIN commissions_payoutpart t ON t.payout_id = p.id AND NOT t.set_off
    AND t.start < d.up_to AND t.start + t.amount > d.up_to - d.amount
"""

# A payout with nothing left to send is on no bill. A break that finance has explained is worked.
_PAYMENTS = f"""
SELECT batch_id, count(*), count(*) FILTER (WHERE matched) FROM (
    SELECT DISTINCT d.batch_id, p.id,
        EXISTS (SELECT FROM commissions_billline l WHERE l.payout_id = p.id AND NOT l.incoming)
        AND NOT EXISTS (SELECT FROM commissions_break b WHERE b.payout_id = p.id AND b.state = 'open') AS matched
    {_LAID_OVER}
    WHERE d.batch_id = ANY(%(batches)s) AND p.state = 'succeeded' AND p.net > 0
) paid GROUP BY batch_id
"""

_PAYMENTS_OF = f"""
SELECT p.id, sum(least(t.start + t.amount, d.up_to) - greatest(t.start, d.up_to - d.amount))::bigint
{_LAID_OVER}
WHERE d.batch_id = %(batch)s GROUP BY p.id ORDER BY p.id
"""
