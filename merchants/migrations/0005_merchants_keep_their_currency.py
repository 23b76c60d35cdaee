from django.db import migrations

from events.append_only import AppendOnly, FrozenExcept


class Migration(migrations.Migration):
    dependencies = [("merchants", "0004_idempotency_seals_its_answers")]

    operations = [
        FrozenExcept("merchants_merchant", {"name": "free", "time_zone": "free", "cut_off": "free"}),
        AppendOnly("merchants_party"),
    ]
