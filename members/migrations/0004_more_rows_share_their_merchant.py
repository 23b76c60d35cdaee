from django.db import migrations

from merchants.same_merchant import SameMerchant


class Migration(migrations.Migration):
    dependencies = [("members", "0003_consents_are_only_added")]

    operations = [
        SameMerchant("members_sharedmembership", "brand_id", "merchants_brand"),
        SameMerchant("members_identity", "member_id", "members_member"),
        SameMerchant("members_consent", "member_id", "members_member"),
        SameMerchant("members_consent", "brand_id", "merchants_brand"),
    ]
