from django.db import migrations, models


class Migration(migrations.Migration):
    """A row is written with its deed now; a request in flight holds a lock instead of a lease."""

    dependencies = [("merchants", "0001_initial")]

    operations = [
        migrations.RemoveConstraint(model_name="idempotencykey", name="idempotency_key_done_has_status"),
        migrations.RunSQL(
            "DELETE FROM merchants_idempotencykey WHERE status IS NULL", migrations.RunSQL.noop
        ),
        migrations.RemoveField(model_name="idempotencykey", name="locked_until"),
        migrations.RemoveField(model_name="idempotencykey", name="state"),
        migrations.AlterField(
            model_name="idempotencykey", name="status", field=models.PositiveSmallIntegerField()
        ),
    ]
