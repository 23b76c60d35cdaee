import django.db.models.deletion
from django.db import migrations, models

from events.append_only import FrozenExcept

_ONE_BOOK = """
ALTER TABLE ledger_snapshot ADD CONSTRAINT snapshot_in_its_accounts_book FOREIGN KEY (account_id, book_id)
    REFERENCES ledger_account (id, book_id);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0003_transfers_are_booked_in_open_periods"),
        ("merchants", "0005_merchants_keep_their_currency"),
    ]

    operations = [
        migrations.CreateModel(
            name="Snapshot",
            fields=[
                (
                    "account",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="snapshot",
                        serialize=False,
                        to="ledger.account",
                    ),
                ),
                ("debits", models.DecimalField(decimal_places=0, max_digits=38)),
                ("credits", models.DecimalField(decimal_places=0, max_digits=38)),
                ("cursor", models.BigIntegerField()),
            ],
        ),
        migrations.RemoveIndex(
            model_name="transfer",
            name="transfer_by_debit",
        ),
        migrations.RemoveIndex(
            model_name="transfer",
            name="transfer_by_credit",
        ),
        migrations.AddIndex(
            model_name="transfer",
            index=models.Index(
                fields=["debit", "id"], include=("amount", "business_date"), name="transfer_of_debit"
            ),
        ),
        migrations.AddIndex(
            model_name="transfer",
            index=models.Index(
                fields=["credit", "id"], include=("amount", "business_date"), name="transfer_of_credit"
            ),
        ),
        migrations.AddConstraint(
            model_name="account",
            constraint=models.UniqueConstraint(fields=("id", "book"), name="account_with_book"),
        ),
        migrations.AddField(
            model_name="snapshot",
            name="book",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="merchants.merchant"
            ),
        ),
        migrations.RunSQL(
            _ONE_BOOK, "ALTER TABLE ledger_snapshot DROP CONSTRAINT snapshot_in_its_accounts_book;"
        ),
        FrozenExcept("ledger_snapshot", {"debits": "grows", "credits": "grows", "cursor": "grows"}),
    ]
