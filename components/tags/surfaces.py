"""Cards and what stands on them: titles, key figures, tags, the seal; dialogs and toasts above them."""

from decimal import Decimal

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from components.attributes import attributes, classes
from components.formatting import initial

register = template.Library()
TONES = ("plain", "celadon", "warn", "danger")
TONE_OF_MESSAGE = {"error": "danger", "warning": "danger", "info": "plain", "success": "plain"}


def tone_class(name: str, tone: str) -> str:
    if tone not in TONES:
        raise template.TemplateSyntaxError(f"A tone is one of {TONES}, not {tone!r}.")
    return classes(name, tone != "plain" and f"{name}-{tone}")


@register.simple_block_tag
def card(content, title="", note="", tone="plain", **attrs) -> SafeString:
    """A panel; with `title` it is a section with an h2 and a quiet note at its right."""
    head = ""
    if title or note:
        head = format_html(
            '<div class="card-head">{}{}</div>',
            format_html('<h2 class="card-title">{}</h2>', title) if title else "",
            format_html('<p class="card-note">{}</p>', note) if note else "",
        )
    given = attributes(attrs, class_=tone_class("card", tone))
    return format_html("<section{}>{}{}</section>", given, head, content)


@register.simple_block_tag
def page_title(content, title, note="") -> SafeString:
    """The page's h1 in Song with a note beside it; the content is its actions. They wrap, never collide."""
    words = format_html('<span class="page-title-note">{}</span>', note) if note else ""
    return format_html(
        '<div class="page-title"><div class="page-title-words"><h1>{}</h1>{}</div>'
        '<div class="cluster">{}</div></div>',
        title, words, content,
    )  # fmt: skip


@register.simple_block_tag
def kpi(content, label, trend=None, trend_unit="%", note="", end="", **attrs) -> SafeString:
    """A key figure: the content is its value. `trend` is signed, in ink with ▲ or ▼; `end` a spark."""
    change = ""
    if trend is not None and trend != "":
        number = Decimal(str(trend))
        size = f"{abs(number):f}{trend_unit}"
        if number:
            mark, said = ("▲", _("up")) if number > 0 else ("▼", _("down"))
            change = format_html(
                '<span class="trend"><span aria-hidden="true">{}</span><span class="sr">{}</span> {}</span>',
                mark, said, size,
            )  # fmt: skip
        else:
            change = format_html('<span class="trend">{}</span>', _("unchanged"))
    return format_html(
        '<div{}><p class="kpi-label">{}</p><div class="kpi-row"><p class="kpi-value num">{}</p>{}</div>'
        '<p class="kpi-note">{}{}</p></div>',
        attributes(attrs, class_="card kpi"), label, content, end, change,
        format_html("<span>{}</span>", note) if note else "",
    )  # fmt: skip


@register.simple_block_tag
def tag(content, tone="plain", **attrs) -> SafeString:
    """A word on a soft ground: a tier, a kind, a count."""
    return format_html("<span{}>{}</span>", attributes(attrs, class_=tone_class("tag", tone)), content)


@register.simple_block_tag
def status(content, tone="plain", **attrs) -> SafeString:
    """A tag with a dot: how something stands. The words say it; the tone only helps."""
    given = attributes(attrs, class_=tone_class("tag", tone))
    return format_html('<span{}><span class="dot"></span>{}</span>', given, content)


@register.simple_tag
def seal(character, size="") -> SafeString:
    """The one cinnabar seal of a screen: the brand's mark; decoration, hidden from screen readers."""
    name = classes("seal", size and f"seal-{size}")
    return format_html('<span class="{}" aria-hidden="true">{}</span>', name, initial(character))


@register.simple_tag
def stamp(words, fresh=True) -> SafeString:
    """The seal that stamps on a redemption (核讫); `fresh` only where it has just been done."""
    name = classes("stamp", len(str(words)) > 4 and "stamp-long")
    return format_html('<p class="{}"{}>{}</p>', name, attributes({"data_stamp": bool(fresh)}), words)


@register.simple_tag
def avatar(name, size="") -> SafeString:
    """The first character of a name in a circle; the name itself stands beside it."""
    classed = classes("avatar", size and f"avatar-{size}")
    return format_html('<span class="{}" aria-hidden="true">{}</span>', classed, initial(name))


@register.simple_block_tag
def dialog(content, id, title, now=False) -> SafeString:
    """A native dialog, opened by any button with `data_dialog=id`; `now` opens it as it arrives."""
    return format_html(
        '<dialog class="dialog" id="{0}" aria-labelledby="{0}-title"{1}><div class="dialog-head">'
        '<h2 id="{0}-title">{2}</h2>'
        '<button class="btn btn-quiet btn-small" type="button" data-dialog-close>{3}</button>'
        "</div>{4}</dialog>",
        id, attributes({"data_dialog_now": bool(now)}), title, _("Close"), content,
    )  # fmt: skip


@register.simple_tag
def toast(message, tone="plain") -> SafeString:
    """A short word at the foot of the screen; also takes the tags of Django's messages as tone."""
    tone = TONE_OF_MESSAGE.get(tone, tone or "plain")
    return format_html(
        '<div class="{}"><span>{}</span>'
        '<button type="button" data-toast-close aria-label="{}">×</button></div>',
        tone_class("toast", tone), message, _("Close"),
    )  # fmt: skip
