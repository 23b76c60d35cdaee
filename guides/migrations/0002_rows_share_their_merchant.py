from django.db import migrations

from merchants.same_merchant import SameMerchant


class Migration(migrations.Migration):
    dependencies = [("guides", "0001_initial")]

    operations = [
        SameMerchant("guides_assignment", "guide_id", "guides_guide"),
        SameMerchant("guides_assignment", "store_id", "stores_store"),
        SameMerchant("guides_offduty", "guide_id", "guides_guide"),
        SameMerchant("guides_target", "guide_id", "guides_guide"),
    ]
