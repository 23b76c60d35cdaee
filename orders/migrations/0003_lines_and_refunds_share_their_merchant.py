from django.db import migrations, models

from merchants.same_merchant import SameMerchant


class Migration(migrations.Migration):
    dependencies = [("orders", "0002_rows_share_their_merchant")]

    operations = [
        migrations.AddConstraint(
            model_name="orderline",
            constraint=models.UniqueConstraint(fields=["id", "merchant"], name="order_line_with_merchant"),
        ),
        migrations.AddConstraint(
            model_name="refund",
            constraint=models.UniqueConstraint(fields=["id", "merchant"], name="refund_with_merchant"),
        ),
        SameMerchant("orders_refundline", "refund_id", "orders_refund"),
        SameMerchant("orders_refundline", "line_id", "orders_orderline"),
    ]
