from django.db import migrations

from events.append_only import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("members", "0002_rows_share_their_merchant")]

    operations = [AppendOnly("members_consent")]
