"""A guide says that a share of a line is rather theirs; the owner of the line's book decides. What was split stands:
an upheld appeal moves money, in a row of its own.

Who may answer is the face's to ask; that nobody answers their own appeal holds here. Locks: the split, then a fresh
look at the appeal; then as a refund does (docs/adr/0006).
"""

from datetime import date, datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from commissions import appeal_cases, locked, moving
from commissions.accruals import WORKER
from commissions.appeal_terms import is_given_back, last_day, policy_of
from commissions.models import GUIDE_ROLES, Appeal, Share, Split
from commissions.models.split import BY_APPEAL
from commissions.settlement import parts_of, with_parts
from events.record import Actor
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

    NotFound for another merchant's line. DomainError `appeal.not_split` (too early), `appeal.too_late`,
    `appeal.given_back`; Conflict `appeal.under_way` while one of the same guide is open.
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
        appeal_cases.tell("appeal.raised", row, by=by, at=at)
    return row


def withdraw(*, appeal: Appeal, guide: Guide, by: Actor, at: datetime | None = None) -> Appeal:
    """Its guide takes it back. NotFound for anybody else; Conflict `appeal.decided` if it is not open any more."""
    if appeal.guide_id != guide.pk:
        raise not_found(Appeal)
    return appeal_cases.close(appeal, State.WITHDRAWN, by=by, at=at or timezone.now())


def expire(book: Merchant, *, on: date, by: Actor = WORKER, at: datetime | None = None) -> int:
    """Close the book's appeals whose last day to answer lies before `on`; how many."""
    with acting_for(book):
        overdue = Appeal.objects.filter(merchant=book, state=State.OPEN, answer_by__lt=on)
        late = list(overdue.select_related("merchant").order_by("id"))
    expired = 0
    for row in late:
        try:
            appeal_cases.close(row, State.EXPIRED, by=by, at=at or timezone.now())
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
    out_of: Share | None = None,
    words: str = "",
    at: datetime | None = None,
) -> Appeal:
    """The book's owner answers. Upheld, `amount` fen (by default all that a guide holds of the share) move out of
    `out_of` (by default the disputed share) to `to` (by default who appealed), in a row of their own; of a share that
    no guide holds the amount is named.

    Conflict `appeal.decided` if it is not open any more. DomainError `appeal.own` for who appealed,
    `appeal.amount_needed`, `appeal.more_than_held`, `appeal.same_guide`, `appeal.foreign_guide`,
    `appeal.foreign_share`; NotFound for a share of another line; Conflict `settlement.locked` for some minutes.
    """
    at = at or timezone.now()
    _check_decider(appeal, by)
    if not uphold:
        return appeal_cases.close(appeal, State.REJECTED, by=by, at=at, words=words)
    with acting_for(appeal.merchant):
        if appeal.split_id in locked.splits_of([appeal.split.order_id]):
            raise locked.refuse()
        mine = appeal_cases.held(appeal)
        split = with_parts(Split.objects.filter(pk=mine.split_id), own=True).select_related("contract").get()
        shares = parts_of(split)
        source_pk = out_of.pk if out_of else mine.share_id
        source = next((share for share in shares if share.pk == source_pk), None)
        if source is None:
            raise not_found(Share, field="out_of")
        if not source.is_the_books_to_move:
            raise DomainError(
                "appeal.foreign_share",
                _("This share is another merchant's; it cannot be taken by your word."),
                next_step=_("Choose a guide's share or your own, or reject the appeal."),
                field="out_of",
            )
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
            source_id=f"{mine.ref}/{split.line.number}",
            why={
                "because": BY_APPEAL,
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
        guides = [to, *([source.guide] if source.guide else [])]
        return appeal_cases.decided(mine, State.UPHELD, guides, by=by, at=at, words=words)


def _in_time(line: OrderLine, at: datetime) -> Split:
    """The line's split with its parts, while it may be appealed; inside its seller's scope."""
    split = with_parts(Split.party.filter(line=line)).select_related("store", "counterparty").first()
    if split is None:
        raise DomainError(
            "appeal.not_split",
            _("This sale is still being worked out."),
            next_step=_("Look again in a minute."),
        )
    if is_given_back(line):
        raise DomainError(
            "appeal.given_back",
            _("All of this line was given back: there is no share of it to move."),
            next_step=_("Look at the sale's other lines."),
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


def _check_decider(row: Appeal, by: Actor) -> None:
    if by.ref == row.guide.user.ref:
        raise DomainError(
            "appeal.own",
            _("Nobody answers their own appeal."),
            next_step=_("Let a colleague at headquarters decide."),
        )


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


def _ref(share: Share) -> str:
    if share.guide:
        return share.guide.ref
    return share.payee_merchant.ref if share.payee_merchant else share.payee.ref
