from django.db import migrations

from events.append_only import AppendOnly, FrozenExcept

_CAMPAIGN = {"active": ["paused", "ended"], "paused": ["active", "ended"]}
# A sale told late is judged by its own time: it may use a coupon that was marked as expired meanwhile.
_COUPON = {"issued": ["redeemed", "voided", "expired"], "expired": ["redeemed"]}


class Migration(migrations.Migration):
    dependencies = [("coupons", "0004_more_rows_share_their_merchant")]

    operations = [
        FrozenExcept("coupons_campaign", {"state": _CAMPAIGN}),
        FrozenExcept("coupons_coupon", {"state": _COUPON, "code_sealed": "free"}),  # sealed anew: reseal
        FrozenExcept("coupons_redemption", {"rolled_back_at": "once"}),
        AppendOnly("coupons_allocation"),
    ]
