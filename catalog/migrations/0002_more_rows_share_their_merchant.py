from django.db import migrations, models

from merchants.same_merchant import SameMerchant


class Migration(migrations.Migration):
    dependencies = [
        ("merchants", "0003_more_rows_share_their_merchant"),
        ("catalog", "0001_initial"),
        ("merchants", "0003_more_rows_share_their_merchant"),
    ]

    operations = [
        migrations.AddConstraint(
            model_name="product",
            constraint=models.UniqueConstraint(fields=("id", "merchant"), name="product_with_merchant"),
        ),
        migrations.AddConstraint(
            model_name="sku",
            constraint=models.UniqueConstraint(fields=("id", "merchant"), name="sku_with_merchant"),
        ),
        SameMerchant("catalog_product", "brand_id", "merchants_brand"),
        SameMerchant("catalog_sku", "product_id", "catalog_product"),
    ]
