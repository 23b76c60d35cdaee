from django.db import migrations

# As 0011, read once: a row knows its accounts, its day and its id as it is unfolded, and a month is looked for once a
# day. Whole or not at all: where an account, a closing row or a month is missing, nothing is written.
_POST = """
CREATE FUNCTION ledger_post(books bigint[], given json)
RETURNS TABLE (its_book bigint, its_source text, its_source_id text, its_kind text)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
  WITH kept_open AS MATERIALIZED (
    SELECT book_id, through FROM ledger_bookclosing WHERE book_id = ANY(books) ORDER BY book_id FOR SHARE
  ), placed AS MATERIALIZED (
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
              AND a.party_id = t.credit_party AND a.currency = t.currency) END AS credit_id,
      (SELECT greatest(t.business_date, o.through + 1) FROM kept_open o WHERE o.book_id = t.book_id) AS booked_on,
      nextval('ledger_transfer_id_seq') AS id
    FROM json_to_recordset(given) AS t(
      book_id bigint, source text, source_id text, kind text, "position" int, debit_code text, debit_party bigint,
      credit_code text, credit_party bigint, amount bigint, currency text, business_date date, at timestamptz
    )
  ), held AS (
    INSERT INTO ledger_transferkey (book_id, source, source_id, kind, booked_on, legs, first_id, last_id)
    SELECT book_id, source, source_id, kind, min(booked_on), count(*), min(id), max(id) FROM placed
    WHERE NOT EXISTS (SELECT FROM placed WHERE debit_id IS NULL OR credit_id IS NULL OR booked_on IS NULL)
      AND NOT EXISTS (SELECT FROM (SELECT DISTINCT booked_on FROM placed) days WHERE ledger_month(booked_on) IS NULL)
    GROUP BY book_id, source, source_id, kind ORDER BY min(id)
    ON CONFLICT (book_id, source, source_id, kind) DO NOTHING
    RETURNING book_id, source, source_id, kind
  ), moved AS (
    INSERT INTO ledger_transfer (id, book_id, source, source_id, kind, "position", debit_id, credit_id, amount,
                                 currency, business_date, at, booked_on)
    SELECT p.id, p.book_id, p.source, p.source_id, p.kind, p."position", p.debit_id, p.credit_id, p.amount,
           p.currency, p.business_date, p.at, p.booked_on
    FROM placed p JOIN held USING (book_id, source, source_id, kind)
  )
  SELECT book_id, source::text, source_id::text, kind::text FROM held;
END $$;
"""

_BEFORE = """
CREATE FUNCTION ledger_post(books bigint[], given json)
RETURNS TABLE (its_book bigint, its_source text, its_source_id text, its_kind text)
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
  ), placed AS MATERIALIZED (
    SELECT t.*, greatest(t.business_date, kept_open.through + 1) AS booked_on,
           nextval('ledger_transfer_id_seq') AS id
    FROM told t JOIN kept_open ON kept_open.book_id = t.book_id
    WHERE NOT EXISTS (SELECT FROM told WHERE debit_id IS NULL OR credit_id IS NULL)
    ORDER BY t.number
  ), held AS (
    INSERT INTO ledger_transferkey (book_id, source, source_id, kind, booked_on, legs, first_id, last_id)
    SELECT book_id, source, source_id, kind, min(booked_on), count(*), min(id), max(id) FROM placed
    WHERE NOT EXISTS (SELECT FROM placed WHERE ledger_month(booked_on) IS NULL)
    GROUP BY book_id, source, source_id, kind ORDER BY min(number)
    ON CONFLICT (book_id, source, source_id, kind) DO NOTHING
    RETURNING book_id, source, source_id, kind
  ), moved AS (
    INSERT INTO ledger_transfer (id, book_id, source, source_id, kind, "position", debit_id, credit_id, amount,
                                 currency, business_date, at, booked_on)
    SELECT p.id, p.book_id, p.source, p.source_id, p.kind, p."position", p.debit_id, p.credit_id, p.amount,
           p.currency, p.business_date, p.at, p.booked_on
    FROM placed p JOIN held USING (book_id, source, source_id, kind) ORDER BY p.number
  )
  SELECT book_id, source::text, source_id::text, kind::text FROM held;
END $$;
"""

_DROP = "DROP FUNCTION ledger_post(bigint[], json);"


class Migration(migrations.Migration):
    dependencies = [("ledger", "0011_posting_holds_its_keys")]

    operations = [migrations.RunSQL(_DROP + _POST, _DROP + _BEFORE)]
