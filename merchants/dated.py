"""Rows that hold from one instant until another, and of which no two may hold at once."""

from django.contrib.postgres.fields import DateTimeRangeField, RangeBoundary, RangeOperators
from django.db.models import Func

Overlap = tuple[Func, str]


def times_overlap(begins: str = "starts_at", ends: str = "ends_at") -> Overlap:
    """Of an ExclusionConstraint: the times [begins, ends) of two rows meet; an empty end is open."""
    period = Func(begins, ends, RangeBoundary(), function="TSTZRANGE", output_field=DateTimeRangeField())
    return period, RangeOperators.OVERLAPS
