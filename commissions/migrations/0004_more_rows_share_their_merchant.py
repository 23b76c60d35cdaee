from django.db import migrations

from merchants.same_merchant import SameMerchant


class Migration(migrations.Migration):
    dependencies = [
        ("commissions", "0003_published_plans_stand"),
        ("orders", "0004_more_rows_share_their_merchant"),
        ("stores", "0004_more_rows_share_their_merchant"),
    ]

    operations = [
        SameMerchant("commissions_planversion", "contract_id", "stores_contract"),
        SameMerchant("commissions_split", "line_id", "orders_orderline", "counterparty_id"),
        SameMerchant("commissions_split", "contract_id", "stores_contract", "brand_owner_id"),
        SameMerchant("commissions_split", "version_id", "commissions_planversion", "brand_owner_id"),
        SameMerchant("commissions_share", "store_id", "stores_store", "counterparty_id"),
        SameMerchant("commissions_collection", "tender_id", "orders_tender", "counterparty_id"),
        SameMerchant("commissions_clawback", "refund_line_id", "orders_refundline", "counterparty_id"),
    ]
