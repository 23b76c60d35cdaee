from django.db import migrations

# Both accounts of a transfer share its book and currency, and each story of the statement leaves `clearing` at zero: one
# look at all that was written, where a foreign key would look two accounts up for every row. It may stand in a foreign
# key's place because transfers and accounts are neither changed nor deleted, whoever asks: what was true once stays.
# Its tables are named with their schema, or a temporary table of the same name would be believed.
# The argument says which columns it holds: tests/house/test_tenancy.py asks.
_LOOK = """
CREATE FUNCTION transfers_stand_in_their_book() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE story record;
BEGIN
  SELECT n.book_id, n.source, n.source_id, bool_or(d.id IS NULL) AS debit_astray, bool_or(c.id IS NULL) AS credit_astray
  INTO story
  FROM written n
  LEFT JOIN public.ledger_account d ON d.id = n.debit_id AND d.book_id = n.book_id AND d.currency = n.currency
  LEFT JOIN public.ledger_account c ON c.id = n.credit_id AND c.book_id = n.book_id AND c.currency = n.currency
  WHERE d.id IS NULL OR c.id IS NULL OR d.code = 'clearing' OR c.code = 'clearing'
  GROUP BY n.book_id, n.source, n.source_id
  HAVING bool_or(d.id IS NULL OR c.id IS NULL)
      OR sum(CASE WHEN c.code = 'clearing' THEN n.amount ELSE -n.amount END) <> 0
  LIMIT 1;
  IF NOT FOUND THEN
    RETURN NULL;
  ELSIF story.debit_astray OR story.credit_astray THEN
    RAISE EXCEPTION '% % breaks "%": book % has no such account of its currency', story.source, story.source_id,
      CASE WHEN story.debit_astray THEN 'transfer_debit_in_its_book' ELSE 'transfer_credit_in_its_book' END,
      story.book_id USING ERRCODE = '23503', TABLE = TG_TABLE_NAME;
  END IF;
  RAISE EXCEPTION '% % leaves clearing of book % open', story.source, story.source_id, story.book_id
    USING ERRCODE = '23514', TABLE = TG_TABLE_NAME;
END $$;
CREATE TRIGGER keys_of_a_statement AFTER INSERT ON ledger_transfer REFERENCING NEW TABLE AS written
  FOR EACH STATEMENT EXECUTE FUNCTION transfers_stand_in_their_book('debit_id', 'credit_id');
DROP TRIGGER clearing_is_left_at_zero ON ledger_transfer;
DROP FUNCTION clearing_is_left_at_zero();
ALTER TABLE ledger_transfer DROP CONSTRAINT transfer_debit_in_its_book, DROP CONSTRAINT transfer_credit_in_its_book;
"""

_BEFORE = """
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
DROP TRIGGER keys_of_a_statement ON ledger_transfer;
DROP FUNCTION transfers_stand_in_their_book();
ALTER TABLE ledger_transfer
    ADD CONSTRAINT transfer_debit_in_its_book FOREIGN KEY (debit_id, book_id, currency)
        REFERENCES ledger_account (id, book_id, currency),
    ADD CONSTRAINT transfer_credit_in_its_book FOREIGN KEY (credit_id, book_id, currency)
        REFERENCES ledger_account (id, book_id, currency);
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0007_transfers_are_held_by_one_key_each")]

    operations = [migrations.RunSQL(_LOOK, _BEFORE)]
