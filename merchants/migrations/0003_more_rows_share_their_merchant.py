from django.db import migrations, models

from merchants.same_merchant import SameMerchant


class Migration(migrations.Migration):
    dependencies = [
        ("merchants", "0002_idempotency_keeps_answers_only"),
    ]

    operations = [
        migrations.AddConstraint(
            model_name="orgunit",
            constraint=models.UniqueConstraint(fields=("id", "merchant"), name="org_unit_with_merchant"),
        ),
        SameMerchant("merchants_appointment", "org_unit_id", "merchants_orgunit"),
    ]
