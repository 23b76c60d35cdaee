import django.db.models.deletion
import django.db.models.expressions
from django.db import migrations, models

import merchants.refs


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("catalog", "0001_initial"),
        ("guides", "0001_initial"),
        ("members", "0001_initial"),
        ("merchants", "0001_initial"),
        ("stores", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Order",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("ref", merchants.refs.RefField(editable=False, max_length=32, prefix="ord", unique=True)),
                (
                    "channel",
                    models.CharField(
                        choices=[
                            ("pos", "Till"),
                            ("workbench", "Workbench"),
                            ("cloud_store", "Cloud store"),
                            ("marketplace", "Marketplace"),
                            ("live", "Live sale"),
                            ("api", "API"),
                        ],
                        max_length=12,
                    ),
                ),
                ("external_no", models.CharField(max_length=64)),
                (
                    "body_hash",
                    models.BinaryField(
                        help_text="SHA-256 of the canonical facts, to tell a replay from a reuse"
                    ),
                ),
                ("currency", models.CharField(max_length=3)),
                ("list_total", models.BigIntegerField()),
                ("discount_total", models.BigIntegerField()),
                ("paid_total", models.BigIntegerField()),
                ("refunded_total", models.BigIntegerField(default=0)),
                ("placed_at", models.DateTimeField()),
                ("paid_at", models.DateTimeField()),
                ("business_date", models.DateField()),
                ("recorded_at", models.DateTimeField(auto_now_add=True)),
                (
                    "member",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="orders",
                        to="members.member",
                    ),
                ),
                (
                    "merchant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="orders",
                        to="merchants.merchant",
                    ),
                ),
                (
                    "store",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="orders", to="stores.store"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="OrderLine",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveSmallIntegerField()),
                ("quantity", models.PositiveIntegerField()),
                ("list_amount", models.BigIntegerField(help_text="Unit list price × quantity")),
                ("discount", models.BigIntegerField(default=0)),
                ("paid", models.BigIntegerField()),
                ("refunded", models.BigIntegerField(default=0)),
                ("refunded_quantity", models.PositiveIntegerField(default=0)),
                (
                    "brand",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="order_lines",
                        to="merchants.brand",
                    ),
                ),
                (
                    "brand_member",
                    models.ForeignKey(
                        blank=True,
                        help_text="The brand owner's own member, when the shopper is one",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="brand_lines",
                        to="members.member",
                    ),
                ),
                (
                    "brand_owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="merchants.merchant"
                    ),
                ),
                (
                    "contract",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="order_lines",
                        to="stores.contract",
                    ),
                ),
                (
                    "merchant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="merchants.merchant"
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="lines", to="orders.order"
                    ),
                ),
                (
                    "sku",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="order_lines",
                        to="catalog.sku",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ParkedRefund",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("ref", merchants.refs.RefField(editable=False, max_length=32, prefix="prk", unique=True)),
                (
                    "channel",
                    models.CharField(
                        choices=[
                            ("pos", "Till"),
                            ("workbench", "Workbench"),
                            ("cloud_store", "Cloud store"),
                            ("marketplace", "Marketplace"),
                            ("live", "Live sale"),
                            ("api", "API"),
                        ],
                        max_length=12,
                    ),
                ),
                ("external_no", models.CharField(max_length=64)),
                ("order_external_no", models.CharField(max_length=64)),
                ("body_hash", models.BinaryField()),
                ("facts", models.JSONField()),
                ("parked_at", models.DateTimeField(auto_now_add=True)),
                ("applied_at", models.DateTimeField(blank=True, null=True)),
                ("refused_code", models.CharField(blank=True, max_length=60)),
                (
                    "merchant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="merchants.merchant"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Refund",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("ref", merchants.refs.RefField(editable=False, max_length=32, prefix="rfd", unique=True)),
                (
                    "channel",
                    models.CharField(
                        choices=[
                            ("pos", "Till"),
                            ("workbench", "Workbench"),
                            ("cloud_store", "Cloud store"),
                            ("marketplace", "Marketplace"),
                            ("live", "Live sale"),
                            ("api", "API"),
                        ],
                        max_length=12,
                    ),
                ),
                ("external_no", models.CharField(max_length=64)),
                ("body_hash", models.BinaryField()),
                ("amount", models.BigIntegerField()),
                ("refunded_at", models.DateTimeField()),
                ("business_date", models.DateField()),
                ("recorded_at", models.DateTimeField(auto_now_add=True)),
                (
                    "merchant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="refunds",
                        to="merchants.merchant",
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="refunds", to="orders.order"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="RefundLine",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("quantity", models.PositiveIntegerField(default=0)),
                ("amount", models.BigIntegerField()),
                (
                    "brand_owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="merchants.merchant"
                    ),
                ),
                (
                    "line",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="refund_lines",
                        to="orders.orderline",
                    ),
                ),
                (
                    "merchant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="merchants.merchant"
                    ),
                ),
                (
                    "refund",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="lines", to="orders.refund"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Tender",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveSmallIntegerField()),
                (
                    "place",
                    models.CharField(
                        choices=[
                            ("cash", "Cash"),
                            ("acquirer", "Card or QR acquirer"),
                            ("psp", "Payment account"),
                            ("platform", "Platform benefit"),
                        ],
                        max_length=12,
                    ),
                ),
                ("amount", models.BigIntegerField()),
                (
                    "lines",
                    models.JSONField(default=list, help_text="Line numbers it is restricted to; [] for all"),
                ),
                (
                    "collector",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="merchants.merchant"
                    ),
                ),
                (
                    "merchant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="merchants.merchant"
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="tenders", to="orders.order"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Touch",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("serving", "Served"),
                            ("bound", "Own guide"),
                            ("sharing", "Shared"),
                            ("recruiting", "Recruited"),
                            ("accepting", "Accepted"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "protected",
                    models.BooleanField(default=False, help_text="A bound touch inside its protection"),
                ),
                (
                    "guide",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="touches", to="guides.guide"
                    ),
                ),
                (
                    "merchant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="merchants.merchant"
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="touches", to="orders.order"
                    ),
                ),
                (
                    "store",
                    models.ForeignKey(
                        help_text="The guide's store at that instant",
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="stores.store",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "touches",
            },
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(fields=["merchant", "-paid_at"], name="order_newest_first"),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(fields=["store", "business_date"], name="order_of_store_and_day"),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(fields=["member", "-paid_at"], name="order_of_member"),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.UniqueConstraint(
                fields=("merchant", "channel", "external_no"), name="order_once_a_channel"
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.UniqueConstraint(fields=("id", "merchant"), name="order_with_merchant"),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("discount_total__gte", 0),
                    (
                        "paid_total",
                        django.db.models.expressions.CombinedExpression(
                            models.F("list_total"), "-", models.F("discount_total")
                        ),
                    ),
                    ("paid_total__gte", 0),
                ),
                name="order_paid_is_list_less_discount",
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("refunded_total__gte", 0), ("refunded_total__lte", models.F("paid_total"))
                ),
                name="order_refund_within_paid",
            ),
        ),
        migrations.AddIndex(
            model_name="orderline",
            index=models.Index(fields=["brand_owner", "-id"], name="order_line_of_brand_owner"),
        ),
        migrations.AddConstraint(
            model_name="orderline",
            constraint=models.UniqueConstraint(fields=("order", "number"), name="order_line_number_once"),
        ),
        migrations.AddConstraint(
            model_name="orderline",
            constraint=models.CheckConstraint(
                condition=models.Q(("quantity__gt", 0)), name="order_line_quantity_above_zero"
            ),
        ),
        migrations.AddConstraint(
            model_name="orderline",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("discount__gte", 0),
                    (
                        "paid",
                        django.db.models.expressions.CombinedExpression(
                            models.F("list_amount"), "-", models.F("discount")
                        ),
                    ),
                    ("paid__gte", 0),
                ),
                name="order_line_paid_is_list_less_discount",
            ),
        ),
        migrations.AddConstraint(
            model_name="orderline",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("refunded__gte", 0),
                    ("refunded__lte", models.F("paid")),
                    ("refunded_quantity__lte", models.F("quantity")),
                ),
                name="order_line_refund_within_paid",
            ),
        ),
        migrations.AddIndex(
            model_name="parkedrefund",
            index=models.Index(
                condition=models.Q(("applied_at", None)),
                fields=["merchant", "channel", "order_external_no"],
                name="parked_refund_waiting",
            ),
        ),
        migrations.AddConstraint(
            model_name="parkedrefund",
            constraint=models.UniqueConstraint(
                fields=("merchant", "channel", "external_no"), name="parked_refund_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="refund",
            constraint=models.UniqueConstraint(
                fields=("merchant", "channel", "external_no"), name="refund_once_a_channel"
            ),
        ),
        migrations.AddConstraint(
            model_name="refund",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount__gte", 0)), name="refund_not_negative"
            ),
        ),
        migrations.AddConstraint(
            model_name="refundline",
            constraint=models.UniqueConstraint(fields=("refund", "line"), name="refund_line_once"),
        ),
        migrations.AddConstraint(
            model_name="refundline",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount__gte", 0)), name="refund_line_not_negative"
            ),
        ),
        migrations.AddConstraint(
            model_name="tender",
            constraint=models.UniqueConstraint(fields=("order", "number"), name="tender_number_once"),
        ),
        migrations.AddConstraint(
            model_name="tender",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount__gt", 0)), name="tender_above_zero"
            ),
        ),
        migrations.AddConstraint(
            model_name="touch",
            constraint=models.UniqueConstraint(fields=("order", "kind", "guide"), name="touch_once"),
        ),
    ]
