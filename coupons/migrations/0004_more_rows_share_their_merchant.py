from django.db import migrations

from merchants.same_merchant import SameMerchant


class Migration(migrations.Migration):
    dependencies = [("coupons", "0003_allocations_share_their_merchants")]

    operations = [
        SameMerchant("coupons_campaign", "brand_id", "merchants_brand"),
        SameMerchant("coupons_redemption", "store_id", "stores_store", "counterparty_id"),
        SameMerchant("coupons_redemption", "guide_id", "guides_guide", "counterparty_id"),
    ]
