"""Tables that keep what was written: the database refuses to change or delete it, whoever asks."""

import json

from django.db.migrations.operations import RunSQL

TRIGGER = "append_only"

_FUNCTION = """
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = '23514';
END $$;
"""

# The rules name what may change, so a column that is added later is frozen until a migration says otherwise.
_ALL_BUT = """
CREATE OR REPLACE FUNCTION refuse_all_but() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  rules jsonb := TG_ARGV[0];
  old_row jsonb := to_jsonb(OLD);
  new_row jsonb := to_jsonb(NEW);
  field record;
  lawful boolean;
BEGIN
  IF TG_OP = 'DELETE' THEN
    RAISE EXCEPTION '% is frozen: its rows stay', TG_TABLE_NAME USING ERRCODE = '23514', TABLE = TG_TABLE_NAME;
  END IF;
  FOR field IN
    SELECT name, was, new_row -> name AS now, rules -> name AS rule
    FROM jsonb_each(old_row) AS of_row (name, was) WHERE was <> new_row -> name
  LOOP
    lawful := CASE field.rule
      WHEN '"free"' THEN true
      WHEN '"grows"' THEN field.now > field.was
      WHEN '"earlier"' THEN
        (field.now #>> '{}')::timestamptz < coalesce(field.was #>> '{}', 'infinity')::timestamptz
      WHEN '"once"' THEN NOT EXISTS (
        SELECT FROM jsonb_each_text(rules) AS of_table (name, rule)
        WHERE of_table.rule = 'once' AND old_row -> of_table.name NOT IN ('null', '""')
      )
      ELSE (field.rule -> (field.was #>> '{}')) ? (field.now #>> '{}')
    END;
    IF lawful IS NOT TRUE THEN
      RAISE EXCEPTION '%.% is frozen: %', TG_TABLE_NAME, field.name, CASE
        WHEN field.rule IS NULL THEN 'it stays as it was written'
        WHEN field.rule = '"grows"' THEN 'it may only grow'
        WHEN field.rule = '"earlier"' THEN 'it may only be set or come earlier'
        WHEN field.rule = '"once"' THEN 'it was written once'
        ELSE format('%s does not become %s', field.was, field.now)
      END USING ERRCODE = '23514', TABLE = TG_TABLE_NAME, COLUMN = field.name;
    END IF;
  END LOOP;
  RETURN NEW;
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


class FrozenExcept(RunSQL):
    """Migration operation: rows stay as they were written, but for the columns with a rule.

    Rules: "grows" (a number), "earlier" (a time that may be set or come earlier), "once" (written while all
    columns of this rule are empty), "free", or a state's lawful steps: {"issued": ["redeemed", "voided"]}.
    `when`: which rows are held, in SQL over OLD; the others are free. Unlike AppendOnly, it leaves the
    application the right to lock a row.
    """

    def __init__(
        self, table: str, rules: dict[str, str | dict[str, list[str]]], *, when: str = "true"
    ) -> None:
        self.table, self.rules, self.when = table, rules, when
        super().__init__(
            sql=f"{_ALL_BUT} CREATE TRIGGER frozen BEFORE UPDATE OR DELETE ON {table} "
            f"FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION refuse_all_but('{json.dumps(rules)}');",
            reverse_sql=f"DROP TRIGGER frozen ON {table};",
        )

    def deconstruct(self):
        return self.__class__.__name__, [self.table, self.rules], {"when": self.when}

    def describe(self) -> str:
        return f"Freeze {self.table} except {', '.join(self.rules) or 'nothing'}"
