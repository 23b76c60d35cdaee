"""Answers hold coupon codes. Those kept in clear go: a client that repeats such a request is known by its own numbers."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("merchants", "0003_more_rows_share_their_merchant")]

    operations = [
        migrations.RunSQL("DELETE FROM merchants_idempotencykey", migrations.RunSQL.noop),
        migrations.RemoveField(model_name="idempotencykey", name="answer"),
        migrations.AddField(
            model_name="idempotencykey",
            name="answer_sealed",
            field=models.BinaryField(default=b""),
            preserve_default=False,
        ),
    ]
