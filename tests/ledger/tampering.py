"""Somebody with the rights of the owner's role and bad intent: past the triggers, committed."""

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
