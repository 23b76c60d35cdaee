"""A guide says that a share of a line is rather theirs; the owner of the line's book decides. What was split stands:
an upheld appeal moves money, in a row of its own.

Locks: the split, then a fresh look at the appeal; then as a refund does (docs/adr/0006).
"""

from datetime import date, datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from commissions import moving
from commissions.accruals import WORKER
from commissions.appeal_terms import last_day, policy_of
from commissions.models import GUIDE_ROLES, Appeal, Share, Split
from commissions.settlement import lock, parts_of, with_parts
from events.record import Actor, Happening, record_many
from guides.models import Guide
from merchants.business_day import business_date
from merchants.errors import Conflict, DomainError
from merchants.finding import not_found
from merchants.models import Merchant
from merchants.money import yuan
from merchants.scoping import acting_for
from orders.models import OrderLine

State, Reason = Appeal.State, Appeal.Reason


@transaction.atomic
def appeal(
    *,
    line: OrderLine,
    guide: Guide,
    reason: str,
    by: Actor,
    note: str = "",
    share: Share | None = None,
    at: datetime | None = None,
) -> Appeal:
    """A guide of the seller appeals the split of a line; `share` is the one disputed, by default the colleague's
    that fits the reason, or the principal's rest where no colleague got any.

    NotFound for another merchant's line. DomainError `appeal.not_split` (too early), `appeal.too_late`;
    Conflict `appeal.under_way` while one of the same guide is open.
    """
    at = at or timezone.now()
    if line.merchant_id != guide.merchant_id:
        raise not_found(OrderLine, field="line")
    with acting_for(guide.merchant):
        split = _in_time(line, at)
        shares = parts_of(split)
        if share is not None and share.pk not in {row.pk for row in shares}:
            raise not_found(Share, field="share")
        disputed = share or _disputed(shares, guide, Reason(reason))
    with acting_for(split.merchant):
        try:
            with transaction.atomic():
                row = Appeal.objects.create(
                    merchant=split.merchant,
                    counterparty_id=split.counterparty_id,
                    split=split,
                    share=disputed,
                    guide=guide,
                    reason=Reason(reason),
                    note=note.strip(),
                    opened_at=at,
                    answer_by=_answer_by(split, at),
                )
        except IntegrityError as error:
            if "appeal_one_open_a_line_and_guide" not in str(error):
                raise
            raise Conflict(
                "appeal.under_way",
                _("Your appeal of this line is waiting for an answer."),
                next_step=_("Wait for the answer, or withdraw it and appeal again."),
            ) from error
        _tell("commission.appealed", row, guides=[guide], by=by, at=at)
    return row


def withdraw(*, appeal: Appeal, guide: Guide, by: Actor, at: datetime | None = None) -> Appeal:
    """Its guide takes it back. NotFound for anybody else; Conflict `appeal.decided` if it is not open any more."""
    if appeal.guide_id != guide.pk:
        raise not_found(Appeal)
    return _close(appeal, State.WITHDRAWN, by=by, at=at or timezone.now())


def expire(book: Merchant, *, on: date, by: Actor = WORKER, at: datetime | None = None) -> int:
    """Close the book's appeals whose last day to answer lies before `on`; how many."""
    with acting_for(book):
        overdue = Appeal.objects.filter(merchant=book, state=State.OPEN, answer_by__lt=on)
        late = list(overdue.select_related("merchant").order_by("id"))
    expired = 0
    for row in late:
        try:
            _close(row, State.EXPIRED, by=by, at=at or timezone.now())
        except Conflict:  # decided in between
            continue
        expired += 1
    return expired


@transaction.atomic
def decide(
    *,
    appeal: Appeal,
    uphold: bool,
    by: Actor,
    amount: int | None = None,
    to: Guide | None = None,
    words: str = "",
    at: datetime | None = None,
) -> Appeal:
    """The book's owner answers. Upheld, `amount` fen (by default all that a guide holds of the disputed share) move
    to `to` (by default who appealed), in a row of their own; a rest of the principal's names its amount.

    Conflict `appeal.decided` if it is not open any more. DomainError `appeal.amount_needed`,
    `appeal.more_than_held`, `appeal.same_guide`, `appeal.foreign_guide`.
    """
    at = at or timezone.now()
    if not uphold:
        return _close(appeal, State.REJECTED, by=by, at=at, words=words)
    with acting_for(appeal.merchant):
        mine = _held(appeal)
        split = with_parts(Split.objects.filter(pk=mine.split_id), own=True).select_related("contract").get()
        shares = parts_of(split)
        source = next(share for share in shares if share.pk == mine.share_id)
        to = to or mine.guide
        amount = _amount(source, amount)
        _check_payee(source, to, mine)
        mine.moved_to = moving.move(
            split,
            shares,
            source,
            amount,
            to=to,
            role=moving.role_of(source, mine.reason),
            source_id=mine.ref,
            why={
                "because": "appeal",
                "appeal": mine.ref,
                "reason": mine.reason,
                "fixed": amount,
                "per_unit": False,
                "from": {"number": source.number, "payee": _ref(source), "because": source.why["because"]},
                "losers": [],
            },
            on=business_date(at, zone=split.merchant.time_zone, cut_off=split.merchant.cut_off),
            at=at,
        )
        mine.amount = amount
        guides = [mine.guide, to, *([source.guide] if source.guide else [])]
        return _decided(mine, State.UPHELD, guides, by=by, at=at, words=words)


def _in_time(line: OrderLine, at: datetime) -> Split:
    """The line's split with its parts, while it may be appealed; inside its seller's scope."""
    split = with_parts(Split.party.filter(line=line)).select_related("store", "counterparty").first()
    if split is None:
        raise DomainError(
            "appeal.not_split",
            _("This sale is still being worked out."),
            next_step=_("Look again in a minute."),
        )
    today = business_date(at, zone=split.store.time_zone, cut_off=split.counterparty.cut_off)
    if today > last_day(split):
        raise DomainError(
            "appeal.too_late",
            _("This sale could be appealed until %(day)s.") % {"day": last_day(split).isoformat()},
            next_step=_("Ask your store manager to speak with headquarters."),
        )
    return split


def _disputed(shares: list[Share], guide: Guide, reason: Appeal.Reason) -> Share:
    """The colleague's share that fits the reason, or the first one; the principal's own where there is none."""
    others = [
        share
        for share in shares
        if share.role in GUIDE_ROLES and share.guide_id != guide.pk and share.held and reason != Reason.AMOUNT
    ]
    if others:
        wanted = {Reason.SERVED: "serving"}.get(reason, str(reason))
        return min(others, key=lambda share: (share.role != wanted, share.number))
    return next(share for share in shares if share.is_principals)


def _answer_by(split: Split, at: datetime) -> date:
    book = split.merchant
    today = business_date(at, zone=book.time_zone, cut_off=book.cut_off)
    return today + timedelta(days=policy_of(book, split.business_date).answer_days)


def _amount(source: Share, amount: int | None) -> int:
    if amount is None and source.guide_id is None:
        raise DomainError(
            "appeal.amount_needed",
            _("No guide got this share, so nothing says how much it would be."),
            next_step=_("Say the amount."),
            field="amount",
        )
    amount = source.held if amount is None else amount
    if not 0 < amount <= source.held:
        raise DomainError(
            "appeal.more_than_held",
            _("Of this share %(held)s is left.") % {"held": yuan(source.held)},
            next_step=_("Choose an amount above zero and up to that, or reject the appeal."),
            field="amount",
            extra={"held": source.held},
        )
    return amount


def _check_payee(source: Share, to: Guide, row: Appeal) -> None:
    if to.pk == source.guide_id:
        raise DomainError(
            "appeal.same_guide",
            _("This guide has the share already."),
            next_step=_("Choose somebody else, or reject the appeal."),
            field="to",
        )
    if to.merchant_id != row.counterparty_id:
        raise DomainError(
            "appeal.foreign_guide",
            _("A share of this sale can go to a guide of the merchant that sold it."),
            next_step=_("Choose one of its guides."),
            field="to",
        )


def _close(row: Appeal, state: str, *, by: Actor, at: datetime, words: str = "") -> Appeal:
    with acting_for(row.merchant), transaction.atomic():
        mine = _held(row)
        return _decided(mine, state, [mine.guide], by=by, at=at, words=words)


def _held(row: Appeal) -> Appeal:
    """The appeal as it stands, its line held: nobody decides it twice, nor while a refund takes from the line."""
    lock(Split.objects.filter(pk=row.split_id))
    rows = Appeal.objects.select_related(
        "merchant",
        "split__order",
        "split__line",
        "split__store",
        "share__guide__user",
        "share__payee_merchant",
    )
    mine = rows.select_related("guide__user", "guide__merchant").get(pk=row.pk)
    if not mine.is_open:
        raise Conflict(
            "appeal.decided",
            _("This appeal is not open any more."),
            next_step=_("Load the page again to see how it ended."),
        )
    return mine


def _decided(row: Appeal, state: str, guides: list[Guide], *, by: Actor, at: datetime, words: str) -> Appeal:
    row.state, row.decided_at, row.decided_by, row.words = state, at, by.ref, words.strip()
    row.save(update_fields=["state", "decided_at", "decided_by", "words", "amount", "moved_to"])
    _tell("commission.appeal_decided", row, guides=guides, by=by, at=at)
    return row


def _tell(kind: str, row: Appeal, *, guides: list[Guide], by: Actor, at: datetime) -> None:
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
    people = [ref for guide in dict.fromkeys(guides) for ref in (guide.ref, guide.user.ref)]
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


def _ref(share: Share) -> str:
    if share.guide:
        return share.guide.ref
    return share.payee_merchant.ref if share.payee_merchant else share.payee.ref
