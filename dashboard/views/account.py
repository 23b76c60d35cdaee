"""Signing in, and what belongs to the user alone: devices, the merchant acted for. Shared by all staff."""

from typing import Any

from allauth.account import views as allauth
from allauth.account.internal.flows.login_by_code import LoginCodeVerificationProcess
from allauth.usersessions.internal.flows.sessions import end_other_sessions, end_sessions
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from dashboard.refusals import refusals_told
from flows import signing_in
from members import phone_codes
from merchants import phones
from merchants.devices import device_name
from merchants.errors import DomainError
from merchants.middleware import CHOSEN_MERCHANT, chosen

WORKBENCH, HEADQUARTERS = "/w/", "/hq/"


def landing(request: HttpRequest) -> HttpResponse:
    """Where a signed-in user belongs: the workbench for who only serves, headquarters for everybody else."""
    return redirect(HEADQUARTERS if request.seat.may("dashboard.use") else WORKBENCH)


class PasswordView(allauth.LoginView):
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {"tabs": sign_in_tabs(self.request, "account_login")}


class RequestCodeView(allauth.RequestLoginCodeView):
    template_name = "account/login.html"

    def form_valid(self, form: Form) -> HttpResponse:
        try:
            return super().form_valid(form)
        except DomainError as refusal:  # too soon, too many, or the gateway is down
            form.add_error("phone", signing_in.as_fault(refusal))
            return self.form_invalid(form)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        tabs = sign_in_tabs(self.request, "account_request_login_code")
        return super().get_context_data(**kwargs) | {"tabs": tabs}


class ConfirmCodeView(allauth.ConfirmLoginCodeView):
    """allauth compares codes it keeps in the session; ours are checked in the database."""

    _process: LoginCodeVerificationProcess

    @property
    def phone(self) -> str:
        return self._process.state["phone"]

    def get_form_kwargs(self) -> dict[str, Any]:
        kwargs = super().get_form_kwargs()
        return kwargs | {"phone": self.phone} if self._action == "verify" else kwargs

    def _resend_form_valid(self, form: Form) -> HttpResponse:
        """Not allauth's own, which fails on a phone nobody has, and so tells which phones somebody has."""
        with refusals_told(self.request):
            self._process.send()
            self._process.persist()
        return HttpResponseRedirect(self.passthrough_next_url(self.request.path))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {
            "masked_phone": phones.mask(self.phone),
            "demo_code": phone_codes.demo_code(phone=self.phone),
        }


def sign_in_tabs(request: HttpRequest, current: str) -> list[dict[str, object]]:
    """The two ways in, each keeping where the user wanted to go."""
    query = f"?{request.GET.urlencode()}" if request.GET else ""
    ways = (("account_request_login_code", _("Phone and code")), ("account_login", _("E-mail and password")))
    return [
        {"url": reverse(name) + query, "label": label, "current": name == current} for name, label in ways
    ]


def devices(request: HttpRequest) -> HttpResponse:
    """Where the user is signed in; a POST ends one of these sessions, or all others."""
    if request.method == "POST":
        return end_devices(request)
    sessions = sorted(
        UserSession.objects.purge_and_list(request.user),
        key=lambda session: (not session.is_current(), -session.created_at.timestamp()),
    )
    return render(request, "account/devices.html", {"devices": [as_device(session) for session in sessions]})


def as_device(session: UserSession) -> dict[str, object]:
    name = device_name(session.user_agent) or _("Unknown device")
    since = date_format(timezone.localtime(session.created_at), "Y-m-d H:i")
    return {
        "number": session.pk,
        "name": name,
        "note": _("Since %(since)s, from %(ip)s") % {"since": since, "ip": session.ip},
        "current": session.is_current(),
        "sign_out_label": _("Sign out on %(device)s") % {"device": name},
    }


def end_devices(request: HttpRequest) -> HttpResponse:
    if request.POST.get("session") == "others":
        end_other_sessions(request, request.user)
    else:
        mine = UserSession.objects.filter(user=request.user, pk=_number(request.POST.get("session")))
        if not (session := mine.first()):
            raise Http404
        end_sessions(request, [session])
    messages.success(request, _("Signed out there."))
    return redirect("account_devices")


@require_POST
def acting_merchant(request: HttpRequest) -> HttpResponse:
    """Switch to another of the user's merchants, by its ref in `merchant`."""
    ref = request.POST.get("merchant", "")
    seat = chosen(request.seats, ref)
    if seat is None or seat.merchant.ref != ref:
        raise Http404
    request.session[CHOSEN_MERCHANT] = ref
    return redirect("landing")


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 19 else None
