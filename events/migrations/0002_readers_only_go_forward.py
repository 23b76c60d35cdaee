from django.db import migrations

from events.append_only import FrozenExcept


class Migration(migrations.Migration):
    dependencies = [("events", "0001_stream")]

    operations = [FrozenExcept("events_reader", {"seq": "grows"})]
