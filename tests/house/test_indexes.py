"""An index that is the beginning of another one of its table is written with every row and read by nobody."""

from django.apps import apps
from django.db import connection

# What every sale writes; elsewhere rows are few, and Django's own index of a foreign key costs nothing.
WRITTEN_BY_EVERY_SALE = (
    "coupons.Coupon", "coupons.Redemption", "coupons.Allocation", "merchants.IdempotencyKey",
    "orders.Order", "orders.OrderLine", "orders.Tender", "orders.Touch",
    "commissions.Split", "commissions.Collection", "commissions.Contribution", "commissions.Share",
    "commissions.SettlementItem", "ledger.Transfer", "ledger.TransferKey", "events.Event", "events.Position",
)  # fmt: skip

_INDEXES = """
SELECT indexrelid::regclass::text, indkey::int[], indclass::oid[] FROM pg_index
WHERE indrelid = %s::regclass AND indpred IS NULL AND indexprs IS NULL
"""
_UNIQUE = "SELECT indisunique FROM pg_index WHERE indexrelid = %s::regclass"


def test_no_index_of_a_sales_rows_is_the_beginning_of_another(db):
    repeated = []
    for label in WRITTEN_BY_EVERY_SALE:
        with connection.cursor() as cursor:
            cursor.execute(_INDEXES, [apps.get_model(label)._meta.db_table])
            indexes = cursor.fetchall()
            for name, columns, classes in indexes:
                cursor.execute(_UNIQUE, [name])
                if cursor.fetchone()[0]:
                    continue
                repeated += [
                    f"{name} in {other}"
                    for other, wider, theirs in indexes
                    if other != name
                    and wider[: len(columns)] == columns
                    and theirs[: len(columns)] == classes
                ]
    assert not repeated
