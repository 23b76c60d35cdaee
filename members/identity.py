"""Who is this? The one door to Person and to a merchant's own member. Never says who else knows a phone."""

from django_scopes import scope

from members.models import Identity, Member, Person
from merchants import phones, sealing
from merchants.models import Merchant


def person_for(*, phone: str) -> Person:
    """The one person of a phone, made the first time it is seen, from however many sides at once. `phone` as
    typed or E.164; DomainError when it is no number."""
    e164 = phones.parse(phone)
    fingerprint = phones.fingerprint(e164)
    if person := Person.objects.filter(phone_hash=fingerprint).first():
        return person
    newcomer = Person(phone_hash=fingerprint, phone_sealed=sealing.seal(e164))
    Person.objects.bulk_create(
        [newcomer], ignore_conflicts=True
    )  # the unique fingerprint lets one of many in
    return Person.objects.get(phone_hash=fingerprint)


def hold(person: Person) -> None:
    """Make whoever else is joining this person somewhere wait until this transaction ends; take it before any
    member."""
    Person.objects.select_for_update(no_key=True).get(pk=person.pk)


def known(*, merchant: Merchant, phone: str) -> Member | None:
    """The merchant's own active member with this phone. DomainError when it is no number."""
    fingerprint = phones.fingerprint(phones.parse(phone))
    with scope(merchant=merchant):
        return _active().filter(person__phone_hash=fingerprint).first()


def recognise(
    *,
    merchant: Merchant,
    phone: str | None = None,
    member_ref: str | None = None,
    identity: tuple[str, str] | None = None,
) -> Member | None:
    """The merchant's own active member, by what a till or a system knows: the member's ref, then (system,
    value), then the phone. None when nothing is given or nobody found."""
    with scope(merchant=merchant):
        if member_ref:
            return _active().filter(ref=member_ref).first()
        if identity:
            system, value = identity
            rows = Identity.objects.filter(system=system, value=value, member__status=Member.Status.ACTIVE)
            found = rows.select_related("member__person", "member__home_store", "member__merchant").first()
            if found:
                return found.member
    return known(merchant=merchant, phone=phone) if phone else None


def brand_member_of(*, person: Person, merchant: Merchant) -> Member | None:
    """The person as another merchant's own active member: for verbs that write that merchant's side of a
    sale."""
    with scope(merchant=merchant):
        return _active().filter(person=person).first()


def identify(*, member: Member, system: str, value: str) -> Identity:
    """Remember how a source system knows the member. An identity names one member; the first to claim it
    keeps it."""
    with scope(merchant=member.merchant):
        found, _made = Identity.objects.get_or_create(
            merchant=member.merchant, system=system, value=value, defaults={"member": member}
        )
    return found


def _active():
    return Member.objects.filter(status=Member.Status.ACTIVE).select_related(
        "person", "home_store", "merchant"
    )
