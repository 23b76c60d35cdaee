from django.db import migrations, models
from django.db.models import F, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

OPEN = models.Q(accepted_at=None, declined_at=None, withdrawn_at=None)


def withdraw_all_but_the_newest(apps, schema_editor):
    contracts = apps.get_model("stores", "Contract")._base_manager
    place = Window(RowNumber(), partition_by=[F("brand"), F("store")], order_by=F("id").desc())
    older = [row.pk for row in contracts.filter(OPEN).annotate(place=place) if row.place > 1]
    contracts.filter(pk__in=older).update(withdrawn_at=timezone.now())


class Migration(migrations.Migration):
    dependencies = [("stores", "0008_contracts_are_drafted_and_answered")]

    operations = [
        migrations.RunPython(withdraw_all_but_the_newest, migrations.RunPython.noop),
        migrations.AddConstraint(
            "contract",
            models.UniqueConstraint(
                fields=["brand", "store"], condition=OPEN, name="contract_one_open_draft"
            ),
        ),
    ]
