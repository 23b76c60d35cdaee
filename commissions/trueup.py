"""A month of tiers is worked once more when it is over: in the order of the sales, from what is left of them.

The rates of T+0 are provisional: sales arrive out of order, and a refund lowers the total that later rates stood on.
A refund after the true-up takes back at its share's own rate and reopens nothing.

Locks: the totals in order of id, then the purses (docs/adr/0006).
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from commissions import announcing, purses, running, stories
from commissions.accruals import WORKER
from commissions.models import Clawback, Plan, RunningTotal, Share, Split, TrueUp, month_of
from commissions.plans import terms_of, versions_of
from commissions.replaying import Given, Line, entitled, half_up
from commissions.running import Key
from commissions.splitting import PERIOD_CAP, Term, net_basis, part_back
from commissions.stories import DUE, Owing
from events.record import Actor
from ledger.transfers import post
from merchants.business_day import business_date
from merchants.errors import Conflict
from merchants.models import Merchant, Party
from merchants.money import PPM
from merchants.scoping import acting_for

WAIT = timedelta(days=3)  # after a month's end: its last day is over in every zone, and late tills have told

Rules = dict[tuple[int | None, int | None], Term]  # by (version, number)
Sold = tuple[Share, int, int]  # with what was refunded of its line, in minor units and in pieces


def true_up(
    *, book: Merchant, plan: Plan, payee: Party, period: date, by: Actor = WORKER, at: datetime | None = None
) -> list[TrueUp]:
    """True the month of business dates around `period` up for one payee of a book: a row for each role that had
    tiers, once; asked for again it answers the rows that stand. Conflict `true_up.period_open` before it is over.

    Who gets tiers of their own sales, as a book's principal, has nothing to be trued up.
    """
    at, period = at or timezone.now(), month_of(period)
    on = business_date(at, zone=book.time_zone, cut_off=book.cut_off)
    if month_of(on) <= period:
        raise Conflict(
            "true_up.period_open",
            _("This month is not over yet."),
            next_step=_("True it up once its last business date has closed."),
            field="period",
        )
    if payee.pk == book.party_id:
        return []
    rules: Rules = {
        (version.pk, term.number): term for version in versions_of(plan.brand) for term in terms_of(version)
    }
    with acting_for(book), transaction.atomic():
        shares = _shares(book, plan, payee, period)
        tiered = {term.role for term in rules.values() if term.tiers}
        roles = tiered & set(shares.values_list("role", flat=True).distinct())
        rows = RunningTotal.objects.filter(plan=plan, payee=payee, period=period)
        keys = [
            Key(book.pk, plan.merchant_id, plan.pk, role, payee.pk, period)
            for role in sorted({*roles, *rows.values_list("role", flat=True)})
        ]
        running.held(keys)
        found = [
            _standing(key) or _once(key, _with_returns(shares.filter(role=key.role)), rules, on, by, at)
            for key in keys
            if key.role in roles
        ]
        rows.filter(trued_up_at=None).update(trued_up_at=at)
    return found


def true_up_month(
    *, book: Merchant, month: date, by: Actor = WORKER, at: datetime | None = None
) -> list[TrueUp]:
    """True up everybody's month in the book who had tiers and is not trued up yet, payee by payee, each in a
    transaction of its own: whoever comes after a killed worker goes on. Conflict `true_up.period_open`."""
    return [
        row
        for plan in _open_plans(book, month_of(month))
        for payee in payees(book=book, plan=plan, period=month)
        for row in true_up(book=book, plan=plan, payee=payee, period=month, by=by, at=at)
    ]


def due_months(book: Merchant, *, now: datetime) -> list[date]:
    """The months with tiers to true up, oldest first: over for some days, and no line of theirs waits to be settled."""
    today = business_date(now, zone=book.time_zone, cut_off=book.cut_off)
    with acting_for(book):
        open_ = RunningTotal.objects.filter(trued_up_at=None, period__lt=month_of(today - WAIT))
        months = sorted(set(open_.values_list("period", flat=True)))
        settled = [month for month in months if not _of_month(Split.objects.open(), month).exists()]
    return [month for month in settled if _open_plans(book, month)]


def _open_plans(book: Merchant, month: date) -> list[Plan]:
    """The plans with tiers under which somebody's month is not trued up. Totals that only a cap looks at need none."""
    with acting_for(book):
        open_ = RunningTotal.objects.filter(period=month, trued_up_at=None).exclude(payee=book.party_id)
        roles: dict[Plan, set[str]] = defaultdict(set)
        for total in open_.select_related("plan__brand__merchant").order_by("plan_id"):
            roles[total.plan].add(total.role)
    return [plan for plan, open_roles in roles.items() if open_roles & tiered_roles(plan)]


def tiered_roles(plan: Plan) -> set[str]:
    """The roles to which some published version of the plan gives tiers."""
    versions = (version for version in versions_of(plan.brand) if version.plan_id == plan.pk)
    return {term.role for version in versions for term in terms_of(version) if term.tiers}


def _of_month(splits: QuerySet[Split], month: date) -> QuerySet[Split]:
    return splits.filter(business_date__gte=month, business_date__lt=month_of(month + timedelta(days=31)))


def payees(*, book: Merchant, plan: Plan, period: date) -> list[Party]:
    """Whose month there is to true up, by party: those with a total and no true-up yet."""
    with acting_for(book):
        open_ = RunningTotal.objects.filter(plan=plan, period=month_of(period), trued_up_at=None)
        parties = Party.objects.filter(pk__in=open_.exclude(payee=book.party_id).values("payee"))
        return list(parties.order_by("pk"))


def _standing(key: Key) -> TrueUp | None:
    rows = TrueUp.objects.filter(plan=key.plan_id, role=key.role, payee=key.payee_id, period=key.period)
    return rows.first()


def _shares(book: Merchant, plan: Plan, payee: Party, period: date) -> QuerySet[Share]:
    return Share.objects.filter(
        merchant=book,
        payee=payee,
        rule_number__isnull=False,  # what an appeal gave came by no rule
        split__version__plan=plan,
        split__business_date__gte=period,
        split__business_date__lt=month_of(period + timedelta(days=31)),
    )


def _with_returns(shares: QuerySet[Share]) -> list[Sold]:
    """The shares in the order of their sales, with what has come back of their lines, read in one statement."""

    def returned(what: str) -> Coalesce:
        sums = Clawback.objects.filter(split=OuterRef("split")).order_by().values("split")
        return Coalesce(Subquery(sums.annotate(sum=Sum(what)).values("sum")), 0)

    rows = shares.annotate(refunded=returned("refunded"), pieces=returned("quantity"))
    rows = rows.select_related("split__line", "split__order", "merchant", "payee_merchant", "guide__user")
    rows = rows.order_by("split__at", "split__order_id", "split__line__number", "rule_number")
    return [(share, share.refunded, share.pieces) for share in rows]


def _once(key: Key, shares: Sequence[Sold], rules: Rules, on: date, by: Actor, at: datetime) -> TrueUp:
    lines = _lines(shares, rules)
    booked = sum(given.held for line in lines for given in line.given)
    row = TrueUp.objects.create(
        merchant_id=key.book_id,
        brand_owner_id=key.brand_owner_id,
        plan_id=key.plan_id,
        role=key.role,
        payee_id=key.payee_id,
        period=key.period,
        total=sum(line.basis * line.part for line in lines) // PPM,
        entitled=half_up(entitled(lines)),
        booked=booked,
        at=at,
    )
    last, _refunded, _pieces = shares[-1]
    to, less = Owing.of(last), max(-row.adjustment, 0)
    pieces: stories.Pieces = [(DUE, abs(row.adjustment))]
    if less and last.guide_id:
        pieces = purses.hold([(to.purse, last.split.currency)]).take(to.purse, less)
    post(
        [
            stories.adjusted(
                "true_up",
                row.ref,
                to,
                pieces,
                up=not less,
                on=on,
                at=at,
                currency=last.split.currency,
            )
        ]
    )
    announcing.adjusted("commission.trued_up", last, ref=row.ref, amount=row.adjustment, by=by, at=at)
    return row


def _lines(shares: Sequence[Sold], rules: Rules) -> list[Line]:
    """The shares of one role line by line, in their order."""
    by_split: dict[int, list[Sold]] = defaultdict(list)
    for row in shares:
        by_split[row[0].split_id].append(row)
    lines = []
    for group in by_split.values():
        given, beside = [], 0
        for share, _refunded, _pieces in group:
            term = rules[share.split.version_id, share.rule_number]
            if term.tiers:
                capped = PERIOD_CAP in share.why.get("cut_by", ())
                given.append(Given(term, share.kept_ppm, share.held, capped))
            else:
                beside += share.held
        split, refunded, pieces = group[0][0].split, *group[0][1:]
        net = _net(split, refunded=refunded, pieces=pieces)
        part = max(share.kept_ppm for share, _refunded, _pieces in group)
        lines.append(Line(net, part, tuple(given), beside))
    return lines


def _net(split: Split, *, refunded: int, pieces: int) -> int:
    part = part_back(refunded=refunded, quantity=pieces, paid=split.paid, sold=split.line.quantity)
    return net_basis(basis=split.basis, paid=split.paid, refunded=refunded, part=part)
