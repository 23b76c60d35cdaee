from django.db import migrations

from events.append_only import FrozenExcept


class Migration(migrations.Migration):
    dependencies = [("stores", "0006_contracts_say_whose_money_either_may_tell")]

    operations = [
        FrozenExcept("stores_contract", {"ends_at": "earlier"}, when="OLD.accepted_at IS NOT NULL"),
    ]
