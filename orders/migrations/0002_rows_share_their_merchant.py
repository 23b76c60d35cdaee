from django.db import migrations

from merchants.same_merchant import SameMerchant


class Migration(migrations.Migration):
    dependencies = [("orders", "0001_initial")]

    operations = [
        SameMerchant("orders_order", "store_id", "stores_store"),
        SameMerchant("orders_order", "member_id", "members_member"),
        SameMerchant("orders_orderline", "order_id", "orders_order"),
        SameMerchant("orders_orderline", "brand_member_id", "members_member", "brand_owner_id"),
        SameMerchant("orders_touch", "order_id", "orders_order"),
        SameMerchant("orders_touch", "guide_id", "guides_guide"),
        SameMerchant("orders_tender", "order_id", "orders_order"),
        SameMerchant("orders_refund", "order_id", "orders_order"),
    ]
