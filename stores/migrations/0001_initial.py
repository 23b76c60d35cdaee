import django.contrib.postgres.constraints
import django.contrib.postgres.fields
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
from django.db import migrations, models

import merchants.refs


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("merchants", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Store",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("ref", merchants.refs.RefField(editable=False, max_length=32, prefix="sto", unique=True)),
                ("code", models.CharField(max_length=40)),
                ("name", models.CharField(max_length=120)),
                ("pinyin", models.CharField(editable=False, max_length=120)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("direct", "Direct store"),
                            ("franchise", "Franchise store"),
                            ("collection", "Collection store"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[("open", "Trading"), ("paused", "Paused"), ("closed", "Closed for good")],
                        default="open",
                        max_length=8,
                    ),
                ),
                ("province", models.CharField(max_length=40)),
                ("city", models.CharField(max_length=40)),
                ("district", models.CharField(blank=True, max_length=40)),
                ("adcode", models.CharField(blank=True, max_length=6)),
                ("address", models.CharField(max_length=240)),
                ("lng", models.FloatField(help_text="WGS-84 degrees")),
                ("lat", models.FloatField(help_text="WGS-84 degrees")),
                ("given_lng", models.FloatField()),
                ("given_lat", models.FloatField()),
                (
                    "given_datum",
                    models.CharField(choices=[("wgs84", "Wgs84"), ("gcj02", "Gcj02")], max_length=5),
                ),
                ("time_zone", models.CharField(default="Asia/Shanghai", max_length=48)),
                (
                    "hours",
                    models.JSONField(
                        default=list,
                        help_text='Seven entries from Monday: [["09:00","21:00"]], [] when closed',
                    ),
                ),
                (
                    "special_days",
                    models.JSONField(default=dict, help_text='{"2026-02-17": []}: dates whose hours differ'),
                ),
                (
                    "abilities",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=24), default=list, size=None
                    ),
                ),
                ("daily_capacity", models.PositiveIntegerField(blank=True, null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "merchant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="stores",
                        to="merchants.merchant",
                    ),
                ),
                (
                    "org_unit",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="store",
                        to="merchants.orgunit",
                    ),
                ),
                (
                    "party",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="store",
                        to="merchants.party",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Contract",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("ref", merchants.refs.RefField(editable=False, max_length=32, prefix="con", unique=True)),
                (
                    "mode",
                    models.CharField(
                        choices=[
                            ("central", "Central: the brand collects, then splits"),
                            ("direct", "Direct: the store collects and splits at once"),
                        ],
                        max_length=8,
                    ),
                ),
                (
                    "settlement",
                    models.CharField(choices=[("T0", "T+0"), ("T1", "T+1")], default="T0", max_length=2),
                ),
                (
                    "guide_pay",
                    models.CharField(
                        choices=[
                            ("direct", "The principal pays the guide"),
                            ("employer", "The employer pays the guide"),
                        ],
                        default="direct",
                        max_length=8,
                    ),
                ),
                ("reserve_ppm", models.PositiveIntegerField(default=0)),
                ("return_window_days", models.PositiveSmallIntegerField(default=7)),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField(blank=True, null=True)),
                ("accepted_at", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "brand",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="contracts",
                        to="merchants.brand",
                    ),
                ),
                (
                    "brand_unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="placed_contracts",
                        to="merchants.orgunit",
                    ),
                ),
                (
                    "counterparty",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="store_contracts",
                        to="merchants.merchant",
                    ),
                ),
                (
                    "merchant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="brand_contracts",
                        to="merchants.merchant",
                    ),
                ),
                (
                    "store",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="contracts",
                        to="stores.store",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="store",
            index=models.Index(fields=["city", "district"], name="store_by_city"),
        ),
        migrations.AddConstraint(
            model_name="store",
            constraint=models.UniqueConstraint(
                fields=("merchant", "code"), name="store_code_once_a_merchant"
            ),
        ),
        migrations.AddConstraint(
            model_name="store",
            constraint=models.UniqueConstraint(fields=("id", "merchant"), name="store_with_merchant"),
        ),
        migrations.AddConstraint(
            model_name="store",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("lat__gte", -90), ("lat__lte", 90), ("lng__gte", -180), ("lng__lte", 180)
                ),
                name="store_on_earth",
            ),
        ),
        migrations.AddIndex(
            model_name="contract",
            index=models.Index(fields=["store", "brand"], name="contract_of_store"),
        ),
        migrations.AddConstraint(
            model_name="contract",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("ends_at", None), ("ends_at__gt", models.F("starts_at")), _connector="OR"
                ),
                name="contract_ends_after_start",
            ),
        ),
        migrations.AddConstraint(
            model_name="contract",
            constraint=models.CheckConstraint(
                condition=models.Q(("reserve_ppm__lte", 1000000)), name="contract_reserve_is_a_part"
            ),
        ),
        migrations.AddConstraint(
            model_name="contract",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                condition=models.Q(("accepted_at__isnull", False)),
                expressions=[
                    ("brand", "="),
                    ("store", "="),
                    (
                        models.Func(
                            "starts_at",
                            "ends_at",
                            django.contrib.postgres.fields.ranges.RangeBoundary(),
                            function="TSTZRANGE",
                            output_field=django.contrib.postgres.fields.ranges.DateTimeRangeField(),
                        ),
                        "&&",
                    ),
                ],
                name="contract_never_overlaps",
            ),
        ),
    ]
