"""A body as JSON, read strictly: what comes out can be hashed, kept and searched for."""

import json
import math
from typing import Any, BinaryIO

from django.conf import settings
from django.http import QueryDict
from rest_framework.parsers import BaseParser

from api.errors import not_json, not_storable, too_deep, too_large
from merchants.storable import is_storable

MOST_LEVELS = 20  # of lists and objects in each other; our bodies need five


class JsonParser(BaseParser):
    """DRF's, but with a limit to size and depth, and without what JSON allows and nothing behind it does: NUL,
    half a surrogate pair, a number too large for a float."""

    media_type = "application/json"

    def parse(self, stream: BinaryIO, media_type: str | None = None, parser_context: Any = None) -> Any:
        raw = stream.read(settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
        if len(raw) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise too_large()
        try:
            body = json.loads(raw.decode(), parse_float=_finite, parse_constant=_finite)
        except RecursionError:
            raise too_deep() from None
        except ValueError:
            raise not_json() from None
        _check(body)
        return body


def check_query(query: QueryDict) -> None:
    """The same for what stands behind the question mark."""
    _check(dict(query.lists()))


def _check(body: Any) -> None:
    """Level by level, never in a recursion that a client could make deep."""
    level = [body]
    for _depth in range(MOST_LEVELS + 1):
        if not level:
            return
        if not all(is_storable(value) for value in level if isinstance(value, str)):
            raise not_storable()
        level = [part for value in level for part in _parts(value)]
    raise too_deep()


def _parts(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [*value.keys(), *value.values()]
    return value if isinstance(value, list) else []


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError
    return number
