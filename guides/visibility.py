"""Which guides a seat may see: its merchant's own, by the store where they serve, or served last."""

from contextlib import suppress
from datetime import datetime

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from guides.models import Assignment, Guide
from merchants import phones
from merchants.errors import DomainError
from merchants.pinyin import sounds_like
from merchants.scoping import Seat

READ = "stores.read"


def visible_to(seat: Seat, *, at: datetime) -> QuerySet[Guide]:
    """Inside the seat's merchant. Who was hired for later goes by the store where they will begin."""
    posts = Assignment.objects.filter(guide=OuterRef("pk")).values("store__org_unit__path")
    begun = Subquery(posts.filter(starts_at__lte=at).order_by("-starts_at")[:1])
    coming = Subquery(posts.filter(starts_at__gt=at).order_by("starts_at")[:1])
    guides = Guide.objects.annotate(place=Coalesce(begun, coming)).select_related("user")
    return guides.filter(seat.within("place", READ))


def matching(guides: QuerySet[Guide], text: str) -> QuerySet[Guide]:
    """Of these guides, those the text means: a name or its pinyin, a code, a whole phone; all of them for no text."""
    text = text.strip()
    if not text:
        return guides
    wanted = Q(name__icontains=text) | Q(code__iexact=text) | sounds_like(text)
    if sum(character.isdigit() for character in text) > 6:
        with suppress(DomainError):
            wanted |= Q(user__phone_hash=phones.fingerprint(phones.parse(text)))
    return guides.filter(wanted)
