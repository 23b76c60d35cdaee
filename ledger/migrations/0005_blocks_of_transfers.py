import django.db.models.deletion
from django.db import migrations, models

import events.models
from events.append_only import AppendOnly


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0004_snapshots_of_balances"),
        ("merchants", "0005_merchants_keep_their_currency"),
    ]

    operations = [
        migrations.CreateModel(
            name="Block",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField(help_text="From 1")),
                ("first_id", models.BigIntegerField()),
                ("last_id", models.BigIntegerField()),
                ("count", models.PositiveIntegerField()),
                ("amount", models.DecimalField(decimal_places=0, max_digits=38)),
                (
                    "leaves",
                    models.BinaryField(
                        help_text="16 bytes a transfer: its id and the beginning of its digest"
                    ),
                ),
                (
                    "previous",
                    models.BinaryField(help_text="sha256 of the block before; nothing for the first"),
                ),
                ("sha256", models.BinaryField()),
                ("sealed_at", models.DateTimeField(db_default=events.models.ClockTime(), editable=False)),
            ],
        ),
        migrations.AlterField(
            model_name="transfer",
            name="book",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="transfers",
                to="merchants.merchant",
            ),
        ),
        migrations.AddIndex(
            model_name="transfer",
            index=models.Index(fields=["book", "id"], name="transfer_of_book"),
        ),
        migrations.AddField(
            model_name="block",
            name="book",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="merchants.merchant",
            ),
        ),
        migrations.AddConstraint(
            model_name="block",
            constraint=models.UniqueConstraint(fields=("book", "number"), name="block_once_a_number"),
        ),
        migrations.AddConstraint(
            model_name="block",
            constraint=models.UniqueConstraint(fields=("book", "first_id"), name="block_once_a_beginning"),
        ),
        migrations.AddConstraint(
            model_name="block",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("amount__gte", models.F("count")),
                    ("count__gt", 0),
                    ("first_id__lte", models.F("last_id")),
                ),
                name="block_holds_transfers",
            ),
        ),
        migrations.AddConstraint(
            model_name="block",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("number", 1), ("previous", b"")),
                    models.Q(("number__gt", 1), models.Q(("previous", b""), _negated=True)),
                    _connector="OR",
                ),
                name="block_has_one_before_it_or_is_the_first",
            ),
        ),
        AppendOnly("ledger_block"),
    ]
