"""New rows of one table: what `bulk_create` keeps, at a fraction of its cost.

A batch of two hundred sales is some thousands of rows, and most of what it costs to keep them is the preparing of each
value for an INSERT. Here a value of many rows is turned into text once, and COPY takes it without parsing a statement;
a few rows are one INSERT, whose columns are worked out once.
"""

import io
import json
from collections.abc import Callable, Iterable
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any, TypeVar

from django.contrib.postgres.fields import ArrayField
from django.db import connection, models
from django.db.models.expressions import DatabaseDefault

FEW = 8  # rows for which one INSERT is quicker

M = TypeVar("M", bound=models.Model)
Text = Callable[[Any], str]
Value = Callable[[Any], Any]


def write(model: type[M], rows: Iterable[M]) -> list[M]:
    """Keep these new rows and give them their ids; keys, checks and triggers hold as ever. What the database fills in
    by itself beside the id is not read back."""
    rows = list(rows)
    table = _Table.of(model)
    if len(rows) < FEW:
        _insert(table, rows)
    else:
        _copy(table, rows)
    for row in rows:
        row._state.adding, row._state.db = False, connection.alias
    return rows


def _insert(table: "_Table", rows: list[M]) -> None:
    if not rows:
        return
    with connection.cursor() as cursor:
        values = [value for row in rows for value in table.values(row)]
        cursor.execute(table.insert.format(", ".join([table.row] * len(rows))), values)
        for row, (pk,) in zip(rows, cursor.fetchall(), strict=True):
            row.pk = pk


def _copy(table: "_Table", rows: list[M]) -> None:
    with connection.cursor() as cursor, connection.wrap_database_errors:
        cursor.execute(table.ids, [len(rows)])
        for row, (pk,) in zip(rows, cursor.fetchall(), strict=True):
            row.pk = pk
        cursor.cursor.copy_expert(table.copy, io.StringIO("".join(map(table.line, rows))))


class _Table:
    """How one model's rows are told to COPY and INSERT. What the database fills in is left out."""

    def __init__(self, model: type[models.Model]) -> None:
        meta = model._meta
        fields = [
            field
            for field in meta.concrete_fields
            if field.db_default is models.NOT_PROVIDED or field.editable
        ]
        quote = connection.ops.quote_name
        columns = ", ".join(quote(field.column) for field in fields)
        self.copy = f"COPY {quote(meta.db_table)} ({columns}) FROM STDIN"
        self.ids = (
            # OFFSET 0: else the sequence would be looked up for every row.
            f"SELECT nextval(name) FROM (SELECT pg_get_serial_sequence('{meta.db_table}', '{meta.pk.column}')::regclass"
            " AS name OFFSET 0) sequence, generate_series(1, %s)"
        )
        given = [field for field in fields if not field.primary_key]
        told = ", ".join(quote(field.column) for field in given)
        self.insert = (
            f"INSERT INTO {quote(meta.db_table)} ({told}) VALUES {{}} RETURNING {quote(meta.pk.column)}"
        )
        self.row = f"({', '.join(['%s'] * len(given))})"
        self.given = [(field.attname, _value_of(field)) for field in given]
        self.fields = [(field.attname, _text_of(field)) for field in fields]
        # An order that was saved after its lines were made: they have it, but not its id.
        self.keys = [(field.attname, field.name) for field in fields if field.is_relation]
        self.clocks = [field for field in fields if getattr(field, "auto_now_add", False)]

    @staticmethod
    @cache
    def of(model: type[models.Model]) -> "_Table":
        return _Table(model)

    def line(self, row: models.Model) -> str:
        values = self._completed(row)
        return "\t".join([text(values[attname]) for attname, text in self.fields]) + "\n"

    def values(self, row: models.Model) -> list[Any]:
        values = self._completed(row)
        return [value(values[attname]) for attname, value in self.given]

    def _completed(self, row: models.Model) -> dict[str, Any]:
        values = row.__dict__
        related = row._state.fields_cache
        for attname, name in self.keys:
            if values[attname] is None and related.get(name) is not None:
                values[attname] = related[name].pk
        for clock in self.clocks:
            clock.pre_save(row, True)
        return values


def _text_of(field: models.Field) -> Text:
    if isinstance(field, models.JSONField):
        return lambda value: "\\N" if value is None else _escaped(json.dumps(value, cls=field.encoder))
    if isinstance(field, ArrayField):
        return lambda value: "\\N" if value is None else _escaped(_array(value))
    return _plain


def _value_of(field: models.Field) -> Value:
    """As psycopg2 takes it."""
    if isinstance(field, models.JSONField):
        return lambda value: None if value is None else json.dumps(value, cls=field.encoder)
    return _as_it_is


def _as_it_is(value: Any) -> Any:
    if isinstance(value, DatabaseDefault):
        raise TypeError("A column that the database fills in is left out of all rows or none")
    return value


def _plain(value: Any) -> str:
    told = _BY_TYPE.get(type(value))
    if told is not None:
        return told(value)
    if isinstance(value, DatabaseDefault):
        raise TypeError("COPY cannot leave a column out of some rows only")
    return _escaped(str(value))  # a choice is a text of its own class


_BY_TYPE: dict[type, Text] = {
    type(None): lambda value: "\\N",
    bool: lambda value: "t" if value else "f",
    int: str,
    Decimal: str,
    datetime: datetime.isoformat,
    date: date.isoformat,
    bytes: lambda value: f"\\\\x{value.hex()}",
}


def _array(texts: Iterable[str]) -> str:
    quoted = (text.replace("\\", "\\\\").replace('"', '\\"') for text in texts)
    return "{" + ",".join(f'"{text}"' for text in quoted) + "}"


_SPECIAL = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def _escaped(text: str) -> str:
    return text if text.isprintable() and "\\" not in text else text.translate(_SPECIAL)
