"""What the gallery shows: invented people and figures, enough to see every component at work."""

from datetime import UTC, datetime, timedelta

from django import forms
from django.utils.translation import gettext_lazy as _

from components.forms import YuanField

SALES = [8, 11, 10, 14, 13, 22, 24, 18, 20, 21, 29, 36, 24, 26, 25, 28, 33, 30, 35, 37, 41]


class GalleryForm(forms.Form):
    phone = forms.CharField(label=_("Phone"), help_text=_("We send a code to it."))
    city = forms.ChoiceField(label=_("City"), choices=[("sh", "上海"), ("hz", "杭州")])
    amount = YuanField(label=_("Amount"), required=False)
    note = forms.CharField(label=_("Note"), required=False, widget=forms.Textarea)
    to_brand = forms.BooleanField(label=_("Consent"))


def sample(path: str) -> dict[str, object]:
    now = datetime.now(UTC)
    days = [f"11-{day:02d}" for day in range(1, len(SALES) + 1)]
    links = [(_("Overview"), True), (_("Members"), False), (_("Stores"), False)]
    return {
        "nav": [
            {"label": "", "items": [{"label": words, "url": path, "current": here} for words, here in links]},
            {"label": _("Settlement"), "items": [{"label": _("Statements"), "url": path, "current": False}]},
        ],
        "tabs": [
            {"label": _("Today"), "url": path, "icon": "today", "current": True},
            {"label": _("Members"), "url": path, "icon": "members", "current": False},
            {"label": _("Redeem"), "url": path, "icon": "scan", "current": False},
            {"label": _("Cloud store"), "url": path, "icon": "shop", "current": False},
            {"label": _("Mine"), "url": path, "icon": "user", "current": False},
        ],
        "merchant_name": "青岚服饰",
        "brand_name": "青岚",
        "user_label": "周雨桐",
        "scope_label": "华东大区",
        "period_label": "11-01 – 11-21",
        "search_url": path,
        "form": GalleryForm(),
        "wrong_form": GalleryForm({"phone": "", "amount": "12.345"}),
        "days": days,
        "sales": [value * 620_000 for value in SALES],
        "sales_before": [value * 500_000 for value in reversed(SALES)],
        "members": [3, 5, 2, 8, 6, 9, 12],
        "week": days[-7:],
        "steps": [(_("Sent"), 1200), (_("Seen"), 860), (_("Claimed"), 410), (_("Redeemed"), 97)],
        "way": [_("Phone"), _("Code"), _("Consent")],
        "stores": [
            ("静安嘉里中心店", "上海", 48_620_000, "celadon", _("On target")),
            ("杭州湖滨银泰店", "浙江", 41_288_000, "celadon", _("On target")),
            ("苏州中心店", "江苏", 30_514_050, "warn", _("Catching up")),
            ("宁波天一店", "浙江", 9_830_000, "danger", _("Behind")),
        ],
        "now": now,
        "minutes_ago": now - timedelta(minutes=4),
        "yesterday": now - timedelta(days=1),
        "tab_items": [
            {"label": _("Overview"), "url": path, "current": True, "count": None},
            {"label": _("Coupons"), "url": path, "current": False, "count": 3},
        ],
        "cities": [("sh", "上海"), ("hz", "杭州")],
    }
