from django.db import migrations, models

from merchants.same_merchant import SameMerchant


class Migration(migrations.Migration):
    dependencies = [
        ("merchants", "0003_more_rows_share_their_merchant"),
        ("merchants", "0003_more_rows_share_their_merchant"),
        ("stores", "0003_stores_by_place"),
    ]

    operations = [
        migrations.AddConstraint(
            model_name="contract",
            constraint=models.UniqueConstraint(fields=("id", "merchant"), name="contract_with_merchant"),
        ),
        SameMerchant("stores_store", "org_unit_id", "merchants_orgunit"),
        SameMerchant("stores_contract", "brand_unit_id", "merchants_orgunit"),
    ]
