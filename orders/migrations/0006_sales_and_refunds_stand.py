from django.db import migrations

from events.append_only import AppendOnly, FrozenExcept


class Migration(migrations.Migration):
    dependencies = [("orders", "0005_numbers_of_whoever_tells")]

    operations = [
        FrozenExcept("orders_order", {"refunded_total": "grows"}),
        FrozenExcept("orders_orderline", {"refunded": "grows", "refunded_quantity": "grows"}),
        AppendOnly("orders_touch"),
        AppendOnly("orders_tender"),
        AppendOnly("orders_refund"),
        AppendOnly("orders_refundline"),
        FrozenExcept("orders_parkedrefund", {"applied_at": "once", "refused_code": "once"}),
    ]
