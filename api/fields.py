"""Kinds of values that bodies and answers share."""

from datetime import UTC
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from orders.receipts import MOST_FEN


class Ref(serializers.CharField):
    """A public reference of ours, or where a body says so, the merchant's own code."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_length": 64, **kwargs})


class Money(serializers.IntegerField):
    """A whole number of minor units (fen)."""

    default_error_messages = {"invalid": _("An amount is a whole number of fen.")}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"min_value": 0, "max_value": MOST_FEN, **kwargs})

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, (bool, float, str)):  # 19.9 and "19.90" are yuan, and a guess would cost money
            self.fail("invalid")
        return super().to_internal_value(data)


class Instant(serializers.DateTimeField):
    """ISO 8601 with its offset; a time without one could mean any of two dozen."""

    default_error_messages = {
        "naive": _("Say the offset: 2026-11-20T12:00:00+08:00, or Z for UTC."),
        "beyond": _("No calendar here reaches so far."),
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"default_timezone": UTC, **kwargs})

    def enforce_timezone(self, value):
        if value.tzinfo is None:
            self.fail("naive")
        try:
            return value.astimezone(UTC)
        except OverflowError:  # the first and the last day there are, moved by their offset
            self.fail("beyond")


def page_of(answer: type[serializers.Serializer]) -> type[serializers.Serializer]:
    """The answer of a list: `data`, and `next` to be sent as `after`."""
    name = f"{answer.__name__.removesuffix('Answer')}Page"
    said = _("Send it as “after” for the next page; null on the last")
    parts = {
        "data": answer(many=True),
        "next": serializers.CharField(allow_null=True, help_text=said),
    }
    return type(name, (serializers.Serializer,), parts)
