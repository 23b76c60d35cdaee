from django.db import migrations

from events.append_only import AppendOnly

# An account and its transfers share book and currency.
_ONE_BOOK = """
ALTER TABLE ledger_transfer
    ADD CONSTRAINT transfer_debit_in_its_book FOREIGN KEY (debit_id, book_id, currency)
        REFERENCES ledger_account (id, book_id, currency),
    ADD CONSTRAINT transfer_credit_in_its_book FOREIGN KEY (credit_id, book_id, currency)
        REFERENCES ledger_account (id, book_id, currency);
"""

# Per statement and not per row: the whole story stands in one INSERT, so one grouped look is enough.
_CLEARING = """
CREATE FUNCTION clearing_is_left_at_zero() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE story record;
BEGIN
  SELECT n.book_id, n.source, n.source_id INTO story
  FROM written n
  JOIN ledger_account d ON d.id = n.debit_id
  JOIN ledger_account c ON c.id = n.credit_id
  WHERE 'clearing' IN (d.code, c.code)
  GROUP BY n.book_id, n.source, n.source_id
  HAVING sum(CASE WHEN c.code = 'clearing' THEN n.amount ELSE -n.amount END) <> 0
  LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION '% % leaves clearing of book % open', story.source, story.source_id, story.book_id
      USING ERRCODE = '23514';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER clearing_is_left_at_zero AFTER INSERT ON ledger_transfer
  REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION clearing_is_left_at_zero();
"""

# Not AppendOnly, which takes the right to UPDATE away: whoever checks a balance locks the account's row.
_ACCOUNTS_STAND = """
CREATE TRIGGER account_stands BEFORE UPDATE OR DELETE ON ledger_account
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial")]

    operations = [
        AppendOnly("ledger_transfer"),
        migrations.RunSQL(
            _ONE_BOOK,
            "ALTER TABLE ledger_transfer DROP CONSTRAINT transfer_debit_in_its_book,"
            " DROP CONSTRAINT transfer_credit_in_its_book;",
        ),
        migrations.RunSQL(
            _CLEARING,
            "DROP TRIGGER clearing_is_left_at_zero ON ledger_transfer;"
            " DROP FUNCTION clearing_is_left_at_zero();",
        ),
        migrations.RunSQL(_ACCOUNTS_STAND, "DROP TRIGGER account_stands ON ledger_account;"),
    ]
