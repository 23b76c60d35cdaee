"""`Authorization: Bearer tk_test_…`: which merchant's system is calling, and what its key may do."""

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.request import Request

from api.errors import Unauthenticated
from merchants import keys
from merchants.errors import Forbidden
from merchants.models import ApiKey


class KeyAuthentication(BaseAuthentication):
    """`request.auth` becomes the ApiKey. There is no user: the actor of what follows is the key."""

    def authenticate(self, request: Request) -> tuple[None, ApiKey] | None:
        scheme, _space, secret = get_authorization_header(request).decode("latin-1").partition(" ")
        if not scheme:
            return None
        key = keys.key_for(secret.strip(), at=timezone.now()) if scheme.lower() == "bearer" else None
        if key is None:
            raise Unauthenticated(
                "key.not_accepted",
                _("This key is unknown or has been revoked."),
                next_step=_("Use a key from Dashboard › Open platform, as “Authorization: Bearer tk_…”."),
            )
        return None, key

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="tiandi"'


def need(key: ApiKey | None, scope: str) -> None:
    """Unauthenticated without a key, Forbidden naming the scope when the key does not carry it."""
    if key is None:
        raise Unauthenticated(
            "key.missing",
            _("No key was sent."),
            next_step=_("Send the header “Authorization: Bearer tk_…”."),
        )
    if scope not in key.scopes:
        raise Forbidden(
            "key.scope_missing",
            _("This key does not carry the scope %(scope)s.") % {"scope": scope},
            next_step=_("Use a key with that scope, or issue one under Dashboard › Open platform."),
            extra={"scope": scope},
        )
