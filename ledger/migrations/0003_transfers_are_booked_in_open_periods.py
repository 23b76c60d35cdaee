from datetime import date

import django.db.models.deletion
from django.db import migrations, models

# Transfers are append-only; only their owner may say, once, when those were booked that stand there.
_BOOKED_AS_DATED = """
ALTER TABLE ledger_transfer DISABLE TRIGGER append_only;
UPDATE ledger_transfer SET booked_on = business_date;
ALTER TABLE ledger_transfer ENABLE TRIGGER append_only;
INSERT INTO ledger_bookclosing (book_id, through) SELECT DISTINCT book_id, date '1999-12-31' FROM ledger_transfer;
"""

# A closed period stays closed.
_ONLY_FURTHER = """
CREATE FUNCTION book_closes_only_further() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' OR NEW.through < OLD.through OR NEW.book_id <> OLD.book_id THEN
    RAISE EXCEPTION 'book % stays closed through %', OLD.book_id, OLD.through USING ERRCODE = '23514';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER closes_only_further BEFORE UPDATE OR DELETE ON ledger_bookclosing
  FOR EACH ROW EXECUTE FUNCTION book_closes_only_further();
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0002_the_database_holds_the_books"), ("merchants", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="BookClosing",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("through", models.DateField(default=date(1999, 12, 31))),
                (
                    "book",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="closing",
                        to="merchants.merchant",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="transfer",
            name="booked_on",
            field=models.DateField(
                help_text="The business date, or the first open one of a book closed beyond it", null=True
            ),
        ),
        migrations.RunSQL(_BOOKED_AS_DATED, migrations.RunSQL.noop),
        migrations.AlterField(
            model_name="transfer",
            name="booked_on",
            field=models.DateField(
                help_text="The business date, or the first open one of a book closed beyond it"
            ),
        ),
        migrations.RunSQL(
            _ONLY_FURTHER,
            "DROP TRIGGER closes_only_further ON ledger_bookclosing; DROP FUNCTION book_closes_only_further();",
        ),
    ]
