"""Commission plans: what was published for whom and when, and drafts of what comes next."""

from datetime import datetime, timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from commissions import plans, succession
from commissions.draft_checks import digest
from commissions.models import PlanVersion, Rule
from commissions.promised import promised_under
from commissions.reasons import claim_of
from commissions.wording import rest_to, rule_in_words
from dashboard import access
from dashboard.access import needs
from dashboard.forms.plans import PlanForm
from dashboard.frame import page
from dashboard.paging import newest_first
from dashboard.refusals import refusals_blamed_on, refusals_told
from merchants import finding
from merchants.models import Brand, Merchant
from orders.receipts import CLOCKS_DIFFER
from stores import visibility
from stores.models import Contract
from stores.visibility import partners_of


@needs("plans.read")
def index(request: HttpRequest) -> HttpResponse:
    """One's own brands' plans, and what others' plans bring one's stores by their contracts."""
    brands = list(finding.every(Brand))
    now = timezone.now()
    held = newest_first(visibility.held(request.seat).live(now), request.GET.get("cursor", ""))
    context = {
        "brands": [
            (brand, [_in_words(v, now) for v in [*plans.drafts_of(brand), *plans.versions_of(brand)]])
            for brand in brands
        ],
        "may_write": bool(brands) and request.seat.may("plans.write"),
        "promised": promised_under(held.rows, at=now),
        "next": held.next,
    }
    return page(request, "dashboard/plans/index.html", context, section="plans")


@needs("plans.read")
def show(request: HttpRequest, ref: str) -> HttpResponse:
    version = access.plan_version(request, ref)
    articles = {rule.sku_id: rule.sku.name for rule in version.rules.all() if rule.sku_id}
    now, rest_to = timezone.now(), _rest_to(version)
    context = (
        _in_words(version, now)
        | _outlook(version, now)
        | {
            "sentences": [
                rule_in_words(t, article=articles.get(t.sku, ""), rest_to=rest_to)
                for t in plans.terms_of(version)
            ],
            "may_write": request.seat.may("plans.write"),
            "read": digest(version),
        }
    )
    return page(request, "dashboard/plans/show.html", context, section="plans")


@needs("plans.write")
def new(request: HttpRequest) -> HttpResponse:
    """A POST keeps the draft; with `change` it only answers the form with other rows, or read out. `?copy=plv_…`
    starts from what a version says, whether it holds, is over or is a draft."""
    brands = list(finding.every(Brand))
    partners: dict[str, Merchant | Contract] = {m.ref: m for brand in brands for m in partners_of(brand)}
    copied = access.plan_version(request, request.GET["copy"]) if request.GET.get("copy") else None
    if copied and (scope := copied.contract or copied.channel):
        partners[scope.ref] = scope
    tomorrow = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    form = PlanForm(
        request.POST or None,
        brands=brands,
        partners=list(partners.values()),
        copied=copied,
        initial={"effective_from": tomorrow},
    )
    if form.saves:
        with refusals_blamed_on(form):
            version = plans.draft(by=request.seat.actor, **form.whole())
            return _kept(request, version)
    return _form(request, form, _("New draft"))


@needs("plans.write")
def edit(request: HttpRequest, ref: str) -> HttpResponse:
    version = access.plan_version(request, ref)
    form = PlanForm(request.POST or None, brands=(), partners=(), version=version, initial={})
    if form.saves:
        with refusals_blamed_on(form):
            read = request.POST.get("read", "")
            version = plans.revise(version, read=read, by=request.seat.actor, **form.terms())
            return _kept(request, version)
    read = request.POST.get("read") or digest(version)
    return _form(request, form, _("Draft %(number)d") % {"number": version.number}, read=read)


@require_POST
@needs("plans.write")
def publish(request: HttpRequest, ref: str) -> HttpResponse:
    """`read` is the digest of what the page showed."""
    version = access.plan_version(request, ref)
    with refusals_told(request):
        plans.publish_draft(version, read=request.POST.get("read", ""), by=request.seat.actor)
        messages.success(request, _("Version %(number)d is published.") % {"number": version.number})
    return redirect("plan_version", ref)


@require_POST
@needs("plans.write")
def recall(request: HttpRequest, ref: str) -> HttpResponse:
    version = access.plan_version(request, ref)
    with refusals_told(request):
        plans.recall(version, by=request.seat.actor)
        messages.success(
            request,
            _("Version %(number)d is a draft again; what held before it goes on.")
            % {"number": version.number},
        )
    return redirect("plan_version", ref)


@require_POST
@needs("plans.write")
def discard(request: HttpRequest, ref: str) -> HttpResponse:
    version = access.plan_version(request, ref)
    with refusals_told(request):
        plans.discard(version, by=request.seat.actor)
        messages.success(request, _("The draft was thrown away."))
        return redirect("plans")
    return redirect("plan_version", ref)


def _kept(request: HttpRequest, version: PlanVersion) -> HttpResponse:
    messages.success(request, _("The draft is kept. Nothing is split by it before it is published."))
    return redirect("plan_version", version.ref)


def _form(request: HttpRequest, form: PlanForm, title: str, *, read: str = "") -> HttpResponse:
    context = {
        "form": form,
        "title": title,
        "read": read,
        "sentences": [
            rule_in_words(term, article=name, rest_to=form.rest_to) for term, name in form.readable()
        ],
    }
    status = 422 if form.is_bound and not form.change else 200
    return page(request, "dashboard/plans/new.html", context, section="plans", status=status)


def _outlook(version: PlanVersion, now: datetime) -> dict[str, object]:
    """What becomes of this version and of others if it is published, or taken back."""
    if version.published_at:
        recallable = succession.is_recallable(version, at=now)
        return {
            "recallable": recallable,
            "resumed": succession.resumed_by_recalling(version).first() if recallable else None,
            "heir": succession.heir_of(version) if recallable else None,
        }
    return {
        "begins": version.effective_from > now,
        "too_late": succession.reaches_back(version, at=now),
        "recallable_then": succession.is_recallable(version, at=now),
        "replaced": succession.ended_by_publishing(version).first(),
        "notice": CLOCKS_DIFFER.seconds // 60,
    }


def _in_words(version: PlanVersion, now: datetime) -> dict[str, object]:
    begun = version.effective_from <= now
    ended = version.effective_until is not None and version.effective_until <= now
    state = "ended" if ended else "holds" if begun else "coming"
    return {
        "version": version,
        "name": _name_of(version),
        "state": state if version.published_at else "draft",
        "rules": [
            (Rule.Role(term.role).label, _rest_to(version) if term.kind == "residual" else claim_of(term))
            for term in plans.terms_of(version)
        ],
    }


def _name_of(version: PlanVersion) -> str:
    central = version.plan.mode == Contract.Mode.CENTRAL
    words = _("Central mode, version %(n)s") if central else _("Direct mode, version %(n)s")
    return words % {"n": version.number}


def _rest_to(version: PlanVersion) -> str:
    return rest_to(version.plan.mode, version.plan.brand, version.contract or version.channel)
