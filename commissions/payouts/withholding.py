"""What a payer withholds of what it pays to a person: its own dated rule, on the total of the month."""

from collections.abc import Sequence
from datetime import date, datetime
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import F, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from commissions.models import Payout, WithholdingRule
from events.record import Actor, record
from merchants.errors import DomainError
from merchants.models import Merchant, Party
from merchants.money import PPM, ratio
from merchants.scoping import acting_for

Brackets = Sequence[Sequence[int]]  # [[from_fen, ppm], …]


class Withheld(NamedTuple):
    """`tax` in minor units, and the rule that asked for it; None where the payer withholds nothing."""

    tax: int
    rule: WithholdingRule | None


def tax_of(total: int, brackets: Brackets) -> int:
    """The tax on a month's total (minor units): each bracket's ppm on the part of the total that lies in it. Exact
    over all brackets and rounded once, half up."""
    exact, below = Fraction(0), 0
    for begin, ppm in brackets:
        exact += ratio(
            max(total - begin, 0), ppm - below
        )  # what the bracket takes more than the one below it
        below = ppm
    return (2 * exact.numerator + exact.denominator) // (2 * exact.denominator)


def month_of(at: datetime, *, book: Merchant) -> date:
    """The first of the month in which the payer pays, on its own wall clock: the tax office knows no cut-off."""
    return at.astimezone(ZoneInfo(book.time_zone)).date().replace(day=1)


def withhold_from(
    *, merchant: Merchant, starts_on: date, brackets: Brackets, by: Actor, at: datetime | None = None
) -> WithholdingRule:
    """From `starts_on`, the first of this month or a later one, the merchant withholds by these brackets; `[]`
    withholds nothing. Within this month what was withheld too little is made up for by the next payout.

    DomainError `withholding.brackets_invalid`, `withholding.starts_within_month`, `withholding.too_late`.
    """
    at = at or timezone.now()
    _check(brackets)
    if starts_on.day != 1:
        raise DomainError(
            "withholding.starts_within_month",
            _("A withholding rule starts on the first of a month."),
            next_step=_("Choose the first of the month."),
            field="starts_on",
        )
    if starts_on < month_of(at, book=merchant):
        raise DomainError(
            "withholding.too_late",
            _("That month is over: what was withheld stands."),
            next_step=_("Let the rule start this month or later."),
            field="starts_on",
        )
    with acting_for(merchant), transaction.atomic():
        rule = WithholdingRule.objects.create(
            merchant=merchant, starts_on=starts_on, brackets=[list(bracket) for bracket in brackets]
        )
        record(
            "withholding.published",
            merchant_id=merchant.pk,
            subject=rule.ref,
            payload={"rule": rule.ref, "starts_on": starts_on.isoformat(), "brackets": rule.brackets},
            concerns=[],
            by=by,
            at=at,
        )
    return rule


def rule_for(book: Merchant, month: date) -> WithholdingRule | None:
    """The rule of the month; inside the payer's scope."""
    rules = WithholdingRule.objects.filter(merchant=book, starts_on__lte=month)
    return rules.order_by("-starts_on", "-id").first()


def withheld_from(book: Merchant, payee: Party, currency: str, month: date, *, taxable: int) -> Withheld:
    """What to withhold of a further `taxable`: the tax of the month's total with it, less what has been withheld,
    never below zero nor above `taxable`. What failed or came back does not count. Inside the payer's scope, the
    payee's purse locked."""
    rule = rule_for(book, month)
    if rule is None:
        return Withheld(0, None)
    earlier = Payout.objects.filter(merchant=book, payee=payee, currency=currency, tax_month=month)
    sums = earlier.exclude(state__in=Payout.GIVEN_BACK).aggregate(
        taxable=Coalesce(Sum(F("gross") - F("recovered")), 0), tax=Coalesce(Sum("tax"), 0)
    )
    tax = tax_of(sums["taxable"] + taxable, rule.brackets) - sums["tax"]
    return Withheld(min(max(tax, 0), taxable), rule)


def _check(brackets: Brackets) -> None:
    rows = [tuple(bracket) for bracket in brackets]
    whole = all(len(row) == 2 and all(type(number) is int for number in row) for row in rows)
    if (
        not whole
        or any(begin < 0 or not 0 <= ppm <= PPM for begin, ppm in rows)
        or any(earlier[0] >= later[0] for earlier, later in pairwise(rows))
    ):
        raise DomainError(
            "withholding.brackets_invalid",
            _("Each bracket needs the amount from which it holds and a rate up to 100 %, in rising order."),
            next_step=_("Check the amounts and rates."),
            field="brackets",
        )
