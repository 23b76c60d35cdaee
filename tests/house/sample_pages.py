"""A URLconf with one honest page and the mistakes the matrix is there to find."""

from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from config.urls import handler403, handler404  # noqa: F401  (looked for in the outermost URLconf)
from merchants.errors import Forbidden
from merchants.finding import one
from stores.models import Store


def honest(request: HttpRequest, ref: str) -> HttpResponse:
    rows = Store.objects.all()
    if request.seat.may("stores.read"):
        rows = rows.filter(request.seat.within("org_unit__path", "stores.read"))
    store = one(rows, ref=ref)
    request.seat.need("stores.read")
    return HttpResponse(store.name)


def asks_nobody(request: HttpRequest, ref: str) -> HttpResponse:
    return HttpResponse(one(Store, ref=ref).name)


def sees_everything(request: HttpRequest, ref: str) -> HttpResponse:
    request.seat.need("stores.read")
    return HttpResponse(one(Store._base_manager.all(), ref=ref).name)


def says_not_who_may(request: HttpRequest, ref: str) -> HttpResponse:
    one(Store, ref=ref)
    if not request.seat.may("stores.read"):
        raise Forbidden("no", "No.")
    return honest(request, ref)


urlpatterns = [
    path("", include("config.urls")),
    path("hq/honest/<str:ref>/", honest, name="honest"),
    path("hq/asks-nobody/<str:ref>/", asks_nobody, name="asks-nobody"),
    path("hq/sees-everything/<str:ref>/", sees_everything, name="sees-everything"),
    path("hq/says-not-who-may/<str:ref>/", says_not_who_may, name="says-not-who-may"),
]
