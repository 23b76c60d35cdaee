from django.db import migrations

from merchants.same_merchant import SameMerchant


class Migration(migrations.Migration):
    dependencies = [("members", "0001_initial")]

    operations = [
        SameMerchant("members_binding", "member_id", "members_member"),
        SameMerchant("members_binding", "guide_id", "guides_guide"),
        SameMerchant("members_binding", "store_id", "stores_store"),
        SameMerchant("members_followup", "member_id", "members_member"),
        SameMerchant("members_followup", "guide_id", "guides_guide"),
        SameMerchant("members_sharedmembership", "member_id", "members_member"),
        SameMerchant("members_sharedmembership", "counterpart_id", "members_member", "counterparty_id"),
    ]
