"""Bills, their lines and breaks as finance reads them. Inside the merchant's scope."""

from django.db.models import Case, CharField, Count, Exists, OuterRef, Q, QuerySet, Value, When

from commissions.models import BillLine, Break, BreakStep, Payout, RailBill

NAMED = ("bill", "line", "payout__payee__merchant", "payout__merchant", "payout__sender")
State = Payout.State


def bills() -> QuerySet[RailBill]:
    """With how many breaks each has, and how many are open."""
    return RailBill.objects.annotate(
        breaks_count=Count("breaks"), open_count=Count("breaks", filter=Q(breaks__state=Break.State.OPEN))
    )


def breaks() -> QuerySet[Break]:
    return Break.objects.select_related(*NAMED)


def matched(bill: RailBill) -> QuerySet[BillLine]:
    """Lines of the bill that agree, in the order of the file."""
    return (
        BillLine.objects.filter(bill=bill, found=None)
        .select_related("payout__payee__merchant")
        .order_by("row")
    )


def steps(found: Break) -> list[BreakStep]:
    return list(BreakStep.objects.filter(of=found).order_by("place"))


def with_standing(payouts: QuerySet[Payout]) -> QuerySet[Payout]:
    """With `standing`: `matched`, `explained`, `broken`, or `waiting` for its bill. Of what came back: `returned` once
    a bill has that, `left` while one has only that it left. What its payee contests is `matched` too once a bill has
    it: the rail's word stands, and the payee's is worked on the payout. `unlisted` is what was sent and rightly on
    none: it failed, or came back before it counted as paid; "" what was never sent. Of those that the acting merchant
    sends."""
    found = Break.objects.filter(payout=OuterRef("pk"))
    lines = BillLine.objects.filter(payout=OuterRef("pk"))
    listed, back = Exists(lines.filter(incoming=False)), Exists(lines.filter(incoming=True))
    nothing = Q(net=0) | Q(state=State.CREATED) | Q(submitted_at=None)
    unlisted = Q(state=State.FAILED) | Q(state=State.RETURNED, paid_at=None)
    return payouts.annotate(
        standing=Case(
            When(Exists(found.filter(state=Break.State.OPEN)), then=Value("broken")),
            When(Exists(found.filter(state=Break.State.EXPLAINED)), then=Value("explained")),
            When(Q(state=State.RETURNED) & back, then=Value("returned")),
            When(Q(state=State.RETURNED) & listed, then=Value("left")),
            When(Q(state__in=[State.SUCCEEDED, State.CONTESTED]) & listed, then=Value("matched")),
            When(nothing, then=Value("")),
            When(unlisted, then=Value("unlisted")),
            default=Value("waiting"),
            output_field=CharField(),
        )
    )
