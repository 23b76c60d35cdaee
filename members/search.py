"""Members by what one remembers of them: a name, its pinyin or initials, a phone or its last four
digits."""

import re
from datetime import datetime

from django.db.models import Q, QuerySet

from guides.models import Guide
from members.models import Binding, Member
from merchants import phones, sealing
from merchants.errors import DomainError
from merchants.pinyin import sounds_like

MOST_UNSEALED = 2_000  # phones are sealed: a tail is compared one by one, among the newest


def matching(members: QuerySet[Member], text: str) -> QuerySet[Member]:
    """Of these members, those the text means; all of them for no text."""
    text = text.strip()
    digits = re.sub(r"\D", "", text)
    if not text:
        return members
    if len(digits) == 4 and digits == text:
        newest = members.order_by("-joined_at").values_list("pk", "person__phone_sealed")[:MOST_UNSEALED]
        return members.filter(pk__in=[pk for pk, sealed in newest if sealing.unseal(sealed).endswith(digits)])
    if len(digits) > 6:
        try:
            return members.filter(person__phone_hash=phones.fingerprint(phones.parse(text)))
        except DomainError:
            return members.none()
    return members.filter(Q(name__icontains=text) | sounds_like(text))


def bound_to(members: QuerySet[Member], guide: Guide, *, at: datetime) -> QuerySet[Member]:
    """Of these members, the guide's own."""
    return members.filter(pk__in=Binding.objects.live(at).filter(guide=guide).values("member"))
