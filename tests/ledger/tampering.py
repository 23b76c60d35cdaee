"""Somebody with the rights of the owner's role and bad intent: past the triggers, committed."""

from contextlib import contextmanager

from psycopg2 import sql


def tamper(owner, table: str, statement: str, *given: object) -> int:
    """Run it as the owner with the table's triggers off; how many rows it touched."""
    cursor = owner.cursor()
    for switch in ("DISABLE", "ENABLE"):
        alter = sql.SQL(f"ALTER TABLE {{}} {switch} TRIGGER USER").format(sql.Identifier(table))
        if switch == "ENABLE":
            cursor.execute(statement, given)
            touched = cursor.rowcount
        cursor.execute(alter)
    return touched


@contextmanager
def without(owner, table: str, constraint: str):
    """The constraint is gone meanwhile, and taken back at the end for what comes."""
    cursor = owner.cursor()
    cursor.execute("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = %s", [constraint])
    (definition,) = cursor.fetchone()
    names = {"table": sql.Identifier(table), "name": sql.Identifier(constraint)}
    cursor.execute(sql.SQL("ALTER TABLE {table} DROP CONSTRAINT {name}").format(**names))
    try:
        yield
    finally:
        add = sql.SQL("ALTER TABLE {table} ADD CONSTRAINT {name} {how} NOT VALID")
        cursor.execute(add.format(how=sql.SQL(definition), **names))
