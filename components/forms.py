"""The one form field that is ours: people write yuan, the rooms take fen."""

import re
import unicodedata
from decimal import Decimal

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

# Nothing else reaches a number type: to Decimal `1e900000` is a number, and it takes half a minute to multiply.
_YUAN = re.compile(r"(?P<yuan>[0-9]{1,12})(?:\.(?P<fen>[0-9]{1,2}))?")
_TOO_PRECISE = re.compile(r"[0-9]{1,12}\.[0-9]{3,12}")
_GROUPING = re.compile(r"[,\s]")


class YuanField(forms.Field):
    """Text like `1,268.00`, `¥1268` or `１２６８` in, whole fen (int) out; never a float on the way."""

    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
    default_error_messages = {
        "invalid": _("Write an amount in yuan, such as 1268.00."),
        "precision": _("An amount has at most two decimals."),
        "least": _("The amount must be at least %(least)s."),
        "most": _("The amount must be at most %(most)s."),
    }

    def __init__(self, *, least: int = 1, most: int = 10**11, **kwargs):
        """`least` and `most` in fen, both allowed; the largest by default is one thousand million yuan."""
        self.least, self.most = least, most
        super().__init__(**kwargs)

    def prepare_value(self, value):
        return f"{value // 100}.{value % 100:02d}" if isinstance(value, int) else value

    def to_python(self, value):
        if value in self.empty_values:
            return None
        if isinstance(value, int):
            return value
        text = _GROUPING.sub("", unicodedata.normalize("NFKC", str(value))).lstrip("¥")
        written = _YUAN.fullmatch(text)
        if written is None:
            code = "precision" if _TOO_PRECISE.fullmatch(text) else "invalid"
            raise ValidationError(self.error_messages[code], code=code)
        return int(written["yuan"]) * 100 + int((written["fen"] or "").ljust(2, "0"))

    def validate(self, value):
        super().validate(value)
        if value is None:
            return
        for bound, code, wrong in (
            ("least", "least", value < self.least),
            ("most", "most", value > self.most),
        ):
            if wrong:
                limit = getattr(self, bound)
                words = {bound: f"¥{limit / Decimal(100):,.2f}"}
                raise ValidationError(self.error_messages[code], code=code, params=words)
