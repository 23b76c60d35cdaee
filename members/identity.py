"""Who is this? The one door to Person and to a merchant's own member. Never says who else knows a phone."""

from collections.abc import Collection

from django.db.models import QuerySet
from django_scopes import scope

from events.compiled import compiled
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
    e164 = phones.parse(phone)
    return Register(merchant, numbers=[e164]).known(e164)


class Register:
    """A merchant's own active members, by whatever a batch of sales names them by; each kind is read at once."""

    def __init__(
        self,
        merchant: Merchant,
        *,
        numbers: Collection[str] = (),  # E.164
        refs: Collection[str] = (),
        identities: Collection[tuple[str, str]] = (),
        persons: Collection[int] = (),
    ) -> None:
        hashes = {phone: phones.fingerprint(phone) for phone in set(numbers)}
        systems, values = {system for system, _value in identities}, {value for _system, value in identities}
        with scope(merchant=merchant):  # what nobody is named by is not asked for
            of_refs = _of_refs(refs=list(refs)) if refs else ()
            of_persons = _of_persons(persons=list(persons)) if persons else ()
            of_phones = _of_phones(hashes=list(hashes.values())) if hashes else ()
            claimed = _claimed(systems=systems, values=values) if identities else ()
            self._by_ref = {member.ref: member for member in of_refs}
            self._by_person = {member.person_id: member for member in of_persons}
            by_hash = {bytes(member.person.phone_hash): member for member in of_phones}
            self._by_identity = {(row.system, row.value): row.member for row in claimed}
        self._by_phone = {phone: by_hash[found] for phone, found in hashes.items() if found in by_hash}

    def known(self, phone: str) -> Member | None:
        return self._by_phone.get(phone)

    def of_person(self, person_id: int) -> Member | None:
        return self._by_person.get(person_id)

    def recognise(
        self,
        *,
        phone: str | None = None,
        member_ref: str | None = None,
        identity: tuple[str, str] | None = None,
    ) -> Member | None:
        """As the function of this name; `phone` is E.164, and all three are among what was asked for."""
        if member_ref:
            return self._by_ref.get(member_ref)
        if identity and (found := self._by_identity.get(identity)):
            return found
        return self.known(phone) if phone else None


def recognise(
    *,
    merchant: Merchant,
    phone: str | None = None,
    member_ref: str | None = None,
    identity: tuple[str, str] | None = None,
) -> Member | None:
    """The merchant's own active member, by what a till or a system knows: the member's ref, then (system,
    value), then the phone. None when nothing is given or nobody found."""
    e164 = phones.parse(phone) if phone else None
    register = Register(
        merchant,
        numbers=[e164] if e164 else (),
        refs=[member_ref] if member_ref else (),
        identities=[identity] if identity else (),
    )
    return register.recognise(phone=e164, member_ref=member_ref, identity=identity)


def brand_member_of(*, person: Person, merchant: Merchant) -> Member | None:
    """The person as another merchant's own active member: for verbs that write that merchant's side of a
    sale."""
    return Register(merchant, persons=[person.pk]).of_person(person.pk)


def identify(*, member: Member, system: str, value: str) -> Identity:
    """Remember how a source system knows the member. An identity names one member; the first to claim it
    keeps it."""
    with scope(merchant=member.merchant):
        found, _made = Identity.objects.get_or_create(
            merchant=member.merchant, system=system, value=value, defaults={"member": member}
        )
    return found


@compiled
def _of_refs(*, refs: Collection[str]) -> QuerySet[Member]:
    return _active().filter(ref__in=refs)


@compiled
def _of_persons(*, persons: Collection[int]) -> QuerySet[Member]:
    return _active().filter(person__in=persons)


@compiled
def _of_phones(*, hashes: Collection[bytes]) -> QuerySet[Member]:
    return _active().filter(person__phone_hash__in=hashes)


@compiled
def _claimed(*, systems: Collection[str], values: Collection[str]) -> QuerySet[Identity]:
    rows = Identity.objects.filter(member__status=Member.Status.ACTIVE, system__in=systems, value__in=values)
    return rows.select_related("member__person", "member__home_store", "member__merchant")


def _active() -> QuerySet[Member]:
    return Member.objects.filter(status=Member.Status.ACTIVE).select_related(
        "person", "home_store", "merchant"
    )
