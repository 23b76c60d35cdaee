"""Tables: rows of 40 px at a desk; on a phone every row is a card whose cells say their column."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from components.attributes import attributes, classes

register = template.Library()


@register.simple_block_tag
def table(content, caption, cards=True, **attrs) -> SafeString:
    """Content: a thead of `{% column %}`s, a tbody of rows of `{% cell %}`s; the caption is read aloud."""
    given = attributes(attrs, class_=classes("table", cards and "table-cards"))
    return format_html(
        '<div class="table-frame"><table{}><caption class="sr">{}</caption>{}</table></div>',
        given,
        caption,
        content,
    )  # fmt: skip


@register.simple_tag
def column(label, number=False) -> SafeString:
    return format_html('<th scope="col"{}>{}</th>', attributes({}, class_="n" if number else None), label)


@register.simple_block_tag
def cell(content, label, number=False, **attrs) -> SafeString:
    """`label` is the column's, for the phone; the first cell of a row is the card's title."""
    given = attributes(attrs, class_="n" if number else None, data_label=label)
    return format_html("<td{}><span>{}</span></td>", given, content)
