import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import events.models
from events.append_only import AppendOnly


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Reader",
            fields=[
                ("name", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("seq", models.BigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="Event",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("merchant_id", models.BigIntegerField()),
                ("kind", models.CharField(max_length=64)),
                ("subject", models.CharField(max_length=32)),
                ("actor_kind", models.CharField(max_length=8)),
                ("actor_ref", models.CharField(max_length=64)),
                ("payload", models.JSONField(default=dict)),
                (
                    "concerns",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=32), default=list, size=None
                    ),
                ),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                ("recorded_at", models.DateTimeField(db_default=events.models.ClockTime(), editable=False)),
                ("xid", events.models.Xid8(db_default=events.models.CurrentXid(), editable=False)),
            ],
            options={
                "indexes": [
                    django.contrib.postgres.indexes.GinIndex(fields=["concerns"], name="event_concerns"),
                    models.Index(fields=["merchant_id", "-id"], name="event_of_merchant"),
                    models.Index(fields=["xid"], name="event_by_transaction"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Position",
            fields=[
                ("seq", models.BigIntegerField(primary_key=True, serialize=False)),
                (
                    "event",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="position",
                        to="events.event",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="RelayState",
            fields=[
                ("id", models.SmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("cluster", models.TextField()),
                ("snapshot", models.TextField()),
                ("last_seq", models.BigIntegerField(default=0)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("id", 1)), name="relay_state_is_one_row")
                ],
            },
        ),
        migrations.CreateModel(
            name="Fault",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("reader", models.CharField(max_length=64)),
                ("seq", models.BigIntegerField()),
                (
                    "error",
                    models.CharField(
                        blank=True, help_text="Its type and place, never its text", max_length=255
                    ),
                ),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("retry_at", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "event",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="events.event",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["reader", "retry_at"], name="fault_due")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("reader", "event"), name="fault_one_per_reader_and_event"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("error", ""), ("retry_at", None)),
                            models.Q(models.Q(("error", ""), _negated=True), ("retry_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="fault_waits_or_has_an_error",
                    ),
                ],
            },
        ),
        AppendOnly("events_event"),
        AppendOnly("events_position"),
    ]
