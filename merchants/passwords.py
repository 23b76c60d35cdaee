"""What a password must be, in words of ours: Django's are not all translated."""

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

LENGTH = 10


class LongEnough:
    def validate(self, password: str, user: object = None) -> None:
        if len(password) < LENGTH:
            raise ValidationError(self.get_help_text(), code="password_too_short")

    def get_help_text(self) -> str:
        return _("A password has at least %(length)d characters.") % {"length": LENGTH}
