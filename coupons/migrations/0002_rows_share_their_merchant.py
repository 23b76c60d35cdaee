from django.db import migrations

from merchants.same_merchant import SameMerchant


class Migration(migrations.Migration):
    dependencies = [("coupons", "0001_initial")]

    operations = [
        SameMerchant("coupons_coupon", "campaign_id", "coupons_campaign"),
        SameMerchant("coupons_coupon", "member_id", "members_member"),
        SameMerchant("coupons_redemption", "coupon_id", "coupons_coupon"),
        SameMerchant("coupons_redemption", "order_id", "orders_order", "counterparty_id"),
    ]
