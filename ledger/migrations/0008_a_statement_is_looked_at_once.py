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

# What a sale posts is planned once a connection, not once a sale: the plan costs more than the writing.
# Written whole or, if an account or a book's closing row is missing, not at all or for the other books only.
# The closing rows are shared, so that posters do not wait for each other, only for who closes a book just now; whoever
# had to wait is told the date it is closed through now. A book has its row from its first story on: without one there
# would be nothing to wait at.
_POST = """
CREATE FUNCTION ledger_post(books bigint[], given json)
RETURNS TABLE (its_book bigint, its_source text, its_source_id text, its_kind text, its_position int)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
  WITH told AS MATERIALIZED (
    SELECT t.*,
      CASE WHEN t.debit_party IS NULL
        THEN (SELECT a.id FROM ledger_account a WHERE a.book_id = t.book_id AND a.code = t.debit_code
              AND a.party_id IS NULL AND a.currency = t.currency)
        ELSE (SELECT a.id FROM ledger_account a WHERE a.book_id = t.book_id AND a.code = t.debit_code
              AND a.party_id = t.debit_party AND a.currency = t.currency) END AS debit_id,
      CASE WHEN t.credit_party IS NULL
        THEN (SELECT a.id FROM ledger_account a WHERE a.book_id = t.book_id AND a.code = t.credit_code
              AND a.party_id IS NULL AND a.currency = t.currency)
        ELSE (SELECT a.id FROM ledger_account a WHERE a.book_id = t.book_id AND a.code = t.credit_code
              AND a.party_id = t.credit_party AND a.currency = t.currency) END AS credit_id
    FROM json_to_recordset(given) AS t(
      book_id bigint, source text, source_id text, kind text, "position" int, debit_code text, debit_party bigint,
      credit_code text, credit_party bigint, amount bigint, currency text, business_date date, at timestamptz)
  ), kept_open AS MATERIALIZED (
    SELECT book_id, through FROM ledger_bookclosing WHERE book_id = ANY(books) ORDER BY book_id FOR SHARE
  )
  INSERT INTO ledger_transfer (book_id, source, source_id, kind, "position", debit_id, credit_id, amount, currency,
                               business_date, at, booked_on)
  SELECT t.book_id, t.source, t.source_id, t.kind, t."position", t.debit_id, t.credit_id, t.amount, t.currency,
         t.business_date, t.at, greatest(t.business_date, kept_open.through + 1)
  FROM told t JOIN kept_open ON kept_open.book_id = t.book_id
  WHERE NOT EXISTS (SELECT FROM told WHERE debit_id IS NULL OR credit_id IS NULL)
  ON CONFLICT (book_id, source, source_id, kind, "position") DO NOTHING
  RETURNING book_id, source::text, source_id::text, kind::text, "position"::int;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0007_transfers_are_held_by_one_key_each")]

    operations = [
        migrations.RunSQL(_LOOK, _BEFORE),
        migrations.RunSQL(_POST, "DROP FUNCTION ledger_post(bigint[], json);"),
    ]
