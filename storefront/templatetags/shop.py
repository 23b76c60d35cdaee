"""Words of the storefront: doors, weekdays, and the place every link of a shop begins from."""

from datetime import timedelta

from django import template
from django.urls import reverse
from django.utils import timezone
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _

from merchants import phones
from stores.hours import Opening, Spans

register = template.Library()


@register.simple_tag(takes_context=True)
def shop_url(context, name: str, **kwargs) -> str:
    """`{% shop_url "store" ref=store.ref %}`: an address of this brand's storefront."""
    return reverse(f"storefront:{name}", kwargs={"brand": context["slug"], **kwargs})


@register.simple_tag
def province_total(cities) -> int:
    """How many stores the cities of a province have together."""
    return sum(city.stores for city in cities)


@register.filter
def masked_phone(e164: str) -> str:
    """138****8000, for a number that was just typed here."""
    return phones.mask(e164) if e164.startswith("+") else e164


@register.filter
def door(opening: Opening) -> str:
    """Open until 22:00 / Closed today · opens tomorrow at 09:00 / Closed for now. In the store's own clock."""
    if opening.is_open:
        return (
            _("Open until %(time)s") % {"time": _clock(opening.closes_at)}
            if opening.closes_at
            else _("Open day and night")
        )
    if opening.opens_at is None:
        return _("Closed for now")
    today = timezone.now().astimezone(opening.opens_at.tzinfo).date()
    day = opening.opens_at.date()
    facts = {"time": _clock(opening.opens_at), "day": WEEKDAYS[day.weekday()]}
    if day == today:
        again = _("opens at %(time)s") % facts
    elif day == today + timedelta(days=1):
        again = _("opens tomorrow at %(time)s") % facts
    elif day < today + timedelta(days=7):
        again = _("opens %(day)s at %(time)s") % facts
    else:
        again = _("opens %(date)s at %(time)s") % {**facts, "date": day.strftime("%m-%d")}
    return f"{_('Closed today') if opening.all_day else _('Closed now')} · {again}"


@register.simple_tag
def weekdays(first: int, last: int) -> str:
    """Monday, or Monday – Friday."""
    if (first, last) == (0, 6):
        return _("Every day")
    return str(WEEKDAYS[first]) if first == last else f"{WEEKDAYS[first]} – {WEEKDAYS[last]}"


@register.filter
def spans(hours: Spans) -> str:
    """09:00–21:00, several with commas; Closed."""
    if [list(span) for span in hours] == [["00:00", "24:00"]]:
        return _("Day and night")
    return _(", ").join(f"{start}–{end}" for start, end in hours) or _("Closed")


def _clock(moment) -> str:
    return moment.strftime("%H:%M")
