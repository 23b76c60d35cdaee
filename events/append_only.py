"""Tables whose rows are written once: the database refuses UPDATE and DELETE, whoever asks."""

from django.db.migrations.operations import RunSQL

TRIGGER = "append_only"

_FUNCTION = """
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = '23514';
END $$;
"""


class AppendOnly(RunSQL):
    """Migration operation: seal one table.

    TRUNCATE is refused by privilege alone (`manage.py grant`): a trigger on it would also stop the
    owner's flush between transactional tests.
    """

    def __init__(self, table: str) -> None:
        self.table = table
        super().__init__(
            sql=f"{_FUNCTION} CREATE TRIGGER {TRIGGER} BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change();",
            reverse_sql=f"DROP TRIGGER {TRIGGER} ON {table};",
        )

    def deconstruct(self):
        return self.__class__.__name__, [self.table], {}

    def describe(self) -> str:
        return f"Make {self.table} append-only"
