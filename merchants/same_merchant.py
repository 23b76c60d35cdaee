"""Related rows share their merchant, and the database holds it where money hangs on it."""

from django.db.migrations.operations import RunSQL


class SameMerchant(RunSQL):
    """Migration operation: a composite foreign key (column, merchant) → (id, merchant_id) of the other table.

    A null column is free (MATCH SIMPLE). `merchant` names the column on this side: `counterparty_id` where a
    contract points at its counterparty's store. The other table needs a unique (id, merchant).
    """

    def __init__(self, table: str, column: str, other: str, merchant: str = "merchant_id") -> None:
        self.given = [table, column, other, merchant]
        name = f"{table}_{column}_same_merchant"[:63]
        super().__init__(
            sql=f"ALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY ({column}, {merchant}) "
            f"REFERENCES {other} (id, merchant_id);",
            reverse_sql=f"ALTER TABLE {table} DROP CONSTRAINT {name};",
        )

    def deconstruct(self):
        return self.__class__.__name__, self.given, {}

    def describe(self) -> str:
        return f"Hold {self.given[0]}.{self.given[1]} to the merchant of its row"
