"""Figures as people read them: money, codes, phones, distances, moments."""

from datetime import datetime

from django import template
from django.template.loader import render_to_string
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from components import formatting
from components import qr as codes
from components.attributes import classes

register = template.Library()
register.filter("distance", formatting.distance)
register.filter("initial", formatting.initial)
register.filter("day", formatting.day)
register.filter("minute", formatting.minute)


@register.filter
def yuan(fen: int) -> str:
    """`¥1,268.00` as plain text, for attributes and sentences."""
    return formatting.yuan(int(fen))


@register.filter
def grouped(code: str) -> str:
    """`8264 0917 3358` as plain text."""
    return " ".join(formatting.groups(code))


@register.simple_tag
def money(fen, signed=False) -> SafeString:
    """¥ with two decimals from whole fen; `signed` shows a plus as well."""
    return format_html('<span class="num money">{}</span>', formatting.yuan(int(fen), signed=bool(signed)))


@register.simple_tag
def money_large(fen) -> SafeString:
    """The same with small decimals, for the one great sum of a screen."""
    whole, _, rest = formatting.yuan(int(fen)).partition(".")
    return format_html('<span class="num money">{}<small>.{}</small></span>', whole, rest)


@register.simple_tag
def money_short(fen) -> SafeString:
    """¥328.6 万, for key figures only; the exact sum stands in the title and for screen readers."""
    exact = formatting.yuan(int(fen))
    number, unit = formatting.yuan_short(int(fen))
    if not unit:
        return format_html('<span class="num money">{}</span>', exact)
    return format_html(
        '<span class="num money" title="{0}"><span aria-hidden="true">{1}<span class="unit">{2}</span></span>'
        '<span class="sr">{0}</span></span>',
        exact, number, unit,
    )  # fmt: skip


@register.simple_tag
def number(value) -> SafeString:
    """`4,218`."""
    return format_html('<span class="num">{}</span>', f"{value:,}")


@register.simple_tag
def code(value, size="") -> SafeString:
    """A code in fours; the gaps are drawn, so a copy has none."""
    parts = format_html_join("", "<span>{}</span>", ((part,) for part in formatting.groups(value)))
    return format_html('<span class="{}">{}</span>', classes("code", size and f"code-{size}"), parts)


@register.simple_tag
def qr(text, label) -> SafeString:
    """A QR code of `text`; `label` says in words what scanning it does."""
    width, path = codes.drawn(str(text))
    return render_to_string("components/qr.html", {"width": width, "path": path, "label": label})


@register.simple_tag
def phone(value) -> SafeString:
    """138****2207: masked here too, should a whole number ever come."""
    return format_html('<span class="num">{}</span>', formatting.masked(value))


@register.simple_tag
def when(moment: datetime) -> SafeString:
    """“4 minutes ago”, kept true by js/time.js, with the exact minute in its title."""
    return format_html(
        '<time datetime="{}" title="{}" data-since>{}</time>',
        moment.isoformat(), formatting.minute(moment), formatting.since(moment),
    )  # fmt: skip


@register.simple_tag
def at(moment: datetime) -> SafeString:
    """`2026-12-31 23:59` in the merchant's time zone."""
    return format_html(
        '<time class="num" datetime="{}">{}</time>', moment.isoformat(), formatting.minute(moment)
    )
