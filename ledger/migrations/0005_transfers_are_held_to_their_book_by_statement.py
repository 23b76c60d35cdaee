from django.db import migrations

# The two composite keys of 0002 looked an account up for every side of every row: of a settled page that was a third
# of all its time. Accounts are never changed or deleted (`account_stands`), so that one look a statement holds the same.
# By index always: the plan is kept for a statement of four rows and for one of a hundred thousand.
_ONE_LOOK = """
CREATE FUNCTION transfers_stay_in_their_book() RETURNS trigger LANGUAGE plpgsql
  SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE stray record;
BEGIN
  SELECT n.book_id, n.source, n.source_id INTO stray
  FROM written n
  LEFT JOIN ledger_account d ON d.id = n.debit_id AND d.book_id = n.book_id AND d.currency = n.currency
  LEFT JOIN ledger_account c ON c.id = n.credit_id AND c.book_id = n.book_id AND c.currency = n.currency
  WHERE d.id IS NULL OR c.id IS NULL
  LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'transfer_in_its_book: % % names an account that is not of book %', stray.source,
      stray.source_id, stray.book_id USING ERRCODE = '23503', TABLE = 'ledger_transfer', CONSTRAINT = 'transfer_in_its_book';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER transfers_stay_in_their_book AFTER INSERT ON ledger_transfer
  REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION transfers_stay_in_their_book();
ALTER TABLE ledger_transfer
    DROP CONSTRAINT transfer_debit_in_its_book,
    DROP CONSTRAINT transfer_credit_in_its_book;
"""
_BEFORE = """
DROP TRIGGER transfers_stay_in_their_book ON ledger_transfer;
DROP FUNCTION transfers_stay_in_their_book();
ALTER TABLE ledger_transfer
    ADD CONSTRAINT transfer_debit_in_its_book FOREIGN KEY (debit_id, book_id, currency)
        REFERENCES ledger_account (id, book_id, currency),
    ADD CONSTRAINT transfer_credit_in_its_book FOREIGN KEY (credit_id, book_id, currency)
        REFERENCES ledger_account (id, book_id, currency);
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0004_transfers_are_held_by_one_key_each")]

    operations = [migrations.RunSQL(_ONE_LOOK, _BEFORE)]
