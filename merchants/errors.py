"""What a verb says when it cannot do what was asked: what happened, and the next step."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _


class DomainError(Exception):
    """A refusal with a stable code. `message` and `next_step` are lazily translated; `field` names the
    input at fault in the caller's words; `extra` holds plain facts (ids, amounts) for the API's answer."""

    status = 422

    def __init__(
        self,
        code: str,
        message: Any,
        *,
        next_step: Any = "",
        field: str = "",
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.message = message
        self.next_step = next_step
        self.field = field
        self.extra = dict(extra or {})

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"

    @property
    def words(self) -> str:
        """What happened and the next step in one line, for a form's fault or an error page."""
        if not self.next_step:
            return str(self.message)
        # Translators: two sentences, one after the other; Chinese sets no space between them.
        return _("%(sentence)s %(next_sentence)s") % {
            "sentence": self.message,
            "next_sentence": self.next_step,
        }


class NotFound(DomainError):
    """Not there, or not yours: a stranger must not learn which."""

    status = 404


class Forbidden(DomainError):
    """Your own row, but your role (or the key's scope) does not carry the permission; the message names it."""

    status = 403


class Conflict(DomainError):
    """The same number or key was used before for something else."""

    status = 409
