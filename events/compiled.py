"""A read whose SQL is made once.

Much of what a sale costs is Django making the same fifteen statements again from their querysets. A `@compiled`
function builds its queryset with stand-ins for its arguments; the SQL that comes of it is kept, and each call only puts
the values in. What is read, and whose it is, is as ever: a scoped manager inside takes the merchant in scope as one
more argument (docs/adr/0028-reads-compiled-once.md).
"""

import copy
from collections.abc import Callable, Collection, Mapping
from functools import wraps
from typing import Any, Generic, ParamSpec, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections, models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Expression, QuerySet
from django.db.models.sql.compiler import SQLCompiler
from django_scopes import get_scope, scope
from psycopg2.extensions import adapt

Row = TypeVar("Row")
Args = ParamSpec("Args")
MANY = (list, tuple, set, frozenset)
SCOPE = "the merchant in scope"


def compiled(build: Callable[Args, QuerySet[Any, Row]]) -> Callable[Args, list[Row]]:
    """The rows of the queryset that `build` makes, as a list; it is called once for each kind of scope. It takes its
    arguments by name and only hands them to lookups: a value, an instance for its key, or for `__in` a list, a tuple
    or a set.

    TypeError for None, which no lookup but `isnull` would find, and where `build` looks into an argument.
    """
    made: dict[str, _Statement[Row]] = {}

    @wraps(build)
    def read(*unnamed: Args.args, **given: Args.kwargs) -> list[Row]:
        if unnamed:
            raise TypeError(f"{build.__name__} takes its arguments by name")
        values = {name: _told(value) for name, value in given.items()}
        kind, merchant = _scope()
        if merchant is not None:
            values[SCOPE] = _told(merchant)
        if kind not in made:
            made[kind] = _Statement(_built(build, given, merchant))
        return made[kind].rows(values)

    return read


def _scope() -> tuple[str, Any]:
    """What kind of scope this is, and the merchant, or merchants, if it is of any."""
    here = get_scope()
    merchant = here.get("merchant")
    if not here.get("_enabled", True):
        return "disabled", None
    if merchant is None:
        return ("unlimited" if "merchant" in here else "none"), None
    return ("several" if isinstance(merchant, MANY) else "one"), merchant


def _built(
    build: Callable[..., QuerySet[Any, Row]], given: Mapping[str, Any], merchant: Any
) -> QuerySet[Any, Row]:
    stand_ins = {name: _StandIn(name) for name in given}
    if merchant is None:
        return build(**stand_ins)
    with scope(merchant=(_StandIns if isinstance(merchant, MANY) else _StandIn)(SCOPE)):
        return build(**stand_ins)


class _StandIn(Expression):
    """Where a value will be."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, list[Any]]:
        return "%s", [self]

    def __bool__(self) -> bool:
        return True


class _StandIns(_StandIn, list):  # a list makes django-scopes ask for any of several merchants
    pass


class _Statement(Generic[Row]):
    def __init__(self, queryset: QuerySet[Any, Row]) -> None:
        self.queryset = queryset
        self.compiler = queryset.query.get_compiler(using=DEFAULT_DB_ALIAS)
        # Also leaves in the compiler how rows become instances.
        self.sql, self.parameters = self.compiler.as_sql()

    def rows(self, values: Mapping[str, Any]) -> list[Row]:
        connection = connections[DEFAULT_DB_ALIAS]
        if self.queryset.query.select_for_update and not connection.in_atomic_block:
            raise transaction.TransactionManagementError("Rows are locked in a transaction: open one.")
        bound = tuple(values[told.name] if isinstance(told, _StandIn) else told for told in self.parameters)
        compiler = copy.copy(self.compiler)
        compiler.connection = connection  # each thread has its own
        compiler.as_sql = lambda *args, **kwargs: (self.sql, bound)
        asked = self.queryset.all()
        asked.query.get_compiler = lambda *args, **kwargs: compiler
        return list(asked)


def _told(value: Any) -> Any:
    if isinstance(value, MANY):
        return _Listed([_told(one) for one in value])
    if isinstance(value, models.Model):
        value = value.pk
    if value is None:
        raise TypeError("None is no value that could be looked for")
    return value


class _Listed:
    """Values as they stand between the brackets of IN; of none, NULL, which nothing is in."""

    def __init__(self, values: Collection[Any]) -> None:
        self.quotes = [adapt(value) for value in values]

    def __conform__(self, protocol: object) -> "_Listed":
        return self

    def prepare(self, connection: Any) -> None:
        for quote in self.quotes:
            if hasattr(quote, "prepare"):
                quote.prepare(connection)

    def getquoted(self) -> bytes:
        return b", ".join(quote.getquoted() for quote in self.quotes) or b"NULL"
