import django.db.models.deletion
from django.db import migrations, models

from events.append_only import AppendOnly

# Months are parts of one table by the day something was booked on. What was told is known by a key in a table of its
# own, because a key of the parts would have to hold the day as well, and then the same thing could be told twice.
_MONTHS = """
CREATE FUNCTION ledger_month(day date) RETURNS regclass LANGUAGE sql STABLE AS $$
  SELECT to_regclass('public.ledger_transfer_' || to_char(day, 'YYYYMM'));
$$;

-- An application that owns nothing may open a month, and nothing else. Others may write meanwhile: a part is made apart,
-- then attached, for which posters need not end; who opens the same month waits, and finds it there.
CREATE FUNCTION ledger_open_month(day date) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public AS $$
DECLARE
  first date := date_trunc('month', day)::date;
  part text := 'ledger_transfer_' || to_char(day, 'YYYYMM');
BEGIN
  IF day IS NULL OR day < date '2000-01-01' OR day > current_date + 3660 THEN
    RAISE EXCEPTION 'the ledger has no month of %', day USING ERRCODE = '22008';
  END IF;
  IF public.ledger_month(day) IS NOT NULL THEN
    RETURN;
  END IF;
  LOCK TABLE public.ledger_transfer IN SHARE UPDATE EXCLUSIVE MODE;
  IF public.ledger_month(day) IS NOT NULL THEN
    RETURN;
  END IF;
  EXECUTE format('CREATE TABLE public.%I (LIKE public.ledger_transfer INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', part);
  EXECUTE format('ALTER TABLE public.ledger_transfer ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)',
                 part, first, (first + interval '1 month')::date);
  EXECUTE format('CREATE TRIGGER keys_of_a_statement AFTER INSERT ON public.%I REFERENCING NEW TABLE AS written'
                 ' FOR EACH STATEMENT EXECUTE FUNCTION public.transfers_stand_in_their_book(''debit_id'', ''credit_id'')',
                 part);
END $$;
REVOKE EXECUTE ON FUNCTION ledger_open_month(date) FROM PUBLIC;
"""

# Both accounts of a transfer share its book and currency; each story of the statement leaves `clearing` at zero; and
# what is told under one key is told whole, by the statement that holds the key's first transfer, which is there once.
_LOOK = """
CREATE OR REPLACE FUNCTION transfers_stand_in_their_book() RETURNS trigger LANGUAGE plpgsql AS $$
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
  IF FOUND AND (story.debit_astray OR story.credit_astray) THEN
    RAISE EXCEPTION '% % breaks "%": book % has no such account of its currency', story.source, story.source_id,
      CASE WHEN story.debit_astray THEN 'transfer_debit_in_its_book' ELSE 'transfer_credit_in_its_book' END,
      story.book_id USING ERRCODE = '23503', TABLE = TG_TABLE_NAME;
  ELSIF FOUND THEN
    RAISE EXCEPTION '% % leaves clearing of book % open', story.source, story.source_id, story.book_id
      USING ERRCODE = '23514', TABLE = TG_TABLE_NAME;
  END IF;
  SELECT n.* INTO story FROM (
    SELECT book_id, source, source_id, kind, count(*) AS legs, min(id) AS first_id, max(id) AS last_id,
           min(booked_on) AS booked_on, max(booked_on) AS booked_by, max(position) AS last_position
    FROM written GROUP BY book_id, source, source_id, kind
  ) n LEFT JOIN LATERAL (
    SELECT * FROM public.ledger_transferkey
    WHERE (book_id, source, source_id, kind) = (n.book_id, n.source, n.source_id, n.kind) LIMIT 1
  ) k ON true
  WHERE (n.legs, n.first_id, n.last_id, n.booked_on, n.booked_by, n.last_position)
    IS DISTINCT FROM (k.legs, k.first_id, k.last_id, k.booked_on, k.booked_on, k.legs - 1)
  LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION '% % breaks "transfer_once_a_source": % of book % is not what its key says', story.source,
      story.source_id, story.kind, story.book_id USING ERRCODE = '23503', TABLE = TG_TABLE_NAME;
  END IF;
  RETURN NULL;
END $$;
"""

_LOOK_BEFORE = """
CREATE OR REPLACE FUNCTION transfers_stand_in_their_book() RETURNS trigger LANGUAGE plpgsql AS $$
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
"""

# What stands there is moved whole; ids go on from where they were.
_MOVE = """
DROP TRIGGER append_only ON ledger_transfer;
DROP TRIGGER keys_of_a_statement ON ledger_transfer;
ALTER TABLE ledger_transfer DROP CONSTRAINT ledger_transfer_pkey, DROP CONSTRAINT transfer_once_a_source;
DROP INDEX transfer_of_book, transfer_of_debit, transfer_of_credit;
ALTER TABLE ledger_transfer ALTER COLUMN id DROP IDENTITY;
ALTER TABLE ledger_transfer RENAME TO ledger_transfer_before;
CREATE TABLE ledger_transfer (LIKE ledger_transfer_before INCLUDING DEFAULTS INCLUDING CONSTRAINTS)
  PARTITION BY RANGE (booked_on);
CREATE SEQUENCE ledger_transfer_id_seq OWNED BY ledger_transfer.id;
SELECT setval('ledger_transfer_id_seq', max(id)) FROM ledger_transfer_before;
ALTER TABLE ledger_transfer ALTER COLUMN id SET DEFAULT nextval('ledger_transfer_id_seq');
ALTER TABLE ledger_transfer ADD PRIMARY KEY (id, booked_on);
CREATE INDEX transfer_of_book ON ledger_transfer (book_id, id);
CREATE INDEX transfer_of_debit ON ledger_transfer (debit_id, id) INCLUDE (amount, business_date);
CREATE INDEX transfer_of_credit ON ledger_transfer (credit_id, id) INCLUDE (amount, business_date);
CREATE TRIGGER keys_of_a_statement AFTER INSERT ON ledger_transfer REFERENCING NEW TABLE AS written
  FOR EACH STATEMENT EXECUTE FUNCTION transfers_stand_in_their_book('debit_id', 'credit_id');
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON ledger_transfer FOR EACH ROW EXECUTE FUNCTION refuse_change();
SELECT ledger_open_month(booked_on) FROM (
  SELECT DISTINCT date_trunc('month', booked_on)::date AS booked_on FROM ledger_transfer_before
  UNION SELECT (date_trunc('month', current_date) + make_interval(months => ahead))::date
        FROM generate_series(0, 2) AS ahead
) months ORDER BY booked_on;
INSERT INTO ledger_transferkey (book_id, source, source_id, kind, booked_on, legs, first_id, last_id)
SELECT book_id, source, source_id, kind, min(booked_on), count(*), min(id), max(id) FROM ledger_transfer_before
GROUP BY book_id, source, source_id, kind;
INSERT INTO ledger_transfer (id, book_id, debit_id, credit_id, amount, currency, kind, source, source_id, position,
                             business_date, booked_on, at, recorded_at)
SELECT id, book_id, debit_id, credit_id, amount, currency, kind, source, source_id, position,
       business_date, booked_on, at, recorded_at FROM ledger_transfer_before ORDER BY id;
DROP TABLE ledger_transfer_before;
"""

_MOVE_BACK = """
ALTER TABLE ledger_transfer RENAME TO ledger_transfer_in_months;
ALTER TABLE ledger_transfer_in_months DROP CONSTRAINT ledger_transfer_pkey;
DROP INDEX transfer_of_book, transfer_of_debit, transfer_of_credit;
CREATE TABLE ledger_transfer (LIKE ledger_transfer_in_months INCLUDING CONSTRAINTS);
INSERT INTO ledger_transfer SELECT * FROM ledger_transfer_in_months ORDER BY id;
DROP TABLE ledger_transfer_in_months;
ALTER TABLE ledger_transfer ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY,
  ALTER COLUMN recorded_at SET DEFAULT clock_timestamp(), ADD PRIMARY KEY (id),
  ADD CONSTRAINT transfer_once_a_source UNIQUE (book_id, source, source_id, kind, position);
SELECT setval('ledger_transfer_id_seq', max(id)) FROM ledger_transfer;
CREATE INDEX transfer_of_book ON ledger_transfer (book_id, id);
CREATE INDEX transfer_of_debit ON ledger_transfer (debit_id, id) INCLUDE (amount, business_date);
CREATE INDEX transfer_of_credit ON ledger_transfer (credit_id, id) INCLUDE (amount, business_date);
CREATE TRIGGER keys_of_a_statement AFTER INSERT ON ledger_transfer REFERENCING NEW TABLE AS written
  FOR EACH STATEMENT EXECUTE FUNCTION transfers_stand_in_their_book('debit_id', 'credit_id');
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON ledger_transfer FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0009_posting_is_planned_once"),
        ("merchants", "0005_merchants_keep_their_currency"),
    ]

    operations = [
        migrations.CreateModel(
            name="TransferKey",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "book",
                        "source",
                        "source_id",
                        "kind",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("source", models.CharField(max_length=16)),
                ("source_id", models.CharField(max_length=48)),
                ("kind", models.CharField(max_length=24)),
                ("booked_on", models.DateField()),
                ("legs", models.PositiveIntegerField()),
                ("first_id", models.BigIntegerField()),
                ("last_id", models.BigIntegerField()),
                (
                    "book",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="merchants.merchant",
                    ),
                ),
            ],
        ),
        AppendOnly("ledger_transferkey"),
        migrations.RunSQL(
            _MONTHS, "DROP FUNCTION ledger_open_month(date); DROP FUNCTION ledger_month(date);"
        ),
        migrations.RunSQL(_LOOK, _LOOK_BEFORE),
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(_MOVE, _MOVE_BACK)],
            state_operations=[
                migrations.RemoveConstraint(model_name="transfer", name="transfer_once_a_source"),
            ],
        ),
    ]
