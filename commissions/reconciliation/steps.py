"""A break moves on: its state, the step that says why, and the event, together."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count

from commissions.models import Break, BreakStep
from events.record import Actor, Happening, record_many

State = Break.State
_LEADS_TO = {BreakStep.Cause.EXPLAINED: State.EXPLAINED, BreakStep.Cause.REOPENED: State.OPEN}
_KINDS = {State.EXPLAINED: "break.explained", State.OPEN: "break.reopened", State.RESOLVED: "break.resolved"}


@dataclass(frozen=True)
class Clearing:
    found: Break
    cause: BreakStep.Cause


def take_step(found: Break, cause: BreakStep.Cause, *, by: Actor, at: datetime, note: str = "") -> None:
    """Of a break that is locked."""
    _step([Clearing(found, cause)], by=by, at=at, note=note)


def clear(clearings: Iterable[Clearing], *, by: Actor, at: datetime) -> int:
    """Several at once, locked; how many."""
    return _step(list(clearings), by=by, at=at, note="")


def _step(clearings: list[Clearing], *, by: Actor, at: datetime, note: str) -> int:
    counted = Break.objects.filter(pk__in=[clearing.found.pk for clearing in clearings])
    places = dict(counted.annotate(n=Count("steps")).values_list("pk", "n"))
    BreakStep.objects.bulk_create(
        BreakStep(
            merchant_id=clearing.found.merchant_id,
            of=clearing.found,
            place=places[clearing.found.pk] + 1,
            cause=clearing.cause,
            note=note,
            by=by.ref,
            at=at,
        )
        for clearing in clearings
    )
    for clearing in clearings:
        clearing.found.state = _LEADS_TO.get(clearing.cause, State.RESOLVED)
    Break.objects.bulk_update([clearing.found for clearing in clearings], ["state"], batch_size=1_000)
    record_many([_told(clearing, at) for clearing in clearings], by=by)
    return len(clearings)


def _told(clearing: Clearing, at: datetime) -> Happening:
    found = clearing.found
    return Happening(
        _KINDS[State(found.state)],
        merchant_id=found.merchant_id,
        subject=found.ref,
        payload={
            "break": found.ref,
            "kind": str(found.kind),
            "cause": str(clearing.cause),
            "theirs": found.theirs,
            "ours": found.ours,
        },
        at=at,
    )
