import datetime

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.contrib.postgres.operations import BtreeGistExtension
from django.db import migrations, models

import merchants.refs


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        BtreeGistExtension(),
        migrations.CreateModel(
            name="ApiKey",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("ref", merchants.refs.RefField(editable=False, max_length=32, prefix="key", unique=True)),
                ("name", models.CharField(max_length=80)),
                ("mode", models.CharField(choices=[("test", "Test"), ("live", "Live")], max_length=4)),
                (
                    "hint",
                    models.CharField(help_text="The first characters, to tell keys apart", max_length=16),
                ),
                ("hash", models.BinaryField(unique=True)),
                (
                    "scopes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=32), default=list, size=None
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("last_used_at", models.DateTimeField(blank=True, null=True)),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Merchant",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("ref", merchants.refs.RefField(editable=False, max_length=32, prefix="mch", unique=True)),
                ("name", models.CharField(max_length=120)),
                ("is_brand_owner", models.BooleanField(default=False)),
                ("is_channel", models.BooleanField(default=False)),
                ("time_zone", models.CharField(default="Asia/Shanghai", max_length=48)),
                ("currency", models.CharField(default="CNY", max_length=3)),
                ("cut_off", models.TimeField(default=datetime.time(0, 0))),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
        ),
        migrations.CreateModel(
            name="User",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("password", models.CharField(max_length=128, verbose_name="password")),
                ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                (
                    "is_superuser",
                    models.BooleanField(
                        default=False,
                        help_text="Designates that this user has all permissions without explicitly assigning them.",
                        verbose_name="superuser status",
                    ),
                ),
                ("ref", merchants.refs.RefField(editable=False, max_length=32, prefix="usr", unique=True)),
                ("name", models.CharField(max_length=60)),
                ("email", models.EmailField(blank=True, max_length=254, null=True, unique=True)),
                ("phone_sealed", models.BinaryField(null=True)),
                ("phone_hash", models.BinaryField(null=True, unique=True)),
                ("phone_verified", models.BooleanField(default=False)),
                ("language", models.CharField(default="zh-hans", max_length=10)),
                (
                    "is_staff",
                    models.BooleanField(default=False, help_text="May use the platform operator's admin"),
                ),
                ("is_active", models.BooleanField(default=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "groups",
                    models.ManyToManyField(
                        blank=True,
                        help_text="The groups this user belongs to. A user will get all permissions granted to each of their groups.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.group",
                        verbose_name="groups",
                    ),
                ),
                (
                    "user_permissions",
                    models.ManyToManyField(
                        blank=True,
                        help_text="Specific permissions for this user.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.permission",
                        verbose_name="user permissions",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="IdempotencyKey",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.CharField(max_length=255)),
                ("method_path", models.CharField(max_length=255)),
                ("body_hash", models.BinaryField()),
                (
                    "state",
                    models.CharField(
                        choices=[("running", "Running"), ("done", "Done")], default="running", max_length=8
                    ),
                ),
                ("locked_until", models.DateTimeField()),
                ("status", models.PositiveSmallIntegerField(null=True)),
                ("answer", models.JSONField(null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "api_key",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="merchants.apikey"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Brand",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("ref", merchants.refs.RefField(editable=False, max_length=32, prefix="brd", unique=True)),
                ("name", models.CharField(max_length=80)),
                ("name_en", models.CharField(blank=True, max_length=80)),
                ("slug", models.SlugField(max_length=40, unique=True)),
                ("seal", models.CharField(help_text="The one character on its seal", max_length=1)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "merchant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="brands",
                        to="merchants.merchant",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="apikey",
            name="merchant",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="api_keys", to="merchants.merchant"
            ),
        ),
        migrations.CreateModel(
            name="OrgUnit",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("ref", merchants.refs.RefField(editable=False, max_length=32, prefix="org", unique=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("headquarters", "Headquarters"),
                            ("department", "Department"),
                            ("region", "Region"),
                            ("district", "District"),
                            ("store", "Store"),
                        ],
                        max_length=16,
                    ),
                ),
                ("name", models.CharField(max_length=120)),
                ("path", models.CharField(editable=False, max_length=255)),
                (
                    "merchant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="org_units",
                        to="merchants.merchant",
                    ),
                ),
                (
                    "parent",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="children",
                        to="merchants.orgunit",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Appointment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("ref", merchants.refs.RefField(editable=False, max_length=32, prefix="apt", unique=True)),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("owner", "Owner"),
                            ("admin", "Administrator"),
                            ("marketing", "Marketing"),
                            ("finance", "Finance"),
                            ("region_manager", "Region manager"),
                            ("store_manager", "Store manager"),
                            ("guide", "Guide"),
                            ("auditor", "Auditor"),
                        ],
                        max_length=20,
                    ),
                ),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField(blank=True, null=True)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="appointments",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "merchant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="appointments",
                        to="merchants.merchant",
                    ),
                ),
                (
                    "org_unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="appointments",
                        to="merchants.orgunit",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Party",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("ref", merchants.refs.RefField(editable=False, max_length=32, prefix="pty", unique=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("merchant", "Merchant"),
                            ("store", "Store"),
                            ("guide", "Guide"),
                            ("promoter", "Promoter"),
                            ("platform", "Platform"),
                        ],
                        max_length=16,
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("kind", "platform")), fields=("kind",), name="party_one_platform"
                    )
                ],
            },
        ),
        migrations.AddField(
            model_name="merchant",
            name="party",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT, related_name="merchant", to="merchants.party"
            ),
        ),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.CheckConstraint(
                condition=models.Q(("email__isnull", False), ("phone_hash__isnull", False), _connector="OR"),
                name="user_has_email_or_phone",
            ),
        ),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("phone_hash", None), ("phone_sealed", None)),
                    models.Q(("phone_hash__isnull", False), ("phone_sealed__isnull", False)),
                    _connector="OR",
                ),
                name="user_phone_sealed_and_found",
            ),
        ),
        migrations.AddIndex(
            model_name="idempotencykey",
            index=models.Index(fields=["created_at"], name="idempotency_key_age"),
        ),
        migrations.AddConstraint(
            model_name="idempotencykey",
            constraint=models.UniqueConstraint(
                fields=("api_key", "key"), name="idempotency_key_once_a_client"
            ),
        ),
        migrations.AddConstraint(
            model_name="idempotencykey",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "done"), ("status__isnull", False)),
                    models.Q(("state", "running"), ("status", None)),
                    _connector="OR",
                ),
                name="idempotency_key_done_has_status",
            ),
        ),
        migrations.AddConstraint(
            model_name="brand",
            constraint=models.UniqueConstraint(fields=("id", "merchant"), name="brand_with_merchant"),
        ),
        migrations.AddIndex(
            model_name="orgunit",
            index=models.Index(fields=["path"], name="org_unit_subtree", opclasses=["text_pattern_ops"]),
        ),
        migrations.AddConstraint(
            model_name="orgunit",
            constraint=models.UniqueConstraint(
                condition=models.Q(("parent", None)),
                fields=("merchant",),
                name="org_unit_one_root_a_merchant",
            ),
        ),
        migrations.AddIndex(
            model_name="appointment",
            index=models.Index(fields=["user", "merchant"], name="appointment_of_user"),
        ),
        migrations.AddConstraint(
            model_name="appointment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("ends_at", None), ("ends_at__gt", models.F("starts_at")), _connector="OR"
                ),
                name="appointment_ends_after_start",
            ),
        ),
        migrations.AddConstraint(
            model_name="merchant",
            constraint=models.CheckConstraint(
                condition=models.Q(("is_brand_owner", True), ("is_channel", True), _connector="OR"),
                name="merchant_owns_brands_or_runs_stores",
            ),
        ),
    ]
