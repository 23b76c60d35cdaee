from django.db import migrations, models

MODELS = ("order", "refund", "parkedrefund")
NUMBERS = (
    ("order", "order_once_a_channel"),
    ("refund", "refund_once_a_channel"),
    ("parkedrefund", "parked_refund_once"),
)
WHO = "Who told us, by its own numbers: the seller, or the owner of the brands that were sold"


def teller(model, **given):
    said = WHO if model == "order" else "As the order's"
    return models.ForeignKey("merchants.merchant", models.PROTECT, related_name="+", help_text=said, **given)


class Migration(migrations.Migration):
    """Until now everything was kept under the seller's numbers."""

    dependencies = [
        ("merchants", "0003_more_rows_share_their_merchant"),
        ("orders", "0004_more_rows_share_their_merchant"),
    ]

    operations = [
        *[migrations.AddField(model, "teller", teller(model, null=True)) for model in MODELS],
        *[
            migrations.RunSQL(
                f"UPDATE orders_{model} SET teller_id = merchant_id; SET CONSTRAINTS ALL IMMEDIATE;",
                migrations.RunSQL.noop,
            )
            for model in MODELS
        ],
        *[migrations.AlterField(model, "teller", teller(model)) for model in MODELS],
        *[migrations.RemoveConstraint(model, name) for model, name in NUMBERS],
        *[
            migrations.AddConstraint(
                model,
                models.UniqueConstraint(fields=["merchant", "teller", "channel", "external_no"], name=name),
            )
            for model, name in NUMBERS
        ],
        migrations.RemoveIndex("parkedrefund", "parked_refund_waiting"),
        migrations.AddIndex(
            "parkedrefund",
            models.Index(
                fields=["merchant", "teller", "channel", "order_external_no"],
                condition=models.Q(applied_at=None),
                name="parked_refund_waiting",
            ),
        ),
    ]
