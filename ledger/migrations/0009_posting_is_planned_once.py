from django.db import migrations

# What a sale posts is planned once a connection, not once a sale: the plan costs more than the writing.
# Written whole or, if an account or a book's closing row is missing, not at all or for the other books only.
# The closing rows are shared, so that posters do not wait for each other, only for who closes a book just now; whoever
# had to wait is told the date it is closed through now. A book has its row from its first story on: without one there
# would be nothing to wait at. In the order they are told, so that two who tell the same wait for each other one way.
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
    FROM ROWS FROM (json_to_recordset(given) AS (
      book_id bigint, source text, source_id text, kind text, "position" int, debit_code text, debit_party bigint,
      credit_code text, credit_party bigint, amount bigint, currency text, business_date date, at timestamptz
    )) WITH ORDINALITY AS t(
      book_id, source, source_id, kind, "position", debit_code, debit_party,
      credit_code, credit_party, amount, currency, business_date, at, number
    )
  ), kept_open AS MATERIALIZED (
    SELECT book_id, through FROM ledger_bookclosing WHERE book_id = ANY(books) ORDER BY book_id FOR SHARE
  )
  INSERT INTO ledger_transfer (book_id, source, source_id, kind, "position", debit_id, credit_id, amount, currency,
                               business_date, at, booked_on)
  SELECT t.book_id, t.source, t.source_id, t.kind, t."position", t.debit_id, t.credit_id, t.amount, t.currency,
         t.business_date, t.at, greatest(t.business_date, kept_open.through + 1)
  FROM told t JOIN kept_open ON kept_open.book_id = t.book_id
  WHERE NOT EXISTS (SELECT FROM told WHERE debit_id IS NULL OR credit_id IS NULL)
  ORDER BY t.number
  ON CONFLICT (book_id, source, source_id, kind, "position") DO NOTHING
  RETURNING book_id, source::text, source_id::text, kind::text, "position"::int;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0008_a_statement_is_looked_at_once")]

    operations = [migrations.RunSQL(_POST, "DROP FUNCTION ledger_post(bigint[], json);")]
