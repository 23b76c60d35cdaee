from django.db import migrations

from merchants.same_merchant import SameMerchant


class Migration(migrations.Migration):
    dependencies = [("stores", "0001_initial")]

    operations = [
        SameMerchant("stores_contract", "brand_id", "merchants_brand"),
        SameMerchant("stores_contract", "store_id", "stores_store", "counterparty_id"),
    ]
