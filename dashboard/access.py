"""Find and permit together: what is not the seat's answers 404, what its role does not open 403."""

from collections.abc import Callable, Collection
from functools import wraps

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from commissions import appealed
from commissions.models import (
    Appeal,
    AttributionPolicy,
    BankFile,
    Break,
    Payout,
    PlanVersion,
    RailBill,
    SettlementBatch,
)
from commissions.payouts import reading as payouts
from commissions.reconciliation import reading as reconciliation
from coupons import reports
from coupons.models import Campaign
from guides.models import Guide
from guides.visibility import visible_to as guides_seen
from members.models import Member, Programme
from members.visibility import visible_to
from merchants import finding
from merchants.errors import NotFound
from merchants.models import ApiKey
from merchants.roles import lacking
from merchants.scoping import Seat
from orders import oversight
from orders.models import ParkedRefund
from orders.oversight import SeenOrder
from stores import visibility as stores
from stores.models import Contract
from stores.visibility import SeenStore

View = Callable[..., HttpResponse]


def needs(permission: str) -> Callable[[View], View]:
    """A page of headquarters that asks for one permission; Forbidden names the roles that carry it."""

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: str, **kwargs: str) -> HttpResponse:
            seat: Seat = request.seat
            seat.need(permission)
            seat.need("dashboard.use")
            return view(request, *args, **kwargs)

        return guarded

    return guard


def absent() -> NotFound:
    return NotFound(
        "not_found", _("There is nothing here."), next_step=_("Go back to the list and choose again.")
    )


def order(request: HttpRequest, ref: str) -> SeenOrder:
    found = oversight.seen(request.seat, ref)
    if found is None:
        raise absent()
    return found


def member(request: HttpRequest, ref: str, permission: str = "members.read") -> Member:
    found = _one(visible_to(request.seat), ref)
    if not may_with_member(request, found, permission):
        raise lacking(permission, here=True)
    return found


def may_with_member(request: HttpRequest, member: Member, permission: str) -> bool:
    """Whether one appointment both shows this member and carries the permission."""
    return visible_to(request.seat, permission=permission).filter(pk=member.pk).exists()


def guide(request: HttpRequest, ref: str) -> Guide:
    return _one(guides_seen(request.seat, at=timezone.now()), ref)


def guides_among(request: HttpRequest, guides: Collection[Guide]) -> set[str]:
    """The refs of those whose page the seat may open."""
    if not guides or not request.seat.may("stores.read"):
        return set()
    seen = guides_seen(request.seat, at=timezone.now()).filter(pk__in=[guide.pk for guide in guides])
    return set(seen.values_list("ref", flat=True))


def store(request: HttpRequest, ref: str) -> SeenStore:
    found = stores.seen_store(request.seat, ref, at=timezone.now())
    if found is None:
        raise absent()
    return found


def contract(request: HttpRequest, ref: str, permission: str = stores.READ) -> Contract:
    """One the merchant granted, or one its stores hold; there the seat must hold the permission, not elsewhere."""
    found = _contract(request, ref, permission)
    if found is None and permission != stores.READ and _contract(request, ref, stores.READ):
        raise lacking(permission, here=True)
    if found is None:
        raise absent()
    return found


def may_write_contract(request: HttpRequest, contract: Contract) -> bool:
    return _contract(request, contract.ref, stores.WRITE) is not None


def _contract(request: HttpRequest, ref: str, permission: str) -> Contract | None:
    sides = (side(request.seat, permission).filter(ref=ref) for side in (stores.granted, stores.held))
    return next((found for rows in sides if (found := rows.first())), None)


def campaign(request: HttpRequest, ref: str) -> Campaign:
    return _one(reports.reported(), ref)


def programme(request: HttpRequest, ref: str) -> Programme:
    return _one(finding.every(Programme).select_related("merchant"), ref)


def batch(request: HttpRequest, ref: str) -> SettlementBatch:
    return _one(finding.every(SettlementBatch), ref)


def plan_version(request: HttpRequest, ref: str) -> PlanVersion:
    """A draft or a published one, with its rules."""
    versions = finding.every(PlanVersion).select_related(
        "plan__brand__merchant", "merchant", "channel", "contract__store", "contract__counterparty"
    )
    return _one(versions.prefetch_related("rules__sku"), ref)


def attribution_policy(request: HttpRequest, ref: str) -> AttributionPolicy:
    """A draft or a published one."""
    return _one(finding.every(AttributionPolicy).select_related("merchant"), ref)


def plan_versions(request: HttpRequest, refs: Collection[str | None]) -> dict[str, PlanVersion]:
    """Those of these that the seat may open, by ref."""
    if not refs or not request.seat.may("plans.read"):
        return {}
    return {version.ref: version for version in finding.every(PlanVersion).filter(ref__in=refs)}


def payout(request: HttpRequest, ref: str) -> Payout:
    """One the merchant owes, or sends for another."""
    found = payouts.of_payer().filter(ref=ref).first()
    return found or _one(payouts.of_sender(), ref)


def payout_sent(request: HttpRequest, ref: str) -> Payout:
    """One the merchant sends, and may tell of."""
    return _one(payouts.of_sender(), ref)


def payout_received(request: HttpRequest, ref: str) -> Payout:
    """One that another merchant says it paid to this one."""
    return _one(payouts.received(), ref)


def bank_file(request: HttpRequest, ref: str) -> BankFile:
    return _one(payouts.files(), ref)


def appeal(request: HttpRequest, ref: str) -> Appeal:
    """One to decide, or one of the merchant's guides that another decides."""
    found = appealed.in_book(request.seat).filter(ref=ref).first()
    return found or _one(appealed.elsewhere(request.seat), ref)


def rail_bill(request: HttpRequest, ref: str) -> RailBill:
    return _one(reconciliation.bills(), ref)


def found_break(request: HttpRequest, ref: str) -> Break:
    return _one(reconciliation.breaks(), ref)


def early_refund(request: HttpRequest, ref: str) -> ParkedRefund:
    """One that the merchant told."""
    return _one(finding.every(ParkedRefund, by="told").select_related("merchant"), ref)


def key(request: HttpRequest, ref: str) -> ApiKey:
    return _one(finding.every(ApiKey), ref)


def _one(rows: QuerySet, ref: str):
    found = rows.filter(ref=ref).first()
    if found is None:
        raise absent()
    return found
