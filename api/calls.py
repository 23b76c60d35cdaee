"""What every call has in common: a key, its scope, the merchant's rows only, a request id, JSON in and
out."""

import re
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any

from django.urls import resolve
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Field, ListSerializer, Serializer
from rest_framework.views import APIView

from api.authentication import need
from api.errors import no_such_address, no_such_id
from api.parsing import check_query
from api.paths import AN_ID
from api.throttling import count
from events.record import Actor
from merchants.errors import DomainError
from merchants.models import Merchant
from merchants.scoping import acting_for


class Call(APIView):
    """An address of the API. A subclass says which scope each of its methods needs, and finds, asks, shows.

    The whole handler runs in the scope of the key's merchant: another merchant's rows are simply not there.
    """

    scopes: dict[str, str] = {}  # method → scope, HEAD as GET
    by_code = False  # whether `?code=` narrows the list
    http_method_names = [
        "get",
        "head",
        "post",
        "put",
        "patch",
        "delete",
    ]  # the schema says what OPTIONS would

    def dispatch(self, request, *args: Any, **kwargs: Any) -> Response:
        with ExitStack() as self.inside:
            response = super().dispatch(request, *args, **kwargs)
        response["Cache-Control"] = "no-store"
        return response

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        check_query(request.query_params)
        self.inside.enter_context(acting_for(request.auth.merchant))

    def check_permissions(self, request: Request) -> None:
        method = "GET" if request.method == "HEAD" else request.method
        if method in self.scopes:
            need(request.auth, self.scopes[method])
        elif request.auth is None:
            need(None, "")

    def check_throttles(self, request: Request) -> None:
        count(request.auth)

    @property
    def merchant(self) -> Merchant:
        return self.request.auth.merchant

    @property
    def by(self) -> Actor:
        return Actor.key(self.request.auth.ref)

    def given(self, serializer: type[Serializer]) -> dict[str, Any]:
        """The body, checked; a ValidationError becomes a 422 that lists each fault. A field that is not known is
        refused: a name misspelt would make another sale."""
        return checked(serializer, self.request.data)

    def asked(self, serializer: type[Serializer]) -> dict[str, Any]:
        """The query parameters, checked in the same way. One that is not known is refused: a filter misspelt would
        list everything."""
        form = serializer(data=self.request.query_params)
        if unknown := sorted(set(self.request.query_params) - set(form.fields)):
            said = _("These query parameters are not known here: %(names)s.") % {"names": ", ".join(unknown)}
            raise _unknown("query.unknown", said, form, field=unknown[0])
        form.is_valid(raise_exception=True)
        return form.validated_data

    def expanded(self, *offered: str) -> set[str]:
        """What `?expand[]=a&expand[]=b` asks for, or `?expand[]=a,b`."""
        asked = {name for text in self.request.query_params.getlist("expand[]") for name in text.split(",")}
        if unknown := asked - set(offered):
            raise DomainError(
                "expand.unknown",
                _("This cannot be expanded: %(names)s.") % {"names": ", ".join(sorted(unknown))},
                next_step=_("Choose from: %(names)s.") % {"names": ", ".join(offered)},
                field="expand[]",
            )
        return asked


def checked(serializer: type[Serializer], body: object) -> dict[str, Any]:
    """What a body, or a part of one, says; see `Call.given`."""
    form = serializer(data=body)
    refuse_unknown(form, body)
    form.is_valid(raise_exception=True)
    return form.validated_data


def refuse_unknown(form: Field, given: object, *, within: str = "") -> None:
    """DomainError `body.unknown` for the first field of a JSON body, however deep, that its serializer lacks."""
    if isinstance(form, ListSerializer):
        for place, one in enumerate(given if isinstance(given, list) else []):
            refuse_unknown(form.child, one, within=f"{within}[{place}]")
    if not isinstance(form, Serializer) or not isinstance(given, Mapping):
        return
    begin = f"{within}." if within else ""
    for name, value in given.items():
        path = f"{begin}{name}"
        if name not in form.fields:
            said = _("This field is not known here: %(name)s.") % {"name": path[:80]}
            raise _unknown("body.unknown", said, form, field=path[:80])
        refuse_unknown(form.fields[name], value, within=path)


def _unknown(code: str, said: str, form: Serializer, *, field: str) -> DomainError:
    known = _("Known are: %(names)s.") % {"names": ", ".join(form.fields)}
    return DomainError(code, said, next_step=known, field=field)


class Unknown(Call):
    """Whatever is not an address of ours."""

    authentication_classes: list = []
    schema = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        if found := _list_of(request.path_info):
            path, view = found
            raise no_such_id(path, by_code=view.by_code)
        raise no_such_address()


def _list_of(path: str) -> tuple[str, type[Call]] | None:
    """Of an address that would be one of ours with an id in its place: the list (path and view) that tells the ids."""
    if told := re.fullmatch(r"(.+/v1/[a-z-]+)/[^/]+((?:/[a-z-]+)?)", path):
        one, whole = (_view_at(place) for place in (f"{told[1]}/{AN_ID}{told[2]}", told[1]))
        if one is not None and whole is not None:
            return told[1], whole
    return None


def _view_at(path: str) -> type[Call] | None:
    view = getattr(resolve(path).func, "view_class", Unknown)
    return None if view is Unknown else view
