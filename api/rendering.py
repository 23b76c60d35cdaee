"""Answers as JSON. Instants are written in UTC with a Z, references and codes as text, money as whole
numbers."""

from typing import Any

import msgspec
from django.utils.functional import Promise
from rest_framework.renderers import BaseRenderer


def plain(data: Any) -> Any:
    """The answer as JSON keeps it, so that it can be stored and given again."""
    return msgspec.to_builtins(data, enc_hook=_text)


class JsonRenderer(BaseRenderer):
    media_type = "application/json"
    format = "json"
    charset = None

    def render(self, data: Any, accepted_media_type=None, renderer_context=None) -> bytes:
        response = (renderer_context or {}).get("response")
        return b"" if response is not None and response.status_code == 204 else _encoder.encode(data)


def _text(value: Any) -> str:
    """Lazy translations, and DRF's str with a code: msgspec takes neither for text."""
    if isinstance(value, (Promise, str)):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no place in an answer")


_encoder = msgspec.json.Encoder(enc_hook=_text)
