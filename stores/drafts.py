"""A contract on its way: the brand's owner drafts and revises, the store's merchant accepts or declines.

All drafts and contracts of one brand and one store take turns (`_held`), so that nobody accepts terms which
change in that instant, and two drafts cannot both come into force over the same time.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from events.record import Actor
from merchants.errors import Conflict, DomainError, Forbidden
from merchants.models import Brand, Merchant
from merchants.refusing import refusing
from merchants.scoping import acting_for
from stores.announcing import announce
from stores.contracts import need_room, overlaps
from stores.models import Contract, ContractQuerySet, Store
from stores.terms import Terms


def draft(*, brand: Brand, store: Store, terms: Terms, by: Actor, at: datetime | None = None) -> Contract:
    """Offer the store's merchant a contract. The owner of both, brand and store, has accepted it by this. As
    Terms.check, and `contract.begins_in_past`, `contract.store_closed`; Conflict `contract.draft_open` while another
    draft of the pair is, `contract.overlaps` while an accepted one covers part of that time."""
    return _drafted(brand=brand, store=store, terms=terms, by=by, at=at or timezone.now(), succeeds=None)


def amend(
    *, contract: Contract, terms: Terms, merchant: Merchant, by: Actor, at: datetime | None = None
) -> Contract:
    """Offer other terms for the time from `terms.starts_at` on. Once they are accepted, the contract ends at that
    instant. Conflict `contract.not_in_force` unless it was accepted and lives at that time."""
    _need_side(contract.merchant, merchant)
    _need_life(contract, terms.starts_at)
    pair = {"brand": contract.brand, "store": contract.store}
    return _drafted(**pair, terms=terms, by=by, at=at or timezone.now(), succeeds=contract)


def revise(
    *,
    contract: Contract,
    changes: Mapping[str, Any],
    merchant: Merchant,
    by: Actor,
    version: int | None = None,
    at: datetime | None = None,
) -> Contract:
    """Change some terms of an open draft, by the names of Terms; its version grows. What is left out stays as it is by
    then, and what is there already changes nothing. Conflict `contract.terms_changed` if `version` was read and
    another stands."""
    at = at or timezone.now()
    with _held(contract) as offer:
        _need_side(offer.merchant, merchant)
        _need_version(offer, version)
        _need_open(offer)
        terms = replace(Terms.of(offer), **changes)
        terms.check(offer.brand)
        if offer.succeeds:
            _need_life(offer.succeeds, terms.starts_at)
        _may_begin(offer.store, terms, offer.succeeds, at)
        _need_room(offer.brand, offer.store, terms, offer.succeeds)
        if terms == Terms.of(offer):
            return offer
        for name, value in terms.as_fields().items():
            setattr(offer, name, value)
        offer.terms_version += 1
        offer.save(update_fields=[*terms.as_fields(), "terms_version"])
        announce("contract.revised", offer, by=by, at=at, hands=(merchant,))
    return offer


def withdraw(*, contract: Contract, merchant: Merchant, by: Actor, at: datetime | None = None) -> Contract:
    """The brand's owner takes an open draft back."""
    at = at or timezone.now()
    with _held(contract) as offer:
        _need_side(offer.merchant, merchant)
        if offer.withdrawn_at:
            return offer
        _need_open(offer)
        offer.withdrawn_at = at
        offer.save(update_fields=["withdrawn_at"])
        announce("contract.withdrawn", offer, by=by, at=at, hands=(merchant,))
    return offer


def accept(
    *, contract: Contract, version: int, merchant: Merchant, by: Actor, at: datetime | None = None
) -> Contract:
    """The store's merchant takes the terms of `version`: what it amends ends where it begins. A second time
    changes nothing.

    Forbidden `contract.not_your_side`; Conflict `contract.terms_changed` if another version stands by now,
    `contract.not_open` if it was declined or withdrawn, `contract.not_in_force` if what it amends has ended before,
    `contract.overlaps`; DomainError `contract.begins_in_past`, `contract.store_closed`."""
    at = at or timezone.now()
    with _held(contract) as offer:
        _need_side(offer.counterparty, merchant)
        _need_version(offer, version)
        if offer.accepted_at:
            return offer
        _need_open(offer)
        _may_begin(offer.store, Terms.of(offer), offer.succeeds, at)
        _accepted(offer, merchant, by, at)
    return offer


def decline(
    *, contract: Contract, reason: str, merchant: Merchant, by: Actor, at: datetime | None = None
) -> Contract:
    """The store's merchant refuses an open draft; the brand's owner reads the reason."""
    at = at or timezone.now()
    with _held(contract) as offer:
        _need_side(offer.counterparty, merchant)
        if offer.declined_at:
            return offer
        _need_open(offer)
        offer.declined_at, offer.decline_reason = at, reason
        offer.save(update_fields=["declined_at", "decline_reason"])
        announce("contract.declined", offer, by=by, at=at, hands=(merchant,))
    return offer


def store_told(ref: str) -> Store | None:
    """The store of any merchant by its number, which only its merchant can have told: it cannot be guessed, and
    there is no search (docs/adr/0013)."""
    merchant = Merchant.objects.filter(stores__ref=ref).first()
    if merchant is None:
        return None
    with acting_for(merchant):
        return Store.objects.select_related("merchant").get(ref=ref)


def _drafted(
    *, brand: Brand, store: Store, terms: Terms, by: Actor, at: datetime, succeeds: Contract | None
) -> Contract:
    terms.check(brand)
    _may_begin(store, terms, succeeds, at)
    with acting_for(brand.merchant):
        _need_room(brand, store, terms, succeeds)
    with transaction.atomic():
        offer = Contract(
            merchant=brand.merchant,
            counterparty=store.merchant,
            brand=brand,
            store=store,
            succeeds=succeeds,
            **terms.as_fields(),
        )
        with refusing("contract_one_open_draft", _draft_open()):
            offer.save(force_insert=True)
        if not offer.is_own:
            announce("contract.drafted", offer, by=by, at=at, hands=(brand.merchant,))
            return offer
        with _held(offer) as own:
            _accepted(own, brand.merchant, by, at)
    return own


def _accepted(offer: Contract, merchant: Merchant, by: Actor, at: datetime) -> None:
    predecessor = offer.succeeds
    _need_room(offer.brand, offer.store, Terms.of(offer), predecessor, offer)
    with refusing("contract_never_overlaps", overlaps()):
        if predecessor:
            _need_life(predecessor, offer.starts_at)
        if predecessor and predecessor.ends_at != offer.starts_at:
            predecessor.ends_at = offer.starts_at
            predecessor.save(update_fields=["ends_at"])
            announce("contract.ended", predecessor, by=by, at=at, hands=(merchant, offer.merchant))
        offer.accepted_at = at
        offer.save(update_fields=["accepted_at"])
    announce("contract.accepted", offer, by=by, at=at, hands=(merchant,))


@contextmanager
def _held(contract: Contract) -> Iterator[Contract]:
    """The contract as it stands, in a transaction in which nothing else of its brand and store changes."""
    with acting_for(contract.merchant), transaction.atomic():
        pair = Contract.objects.filter(brand=contract.brand_id, store=contract.store_id)
        _take_turns(pair)
        yield pair.with_sides().get(pk=contract.pk)


def _take_turns(pair: ContractQuerySet) -> None:
    list(pair.select_for_update(no_key=True).order_by("pk").values_list("pk"))


def _need_side(side: Merchant, merchant: Merchant) -> None:
    if merchant != side:
        raise Forbidden(
            "contract.not_your_side",
            _("This is for %(merchant)s to do.") % {"merchant": side.name},
            next_step=_(
                "The brand's owner revises or withdraws a draft; the store's accepts or declines it."
            ),
        )


def _need_version(offer: Contract, version: int | None) -> None:
    """Who decides on terms decides on those that were read; None was not asked which."""
    if version is not None and version != offer.terms_version:
        raise Conflict(
            "contract.terms_changed",
            _("The terms were revised meanwhile; nothing was changed or accepted."),
            next_step=_("Read them as they stand now, and decide again."),
            field="version",
            extra={"version": offer.terms_version},
        )


def _need_open(offer: Contract) -> None:
    if not offer.is_draft:
        raise Conflict(
            "contract.not_open",
            _("This draft is no longer open: it was accepted, declined or withdrawn."),
            next_step=_("Look at it again; the brand's owner can draft another."),
        )


def _draft_open() -> Conflict:
    return Conflict(
        "contract.draft_open",
        _("A draft of this brand for this store is open already."),
        next_step=_("Revise that one, or withdraw it first."),
        field="store",
    )


def _need_life(contract: Contract, starts_at: datetime) -> None:
    over = contract.ends_at is not None and contract.ends_at < starts_at
    if contract.accepted_at is None or over or contract.starts_at >= starts_at:
        raise Conflict(
            "contract.not_in_force",
            _("The contract that these terms would replace is not in force at that time."),
            next_step=_("Let them begin while it lives, or draft a new contract."),
            field="starts_at",
        )


def _need_room(brand: Brand, store: Store, terms: Terms, *beside: Contract | None) -> None:
    """Over the time of the terms none holds but those `beside` them: what they replace, their own. Who looks at once
    with another may both find room: then the database refuses one."""
    need_room(brand=brand, store=store, starts_at=terms.starts_at, ends_at=terms.ends_at, beside=beside)


def _may_begin(store: Store, terms: Terms, succeeds: Contract | None, at: datetime) -> None:
    """A new contract begins on this day of the store at the earliest. One that replaces another begins later
    than now: what was sold before went under the other."""
    if store.status == Store.Status.CLOSED:
        raise DomainError(
            "contract.store_closed",
            _("This store is closed for good."),
            next_step=_("Choose a store that trades."),
            field="store",
        )
    wall = at.astimezone(ZoneInfo(store.time_zone))
    earliest = at if succeeds else wall.replace(hour=0, minute=0, second=0, microsecond=0)
    if terms.starts_at < earliest or (terms.ends_at and terms.ends_at <= at):
        raise DomainError(
            "contract.begins_in_past",
            _("The time of these terms has begun or gone by: what was sold then was sold without them."),
            next_step=_("The brand's owner chooses a later begin."),
            field="starts_at",
        )
