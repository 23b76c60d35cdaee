from django.db import migrations, models

from merchants.same_merchant import SameMerchant


class Migration(migrations.Migration):
    dependencies = [
        ("stores", "0004_more_rows_share_their_merchant"),
        ("catalog", "0002_more_rows_share_their_merchant"),
        ("merchants", "0003_more_rows_share_their_merchant"),
        ("orders", "0003_lines_and_refunds_share_their_merchant"),
    ]

    operations = [
        migrations.AddConstraint(
            model_name="refundline",
            constraint=models.UniqueConstraint(fields=("id", "merchant"), name="refund_line_with_merchant"),
        ),
        migrations.AddConstraint(
            model_name="tender",
            constraint=models.UniqueConstraint(fields=("id", "merchant"), name="tender_with_merchant"),
        ),
        SameMerchant("orders_orderline", "sku_id", "catalog_sku", "brand_owner_id"),
        SameMerchant("orders_orderline", "brand_id", "merchants_brand", "brand_owner_id"),
        SameMerchant("orders_orderline", "contract_id", "stores_contract", "brand_owner_id"),
        SameMerchant("orders_touch", "store_id", "stores_store"),
    ]
