"""The description of the API in OpenAPI 3.1: what all calls share is said here once."""

from pathlib import Path
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework import serializers
from rest_framework.request import Request

from api.idempotency import HEADER, LONGEST

LOCAL = "http://127.0.0.1:8000"  # where ./dev up serves, unless told otherwise
HERE = Path(__file__).resolve().parent


class FaultAnswer(serializers.Serializer):
    field = serializers.CharField(help_text=_("Path of the field, such as lines[0].quantity"))
    code = serializers.CharField()
    message = serializers.CharField()


class ProblemAnswer(serializers.Serializer):
    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField(help_text=_("Stable: decide by this"))
    detail = serializers.CharField(help_text=_("What happened, in the language asked for"))
    next_step = serializers.CharField(help_text=_("What to do, in the language asked for"))
    field = serializers.CharField(allow_null=True)
    request_id = serializers.CharField(help_text=_("Tell us this when you ask about the answer"))
    errors = FaultAnswer(many=True, required=False)


PROBLEMS = {
    "400": _("The request could not be read"),
    "401": _("The key was not accepted"),
    "403": _("The key may not do this"),
    "404": _("Not found"),
    "409": _("Used before for something else, or still being worked on"),
    "413": _("The body is too large"),
    "422": _("Understood, but not possible"),
    "429": _("Too many calls; Retry-After says how many seconds to wait"),
}
OF_METHOD = {
    "GET": ("400", "401", "403", "404", "422", "429"),
    "POST": ("400", "401", "403", "404", "409", "413", "422", "429"),
}


class CallSchema(AutoSchema):
    def get_tags(self) -> list[str]:
        return [self.view.__class__.__module__.rpartition(".")[2]]

    def get_operation_id(self) -> str:
        """`listStores`, `createOrder`: named by the view, so that generated clients read well."""
        return self.view.names[self.method]

    def get_auth(self) -> list[dict[str, list[str]]]:
        """The key, and the scope that it must carry."""
        [way, *_without] = super().get_auth()  # drf-spectacular would offer the call without a key as well
        return [{name: [self.view.scopes[self.method]] for name in way}]

    def get_override_parameters(self) -> list[OpenApiParameter]:
        if self.method != "POST":
            return []
        said = _("A random value of yours; the same request with the same value is done once.")
        return [
            OpenApiParameter(
                HEADER,
                {"type": "string", "minLength": 1, "maxLength": LONGEST},
                OpenApiParameter.HEADER,
                required=True,
                description=said,
            )
        ]

    def _get_response_bodies(self, direction="response") -> dict[str, Any]:
        bodies = super()._get_response_bodies(direction)
        for status in OF_METHOD[self.method]:
            answer = OpenApiResponse(ProblemAnswer, PROBLEMS[status])
            said = self._get_response_for_code(answer, status, ["application/problem+json"], direction)
            bodies.setdefault(status, said)
        return dict(sorted(bodies.items()))


class KeyScheme(OpenApiAuthenticationExtension):
    target_class = "api.authentication.KeyAuthentication"
    name = "merchantKey"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "tk_test_… | tk_live_…"}


def describe(result: dict[str, Any], *, request: Request | None = None, **_context: Any) -> dict[str, Any]:
    """Put the quick start, in the reader's language and with the address they came by, before the calls; a hook of
    drf-spectacular."""
    language = "en" if (get_language() or "").startswith("en") else "zh_Hans"
    words = (HERE / "quick_start" / f"{language}.md").read_text()
    if request:
        words = words.replace(LOCAL, request.build_absolute_uri("/").rstrip("/"))
    result["info"]["description"] = words
    return result
