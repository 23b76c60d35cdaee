"""Every table that belongs to a merchant is scoped, and its rows point only to rows of the same merchant."""

import re
from pathlib import Path

import pytest
from django.apps import apps
from django.db import connection
from django_scopes.exceptions import ScopeError

from merchants.models import Merchant
from tests.house.shared_keys import PLATFORM_TABLES, SHARED_KEYS

ROOT = Path(__file__).resolve().parents[2]
ROOMS = [
    "merchants", "ledger", "notifications", "stores", "catalog", "guides", "members", "orders", "coupons",
    "commissions",
]  # fmt: skip
DOORS = {
    "api/idempotency.py": "the one door of IdempotencyKey",
    "dashboard/views/account.py": "allauth's own table of sessions has no room",
}
FACES = ["dashboard", "workbench", "storefront", "api"]


def models():
    return [model for room in ROOMS for model in apps.get_app_config(room).get_models()]


def owner_field(model) -> str | None:
    """The column that says whose row it is."""
    names = {f.name for f in model._meta.concrete_fields if f.related_model is Merchant}
    return next((name for name in ("merchant", "book") if name in names), None)


def test_a_table_of_a_merchant_cannot_be_read_without_a_scope():
    unscoped = []
    for model in models():
        if owner_field(model) is None or model.__name__ in PLATFORM_TABLES:
            continue
        try:
            list(model.objects.all()[:1])
        except ScopeError:
            continue
        unscoped.append(model.__name__)
    assert not unscoped


def test_the_tables_without_a_scope_are_few_and_named():
    free = {model.__name__ for model in models() if owner_field(model) is None}
    assert free | {"Merchant"} == set(PLATFORM_TABLES)


@pytest.mark.django_db
def test_a_row_points_to_rows_of_its_own_merchant_or_the_column_is_named_as_shared():
    """Held by composite foreign keys, or by a trigger that looks at a whole statement, not by save(): bulk_create and
    SQL are held as well."""
    held = composite_keys() | keys_of_statements()
    loose = set()
    for model in models():
        for field in model._meta.concrete_fields:
            other = field.related_model
            if other is None or owner_field(model) is None or other is model or owner_field(other) is None:
                continue
            if (model._meta.db_table, field.column) not in held:
                loose.add(f"{model.__name__}.{field.name}")
    assert loose == set(SHARED_KEYS)


def composite_keys() -> set[tuple[str, str]]:
    """(table, column) of every foreign key of two or more columns, one of which is a merchant."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT c.conrelid::regclass::text, array_agg(a.attname)
            FROM pg_constraint c
            JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey)
            WHERE c.contype = 'f' AND cardinality(c.conkey) > 1 GROUP BY c.oid, c.conrelid
            """
        )
        return {(table, column) for table, columns in cursor.fetchall() for column in columns}


def keys_of_statements() -> set[tuple[str, str]]:
    """(table, column) of what the triggers of this name say that they hold; that they do is tried in test_keys.py."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgrelid::regclass::text, tgargs FROM pg_trigger JOIN pg_class c ON c.oid = tgrelid"
            " WHERE tgname = 'keys_of_a_statement' AND tgenabled = 'O' AND NOT c.relispartition"
        )
        rows = cursor.fetchall()
    return {
        (table, column.decode()) for table, given in rows for column in bytes(given).split(b"\0") if column
    }


def test_faces_never_reach_for_rows_themselves():
    """A face calls a room's verb or read, so that each row has one door."""
    reached = [
        f"{path.relative_to(ROOT)}:{number}"
        for face in FACES
        for path in sorted((ROOT / face).rglob("*.py"))
        if str(path.relative_to(ROOT)) not in DOORS
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if re.search(r"\b[A-Z]\w+\.(objects|party|about|payable|_base_manager)\b", line)
    ]
    assert not reached
