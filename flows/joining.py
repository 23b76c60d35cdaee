"""A shopper joins a brand at a store, and meets the guide who will serve them.

At a store of another merchant (C) than the brand's (A), two members of one person are made in one
transaction: A's, and, with a consent of its own, C's. If that consent is refused, only A's exists, with the
store as home and no binding, because a binding joins a member and a guide of the same merchant and the guide
is C's. A's member remembers the guide they came through, who becomes theirs if the consent is given later.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from events.record import Actor, record
from guides import duty
from guides.models import Guide
from members import binding as bindings
from members import consent
from members.acting import as_member
from members.identity import brand_member_of, hold, person_for
from members.joining import join
from members.models import Binding, Consent, Member, Person
from members.sharing import share
from merchants.errors import DomainError
from merchants.models import Brand
from stores.contracts import live_contract
from stores.models import Store


@dataclass(frozen=True)
class Joined:
    """What came of it. `channel_member` is the store merchant's own member, where it is another merchant than
    the brand's and the shopper agreed; guide and binding stand together or not at all. `is_new`: was no member
    of the brand until now."""

    member: Member
    channel_member: Member | None
    guide: Guide | None
    binding: Binding | None
    is_new: bool


@transaction.atomic
def join_brand(
    *,
    brand: Brand,
    store: Store,
    phone: str,
    name: str,
    consents: Mapping[str, bool],
    by: Actor,
    guide: Guide | None = None,
    at: datetime | None = None,
) -> Joined:
    """Join `brand` at `store`, through `guide` if their code was scanned. `consents` maps Consent.Purpose to
    yes or no, a purpose nobody asked for left out; MEMBERSHIP must be yes, STORE asks for the store merchant's
    membership, MARKETING is free.

    To join again is a greeting: the same members, the same binding, `is_new` False, and a no takes nothing
    back. DomainError, and nothing done, if the phone is no number, membership is refused, the store does not
    trade or carry the brand, or the guide is not there.
    """
    person = person_for(phone=phone)
    hold(person)
    at = at or timezone.now()  # not before the wait: else a binding made meanwhile would lie in the future
    _allowed(brand, store, consents, guide, at)
    known = brand_member_of(person=person, merchant=brand.merchant)
    stands = consent.standing(member=known, brand=brand) if known else {}
    is_new = not stands.get(Consent.Purpose.MEMBERSHIP)
    if not is_new:  # a box left empty takes nothing back: only members.leaving does
        consents = {purpose: yes for purpose, yes in consents.items() if yes}
    own_store = store.merchant_id == brand.merchant_id
    known_to_store = own_store or bool(consents.get(Consent.Purpose.STORE))
    guide = guide or _came_through(known, store, at)
    held = _held(person, store, at) if known_to_store else None
    match = (held and held.guide) or (_match(store, guide, at) if known_to_store else None)
    member, _is_new_to_the_merchant = join(
        merchant=brand.merchant,
        brand=brand,
        person=person,
        name=name,
        home_store=store,
        origin=Member.Origin.GUIDE if guide else Member.Origin.STOREFRONT,
        guide=match,
        through=guide,
        consents=consents,
        by=by,
        at=at,
    )
    if own_store:
        return Joined(member, None, match, _bound(member, held, match, store, by, at), is_new)
    if not known_to_store:
        return Joined(member, None, None, None, is_new)
    channel_member, _is_new_there = join(
        merchant=store.merchant,
        person=person,
        name=name.strip() or member.name,  # to whom the brand is known already, the page asks no name again
        home_store=store,
        origin=Member.Origin.GUIDE if guide else Member.Origin.STORE,
        guide=match,
        through=guide,
        consents={Consent.Purpose.MEMBERSHIP: True},
        by=by,
        at=at,
    )
    _shared, newly = share(brand=brand, member=member, counterpart=channel_member, at=at)
    made = _bound(channel_member, held, match, store, by, at)
    if made and (newly or not held):
        _tell_the_brand(made, member, by, at)
    return Joined(member, channel_member, match, made, is_new)


def _allowed(
    brand: Brand, store: Store, consents: Mapping[str, bool], guide: Guide | None, at: datetime
) -> None:
    if not consents.get(Consent.Purpose.MEMBERSHIP):
        raise DomainError(
            "consent.membership_needed",
            _("Without this consent we may not keep a membership."),
            next_step=_("Tick it to join, or go on looking around without joining."),
            field="membership",
        )
    if store.status != Store.Status.OPEN:
        raise DomainError(
            "store.not_trading",
            _("%(store)s is not trading.") % {"store": store.name},
            next_step=_("Choose another store near you."),
            field="store",
        )
    if live_contract(brand=brand, store=store, at=at) is None:
        raise DomainError(
            "store.without_contract",
            _("%(store)s does not carry %(brand)s.") % {"store": store.name, "brand": brand.local_name},
            next_step=_("Choose another store near you."),
            field="store",
        )
    if guide is not None:
        serving = duty.assignment_of(guide=guide, at=at)
        if serving is None or serving.store_id != store.id:
            raise DomainError(
                "guide.not_here",
                _("%(guide)s does not serve at %(store)s.") % {"guide": guide.name, "store": store.name},
                next_step=_("Join without a guide's code, or scan the code of a guide who is there."),
                field="guide",
            )


def _came_through(known: Member | None, store: Store, at: datetime) -> Guide | None:
    """The guide by whom the brand's member came before, while they still serve at this store."""
    if known is None or known.origin_guide is None:
        return None
    post = duty.assignment_of(guide=known.origin_guide, at=at)
    return known.origin_guide if post and post.store_id == store.id else None


def _held(person: Person, store: Store, at: datetime) -> Binding | None:
    known = brand_member_of(person=person, merchant=store.merchant)
    return bindings.binding_of(member=known, at=at) if known else None


def _match(store: Store, scanned: Guide | None, at: datetime) -> Guide | None:
    """The scanned guide; else, of those on duty, the one with the fewest bound members; else, with nobody on
    duty, the same of all who serve there; None where nobody does."""
    if scanned:
        return scanned
    there = duty.on_duty(store=store, at=at) or duty.assigned(store=store, at=at)
    return bindings.fewest_bound(there, at=at)


def _bound(
    member: Member, held: Binding | None, guide: Guide | None, store: Store, by: Actor, at: datetime
) -> Binding | None:
    if held or guide is None:
        return held
    return bindings.bind(member=member, guide=guide, store=store, by=by, at=at)


def _tell_the_brand(made: Binding, member: Member, by: Actor, at: datetime) -> None:
    """The brand reads who serves its own member, through its contract with the store."""
    record(
        "binding.made",
        merchant_id=member.merchant_id,
        subject=member.ref,
        payload=bindings.facts(made, member=member),
        concerns=[member.ref, made.guide.ref, made.store.ref],
        by=as_member(by, member),
        at=at,
    )
