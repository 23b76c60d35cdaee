import django.db.models.deletion
from django.db import migrations, models

import events.models
import merchants.refs
from events.append_only import AppendOnly


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0005_blocks_of_transfers"),
        ("merchants", "0005_merchants_keep_their_currency"),
    ]

    operations = [
        migrations.CreateModel(
            name="ClosedPeriod",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("after", models.DateField()),
                ("through", models.DateField()),
                ("count", models.BigIntegerField()),
                ("amount", models.DecimalField(decimal_places=0, max_digits=38)),
                ("sha256", models.BinaryField()),
                ("sealed_at", models.DateTimeField(db_default=events.models.ClockTime(), editable=False)),
                (
                    "book",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="merchants.merchant",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("book", "through"), name="closed_period_once_a_book"),
                    models.CheckConstraint(
                        condition=models.Q(("after__lt", models.F("through"))), name="closed_period_has_days"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ProofRun",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("ref", merchants.refs.RefField(editable=False, max_length=32, prefix="prf", unique=True)),
                ("business_date", models.DateField(help_text="The book's last business date that was over")),
                ("at", models.DateTimeField()),
                ("transfers", models.BigIntegerField(help_text="In all blocks")),
                ("block", models.PositiveIntegerField(help_text="The last one's number, 0 if there is none")),
                ("head", models.BinaryField(help_text="Its sha256")),
                ("findings", models.JSONField(default=list)),
                ("recorded_at", models.DateTimeField(db_default=events.models.ClockTime(), editable=False)),
                (
                    "book",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="merchants.merchant",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["book", "-id"], name="proof_newest_first")],
            },
        ),
        AppendOnly("ledger_closedperiod"),
        AppendOnly("ledger_proofrun"),
    ]
