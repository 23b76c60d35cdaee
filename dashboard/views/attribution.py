"""Attribution: whose guide's part a sale is; what counts, what counted, and drafts of what comes next."""

from datetime import datetime, timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from commissions import attribution_policies as policies
from commissions.attribution_checks import digest, overtaken
from commissions.attribution_rules import DEFAULT, Policy
from commissions.attribution_wording import overtaken_in_words, rule_in_words
from commissions.models import AttributionPolicy
from dashboard import access
from dashboard.access import needs
from dashboard.forms.attribution import AttributionForm, PublishForm
from dashboard.frame import page
from dashboard.refusals import refusals_blamed_on, refusals_told
from merchants import finding
from merchants.models import Brand
from orders.receipts import CLOCKS_DIFFER
from stores.visibility import held


@needs("plans.read")
def index(request: HttpRequest) -> HttpResponse:
    """What counts for sales under one's own plans; and, by one's contracts, under those of other brand owners."""
    merchant, now = request.seat.merchant, timezone.now()
    published = policies.published_by(merchant)
    owners = held(request.seat).live(now).order_by("merchant_id", "pk").distinct("merchant_id")
    context = {
        "has_brands": finding.every(Brand).exists(),
        "may_write": request.seat.may("plans.write"),
        "holding": policies.holding(published, at=now),
        "sentences": _sentences(policies.in_force(published, at=now)),
        "rows": [(one, _state(one, now)) for one in [*policies.drafts_of(merchant), *published]],
        "others": [
            (
                contract.merchant.name,
                _sentences(policies.in_force(policies.published_by(contract.merchant), at=now)),
            )
            for contract in owners
        ],
    }
    return page(request, "dashboard/attribution/index.html", context, section="attribution")


@needs("plans.read")
def show(request: HttpRequest, ref: str) -> HttpResponse:
    policy, now = access.attribution_policy(request, ref), timezone.now()
    tomorrow = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    context = {
        "policy": policy,
        "state": _state(policy, now),
        "sentences": _sentences(policy.said),
        "warnings": _warnings(policy.said),
        "may_write": request.seat.may("plans.write"),
        "read": digest(policy.said.rules),
        "recallable": policies.is_recallable(policy, at=now),
        "notice": CLOCKS_DIFFER.seconds // 60,
        "form": PublishForm(initial={"starts_at": tomorrow}),
        "replaced": policies.holding(policies.published_by(policy.merchant), at=now),
    }
    return page(request, "dashboard/attribution/show.html", context, section="attribution")


@needs("plans.write")
def new(request: HttpRequest) -> HttpResponse:
    """A POST keeps the draft; with `change` it only answers the form with other rows, or read out. `?copy=atp_…`
    starts from what a policy says, `?copy=default` from the default, else it starts from what counts today."""
    merchant, copy = request.seat.merchant, request.GET.get("copy", "")
    if copy == "default":
        begins = DEFAULT
    elif copy:
        begins = access.attribution_policy(request, copy).said
    else:
        begins = policies.in_force(policies.published_by(merchant), at=timezone.now())
    form = AttributionForm(request.POST or None, rules=begins.rules)
    if form.saves:
        with refusals_blamed_on(form):
            policy = policies.draft(merchant=merchant, rules=form.rules(), by=request.seat.actor)
            return _kept(request, policy)
    return _form(request, form, _("New draft"))


@needs("plans.write")
def edit(request: HttpRequest, ref: str) -> HttpResponse:
    policy = access.attribution_policy(request, ref)
    form = AttributionForm(request.POST or None, rules=policy.said.rules)
    if form.saves:
        with refusals_blamed_on(form):
            read = request.POST.get("read", "")
            return _kept(
                request, policies.revise(policy, rules=form.rules(), read=read, by=request.seat.actor)
            )
    read = request.POST.get("read") or digest(policy.said.rules)
    return _form(request, form, _("Draft %(number)d") % {"number": policy.number}, read=read)


@require_POST
@needs("plans.write")
def publish(request: HttpRequest, ref: str) -> HttpResponse:
    """`read` is the digest of what the page showed; without `starts_at` it counts at once."""
    policy, form = access.attribution_policy(request, ref), PublishForm(request.POST)
    if not form.is_valid():
        messages.error(request, " ".join(form.errors["starts_at"]))
        return redirect("attribution_policy", ref)
    with refusals_told(request):
        read = request.POST.get("read", "")
        policies.publish(policy, starts_at=form.start(), read=read, by=request.seat.actor)
        messages.success(request, _("Version %(number)d is published.") % {"number": policy.number})
    return redirect("attribution_policy", ref)


@require_POST
@needs("plans.write")
def recall(request: HttpRequest, ref: str) -> HttpResponse:
    policy = access.attribution_policy(request, ref)
    with refusals_told(request):
        policies.recall(policy, by=request.seat.actor)
        messages.success(
            request,
            _("Version %(number)d is a draft again; what held before it goes on.")
            % {"number": policy.number},
        )
    return redirect("attribution_policy", ref)


@require_POST
@needs("plans.write")
def discard(request: HttpRequest, ref: str) -> HttpResponse:
    policy = access.attribution_policy(request, ref)
    with refusals_told(request):
        policies.discard(policy, by=request.seat.actor)
        messages.success(request, _("The draft was thrown away."))
        return redirect("attribution")
    return redirect("attribution_policy", ref)


def _kept(request: HttpRequest, policy: AttributionPolicy) -> HttpResponse:
    messages.success(request, _("The draft is kept. No sale goes by it before it is published."))
    return redirect("attribution_policy", policy.ref)


def _form(request: HttpRequest, form: AttributionForm, title: str, *, read: str = "") -> HttpResponse:
    context = {
        "form": form,
        "title": title,
        "read": read,
        "rows": list(zip(form.rows, form.sentences(), strict=True)),
    }
    status = 422 if form.is_bound and not form.change else 200
    return page(request, "dashboard/attribution/new.html", context, section="attribution", status=status)


def _sentences(policy: Policy) -> list[str]:
    return [rule_in_words(rule) for rule in policy.rules]


def _warnings(policy: Policy) -> list[tuple[int, str]]:
    return [(number, overtaken_in_words(earlier)) for number, earlier in overtaken(policy.rules).items()]


def _state(policy: AttributionPolicy, now: datetime) -> str:
    if policy.effective_from is None:
        return "draft"
    if policy.effective_until is not None and policy.effective_until <= now:
        return "ended"
    return "holds" if policy.effective_from <= now else "coming"
