"""Kinds of values that bodies and answers share."""

import math
import re
from datetime import UTC
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from merchants.storable import OUT_OF_REACH, in_reach
from orders.receipts import MOST_FEN

_DIGITS = re.compile("-?[0-9]{1,19}")


class Ref(serializers.CharField):
    """A public reference of ours, or where a body says so, the merchant's own code."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_length": 64, **kwargs})


class Whole(serializers.IntegerField):
    """A whole number: in JSON as such or as its digits; behind the question mark, its digits. Neither 1e5 nor 1.0,
    which are fractions to JSON, nor the digits of other scripts."""

    def to_internal_value(self, data: Any) -> int:
        written = isinstance(data, str) and _DIGITS.fullmatch(data)
        if not written and type(data) is not int:
            self.fail("invalid")
        return super().to_internal_value(data)


class Money(Whole):
    """A whole number of minor units (fen)."""

    default_error_messages = {"invalid": _("An amount is a whole number of fen.")}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"min_value": 0, "max_value": MOST_FEN, **kwargs})

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, str):  # "1990" may be yuan, and a guess would cost money
            self.fail("invalid")
        return super().to_internal_value(data)


class Instant(serializers.DateTimeField):
    """ISO 8601 with its offset; a time without one could mean any of two dozen."""

    default_error_messages = {
        "naive": _("Say the offset: 2026-11-20T12:00:00+08:00, or Z for UTC."),
        "beyond": OUT_OF_REACH,
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"default_timezone": UTC, **kwargs})

    def enforce_timezone(self, value):
        if value.tzinfo is None:
            self.fail("naive")
        if not in_reach(value):
            self.fail("beyond")
        return value.astimezone(UTC)


class Day(serializers.DateField):
    """A business date."""

    default_error_messages = {"beyond": OUT_OF_REACH}

    def to_internal_value(self, value: Any):
        day = super().to_internal_value(value)
        if not in_reach(day):
            self.fail("beyond")
        return day


class Degrees(serializers.FloatField):
    """Of longitude or latitude. NaN, which is neither below the least nor above the most, is none."""

    def to_internal_value(self, data: Any) -> float:
        degrees = super().to_internal_value(data)
        if not math.isfinite(degrees):
            self.fail("invalid")
        return degrees


def page_of(answer: type[serializers.Serializer]) -> type[serializers.Serializer]:
    """The answer of a list: `data`, and `next` to be sent as `after`."""
    name = f"{answer.__name__.removesuffix('Answer')}Page"
    said = _("Send it as “after” for the next page; null on the last")
    parts = {
        "data": answer(many=True),
        "next": serializers.CharField(allow_null=True, help_text=said),
    }
    return type(name, (serializers.Serializer,), parts)
