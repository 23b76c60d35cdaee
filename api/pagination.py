"""Pages by cursor: `?after=<id of the last row>&limit=50`. New rows do not shift a page that is being
read."""

from collections.abc import Callable, Mapping
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from api.fields import Whole
from merchants.errors import DomainError

PAGE, LONGEST_PAGE = 50, 200


class PageQuery(serializers.Serializer):
    after = serializers.CharField(required=False, help_text=_("The “next” of the page before"))
    limit = Whole(required=False, default=PAGE, min_value=1, max_value=LONGEST_PAGE)


def page(asked: Mapping[str, Any], rows: QuerySet, show: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
    """`{"data": […], "next": "…"}`, the newest first; `next` is null on the last page.

    `asked` is what `Call.asked` made of a PageQuery; `rows` may be of `.values(…)`, which must then hold `ref`.
    """
    after, limit = asked.get("after"), asked["limit"]
    if after:
        rows = rows.filter(pk__lt=_place(rows, after))
    found = list(rows.order_by("-pk")[: limit + 1])
    shown, more = found[:limit], len(found) > limit
    return {"data": [show(row) for row in shown], "next": _ref(shown[-1]) if more else None}


def _place(rows: QuerySet, ref: str) -> int:
    place = rows.filter(ref=ref).values_list("pk", flat=True).first()
    if place is None:
        raise DomainError(
            "page.unknown_cursor",
            _("This page marker is not one of ours."),
            next_step=_("Send the “next” of the page before as “after”, or leave it out to begin."),
            field="after",
        )
    return place


def _ref(row: Any) -> str:
    return row["ref"] if isinstance(row, dict) else row.ref
