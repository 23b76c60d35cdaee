from django.db import migrations, models

from merchants.same_merchant import SameMerchant


class Migration(migrations.Migration):
    dependencies = [
        ("coupons", "0002_rows_share_their_merchant"),
        ("orders", "0003_lines_and_refunds_share_their_merchant"),
    ]

    operations = [
        migrations.AddConstraint(
            model_name="redemption",
            constraint=models.UniqueConstraint(fields=["id", "merchant"], name="redemption_with_merchant"),
        ),
        SameMerchant("coupons_allocation", "redemption_id", "coupons_redemption"),
        SameMerchant("coupons_allocation", "line_id", "orders_orderline", "counterparty_id"),
    ]
