"""Charts for templates: what components.charts places, drawn, told in a sentence, with its table."""

import re
from hashlib import blake2s

from django import template
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from components import charts
from components.formatting import yuan, yuan_short

register = template.Library()


def _exact(unit):
    return (lambda fen: yuan(int(fen))) if unit == "money" else (lambda value: f"{value:,}")


def _brief(unit):
    if unit == "money":
        return lambda fen: re.sub(r"\.0+(?=\D*$)", "", "".join(yuan_short(round(fen))))
    return lambda value: f"{value:,.0f}"


def _told(labels, values, show) -> str:
    """What the picture says, in a sentence."""
    if not values:
        return _("There is no data yet.")
    high, low = max(values), min(values)
    return _("Highest %(high)s on %(high_at)s, lowest %(low)s on %(low_at)s.") % {
        "high": show(high),
        "high_at": labels[values.index(high)],
        "low": show(low),
        "low_at": labels[values.index(low)],
    }


def _drawn(plot, title, labels, series, names, show) -> dict:
    return {
        "plot": plot,
        "title": title,
        "key": f"chart-{blake2s(str(title).encode(), digest_size=4).hexdigest()}",
        "told": _told(labels, series[0], show),
        "names": names,
        "rows": [(label, [show(values[place]) for values in series]) for place, label in enumerate(labels)],
    }


@register.inclusion_tag("components/chart.html")
def line_chart(title, labels, values, unit="count", name="", compare=None, compare_name=""):
    """A line over `labels`, its peak named; `compare` is a second, dashed. `unit`: count, or money in fen."""
    labels, series, show = list(labels), [list(values)], _exact(unit)
    if compare:
        series.append(list(compare))
    plot = charts.lines(labels, series, show=_brief(unit), axis=_brief(unit))
    return _drawn(plot, title, labels, series, [name or title, compare_name][: len(series)], show)


@register.inclusion_tag("components/chart.html")
def bar_chart(title, labels, values, unit="count", name=""):
    """An upright bar a label."""
    labels, values, show = list(labels), list(values), _exact(unit)
    plot = charts.bars(labels, values, show=show, axis=_brief(unit))
    return _drawn(plot, title, labels, [values], [name or title], show)


@register.inclusion_tag("components/funnel.html")
def funnel(title, steps, unit="count"):
    """(label, number) pairs from wide to narrow, such as sent → seen → claimed → redeemed."""
    steps, show = list(steps), _exact(unit)
    labels, values = [label for label, _number in steps], [number for _label, number in steps]
    told = (
        _("From %(first)s to %(last)s.") % {"first": show(values[0]), "last": show(values[-1])}
        if steps
        else ""
    )
    stages = charts.stages(steps, show=show)
    drawn = _drawn(None, title, labels, [values], [title], show)
    return drawn | {"told": told, "stages": stages, "height": charts.STAGE_HEIGHT * len(steps)}


@register.simple_tag
def ring(part, whole, label, size=88) -> SafeString:
    """A ring closed by part of whole; above the whole it stays full and its figure says more."""
    drawn = {
        "dash": charts.arc(part, whole),
        "words": charts.percent(part, whole),
        "radius": charts.RING_RADIUS,
    }
    return render_to_string("components/ring.html", drawn | {"label": label, "size": size})


@register.simple_tag
def spark(values, label, width=96, height=28) -> SafeString:
    """A line as small as a word; `label` says what it shows."""
    points = charts.spark(list(values), width=width, height=height)
    drawn = {"points": points, "label": label, "width": width, "height": height}
    return render_to_string("components/spark.html", drawn)
