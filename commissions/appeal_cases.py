"""A case of an appeal while somebody holds it: taken once, closed once, and told to everybody it concerns."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from commissions.models import Appeal, Split
from commissions.settlement import lock
from events.record import Actor, Happening, record_many
from guides.models import Guide
from merchants.errors import Conflict
from merchants.scoping import acting_for


def held(row: Appeal) -> Appeal:
    """The appeal as it stands, its line held: nobody decides it twice, nor while a refund takes from the line.
    Inside its book's scope and a transaction. Conflict `appeal.decided` if it is not open any more."""
    lock(Split.objects.filter(pk=row.split_id))
    rows = Appeal.objects.select_related("merchant", "split__order", "split__line", "split__store")
    mine = rows.select_related("guide__user", "guide__merchant").get(pk=row.pk)
    if not mine.is_open:
        raise Conflict(
            "appeal.decided",
            _("This appeal is not open any more."),
            next_step=_("Load the page again to see how it ended."),
        )
    return mine


def close(row: Appeal, state: str, *, by: Actor, at: datetime, words: str = "") -> Appeal:
    """Nothing moves. Conflict `appeal.decided`."""
    with acting_for(row.merchant), transaction.atomic():
        return decided(held(row), state, [], by=by, at=at, words=words)


def decided(
    row: Appeal, state: str, guides: Iterable[Guide], *, by: Actor, at: datetime, words: str
) -> Appeal:
    """Write how a held appeal ends; `guides` are whom it concerns besides the one who appealed."""
    row.state, row.decided_at, row.decided_by, row.words = state, at, by.ref, words.strip()
    row.save(update_fields=["state", "decided_at", "decided_by", "words", "amount", "moved_to"])
    tell("appeal.answered", row, guides=guides, by=by, at=at)
    return row


def tell(kind: str, row: Appeal, *, guides: Iterable[Guide] = (), by: Actor, at: datetime) -> None:
    """To the book's owner and to the seller; what people wrote stays in the row."""
    split = row.split
    payee = row.moved_to.guide if row.moved_to and row.moved_to.guide else row.guide
    payload = {
        "appeal": row.ref,
        "order": split.order.ref,
        "line": split.line.number,
        "payee": payee.ref,
        "reason": row.reason,
        "state": row.state,
        "amount": row.amount or 0,
        "currency": split.currency,
    }
    people = [ref for guide in dict.fromkeys([row.guide, *guides]) for ref in (guide.ref, guide.user.ref)]
    record_many(
        [
            Happening(
                kind,
                merchant_id=pk,
                subject=row.ref,
                payload=payload,
                concerns=[*people, split.store.ref],
                at=at,
            )
            for pk in sorted({row.merchant_id, row.counterparty_id})
        ],
        by=by,
    )
