"""What people press: buttons, links that look like them, and the switches of every shell."""

from django import template
from django.template.loader import render_to_string
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from components.attributes import attributes, classes

register = template.Library()
BUTTON_KINDS = ("plain", "primary", "danger", "quiet")
BUTTON_SIZES = ("", "small", "large")


def button_classes(kind: str, size: str) -> str:
    if kind not in BUTTON_KINDS or size not in BUTTON_SIZES:
        raise template.TemplateSyntaxError(
            f"A button is {BUTTON_KINDS} and {BUTTON_SIZES}, not {kind!r}, {size!r}."
        )
    return classes("btn", kind != "plain" and f"btn-{kind}", size and f"btn-{size}")


@register.simple_block_tag
def button(content, kind="plain", size="", **attrs) -> SafeString:
    """A `<button>`; it submits unless `type="button"`. Its words are a verb; one primary a screen."""
    return format_html(
        "<button{}>{}</button>", attributes(attrs, class_=button_classes(kind, size), type="submit"), content
    )


@register.simple_block_tag
def link_button(content, href, kind="plain", size="", **attrs) -> SafeString:
    """A link that looks like a button, for going somewhere."""
    return format_html(
        "<a{}>{}</a>", attributes(attrs, class_=button_classes(kind, size), href=href), content
    )


@register.simple_tag
def copy_button(text, label="", kind="plain", size="small", **attrs) -> SafeString:
    """Copies `text` and says so."""
    given = attributes(
        attrs, class_=button_classes(kind, size), type="button", data_copy=text, data_copied=_("Copied")
    )
    words = label or _("Copy")
    return format_html(
        "<button{}>{}<span data-copy-words>{}</span></button>", given, icon("copy", size=16), words
    )


@register.simple_tag
def icon(name, size=20) -> SafeString:
    """A line icon, hidden from screen readers: a button of an icon alone needs `aria_label`."""
    return render_to_string(f"components/icons/{name}.svg", {"size": size})


@register.simple_tag
def icon_pair(name, words) -> SafeString:
    """An icon and its words on one line."""
    return format_html('<span class="icon-pair">{}{}</span>', icon(name, size=16), words)


@register.inclusion_tag("components/theme_switch.html", takes_context=True)
def theme_switch(context):
    """System, light, dark; kept in a cookie by js/theme.js."""
    choices = [("", _("System")), ("light", _("Light")), ("dark", _("Dark"))]
    return {"choices": choices, "theme": context.get("theme", "")}


@register.inclusion_tag("components/language_switch.html", takes_context=True)
def language_switch(context, class_="btn btn-quiet btn-small"):
    """Posts the other language to Django's set_language and returns to this page."""
    other = ("en", "English") if context.get("html_lang", "").startswith("zh") else ("zh-hans", "中文")
    return _post_button(context, "set_language", class_) | {"code": other[0], "label": other[1]}


@register.inclusion_tag("components/sign_out.html", takes_context=True)
def sign_out(context, class_="btn"):
    """Posts to the context's `sign_out_url`, else to the URL named account_logout."""
    return _post_button(context, "account_logout", class_, url=context.get("sign_out_url"))


def _post_button(context, name, class_, url=None) -> dict:
    if not url:
        try:
            url = reverse(name)
        except NoReverseMatch:
            url = ""
    return {
        "url": url,
        "class": class_,
        "here": context.get("here", "/"),
        "csrf_token": context.get("csrf_token"),
    }
