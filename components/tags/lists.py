"""Things one after the other, and what stands there when there is nothing yet."""

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from components.attributes import attributes, classes
from components.tags.figures import when
from components.tags.surfaces import TONES

register = template.Library()


@register.simple_block_tag
def list_item(content, title, note="", href="", lead="", about="", **attrs) -> SafeString:
    """An `<li>` of `<ul class="list">`: a lead (an avatar), title, what it is about and a note, and the content at its
    end."""
    name = classes("item", lead and "item-led")
    end = content.strip()
    inner = format_html(
        '{}<span><span class="item-title">{}</span>{}{}</span>{}',
        lead,
        title,
        format_html('<span class="item-note">{}</span>', about) if about else "",
        format_html('<span class="item-note">{}</span>', note) if note else "",
        format_html('<span class="item-end">{}</span>', mark_safe(end)) if end else "",
    )
    link = attributes({"href": href}, class_=name)
    element = "a" if href else "div"
    return format_html("<li{}><{}{}>{}</{}></li>", attributes(attrs), element, link, inner, element)


@register.simple_block_tag
def feed_item(content, at, tone="celadon", arriving=False, **attrs) -> SafeString:
    """An `<li>` of `<ul class="feed">`: what happened and when. `arriving` lets a pushed one slide in."""
    if tone not in TONES:
        raise template.TemplateSyntaxError(f"A tone is one of {TONES}, not {tone!r}.")
    return format_html(
        '<li{}><span class="dot dot-{}"></span><span>{}</span>{}</li>',
        attributes(attrs, class_="arriving" if arriving else None), tone, content, when(at),
    )  # fmt: skip


@register.simple_block_tag
def timeline_item(content, at, title, **attrs) -> SafeString:
    """An `<li>` of `<ol class="timeline">`."""
    return format_html(
        "<li{}>{}<strong>{}</strong><div>{}</div></li>", attributes(attrs), when(at), title, content
    )


@register.simple_block_tag
def empty(content, sentence) -> SafeString:
    """Nothing here yet: one sentence, and one action as content."""
    return format_html('<div class="empty"><p>{}</p>{}</div>', sentence, content)


@register.simple_tag
def skeleton(lines=3) -> SafeString:
    """Text-shaped waiting, visible only after 150 ms; the place it stands in is `aria-busy`."""
    bars = mark_safe("<span></span>" * int(lines))
    return format_html('<div class="skeleton" role="status" aria-label="{}">{}</div>', _("Loading"), bars)


@register.inclusion_tag("components/error_panel.html")
def error_panel(title, safe="", next_step="", reference="", retry_url="", reload=False):
    """What happened, what is safe, what to do, and under which reference we find it."""
    return {
        "title": title,
        "safe": safe,
        "next_step": next_step,
        "reference": reference,
        "retry_url": retry_url,
        "reload": reload,
    }


@register.inclusion_tag("components/tabs.html")
def tabs(items, label):
    """Links between views of one thing: items of url, label, current, maybe count; `label` names them all."""
    return {"items": items, "label": label}


@register.inclusion_tag("components/tab_bar.html")
def tab_bar(items):
    """The phone's five: items of url, label, current, icon; the third is the seal that scans."""
    return {"items": items}


@register.simple_tag
def steps(names, current) -> SafeString:
    """Where one is in a short way: `names` in order, `current` counts from 1."""
    marks = [
        (
            attributes({"data_done": place < current, "aria_current": "step" if place == current else None}),
            name,
        )
        for place, name in enumerate(names, start=1)
    ]
    return format_html('<ol class="steps">{}</ol>', format_html_join("", "<li{}>{}</li>", marks))


@register.simple_tag
def progress(label, done=None, of=None, words="") -> SafeString:
    """A bar for long work; without `of` it only says that something goes on."""
    bar = attributes({"value": done if of else None, "max": of or None}, aria_label=label)
    shown = words or (f"{done:,} / {of:,}" if of else "")
    return format_html(
        '<div class="progress"><div class="spread"><span>{}</span><span class="num quiet">{}</span></div>'
        "<progress{}></progress></div>",
        label, shown, bar,
    )  # fmt: skip


@register.simple_block_tag
def facts(content, ruled=False) -> SafeString:
    """A definition list of `{% fact %}`s: the word at the left, what it is at the right."""
    return format_html('<dl class="{}">{}</dl>', classes("facts", ruled and "facts-ruled"), content)


@register.simple_block_tag
def fact(content, label, **attrs) -> SafeString:
    return format_html("<div{}><dt>{}</dt><dd>{}</dd></div>", attributes(attrs), label, content)


@register.inclusion_tag("components/pages.html", takes_context=True)
def pages(context, next_cursor=None, previous_cursor=None, parameter="cursor"):
    """Older and newer of a list by cursor; the page's other parameters are kept."""
    query = context["request"].GET.copy() if "request" in context else None
    links = {}
    for name, cursor in (("next_url", next_cursor), ("previous_url", previous_cursor)):
        if cursor and query is not None:
            query[parameter] = cursor
            links[name] = f"?{query.urlencode()}"
        elif cursor:
            links[name] = f"?{parameter}={cursor}"
    return links


@register.inclusion_tag("components/live_state.html")
def live_state():
    """Whether the page is live: js/live.js sets `data-live-state` and the time; every word is here."""
    return {}
