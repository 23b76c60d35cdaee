"""Fields of a form: a label, the control, its help and its fault, tied together for everyone."""

from django import forms, template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from components.attributes import attributes

register = template.Library()


@register.simple_tag
def field(bound, label="", help="", **attrs) -> SafeString:
    """A bound field of a Django form, whatever its widget; further attributes go to the control."""
    if isinstance(bound.field.widget, forms.CheckboxInput):
        return _checkbox(bound, label or bound.label, help or bound.help_text, attrs)
    return _framed(bound, _control(bound, attrs, help), label, help)


@register.simple_tag
def money_input(bound, label="", help="", optional=True, **attrs) -> SafeString:
    """An amount in yuan with its ¥; pair it with components.forms.YuanField, which makes fen of it. One that may be
    empty is marked so, unless `optional=False`: then the help says when it may."""
    control = _control(bound, {"inputmode": "decimal", "autocomplete": "off", **attrs}, help)
    pair = format_html('<span class="with-prefix"><span aria-hidden="true">¥</span>{}</span>', control)
    return _framed(bound, pair, label, help, marked=optional)


@register.simple_block_tag
def consent(content, bound, **attrs) -> SafeString:
    """One consent, never ticked beforehand; the content says to what and for whom, and may hold links."""
    return _checkbox(bound, content, "", attrs)


@register.simple_tag
def select(name, label, choices, value="", **attrs) -> SafeString:
    """A choice outside any form, such as a filter: (value, label) pairs; the label is read, not shown."""
    options = format_html_join(
        "",
        "<option{}>{}</option>",
        (
            (attributes({"selected": str(key) == str(value)}, value=str(key) or None), words)
            for key, words in choices
        ),
    )
    given = attributes(attrs, class_="input", name=name, aria_label=label)
    return format_html("<select{}>{}</select>", given, options)


@register.simple_tag
def form_faults(form) -> SafeString:
    """What is wrong with the whole form; nothing when nothing is."""
    faults = form.non_field_errors()
    if not faults:
        return mark_safe("")
    lines = format_html_join("", "<p>{}</p>", ((fault,) for fault in faults))
    return format_html('<div class="fault" role="alert" data-fault tabindex="-1">{}</div>', lines)


def _control(bound, attrs, help) -> SafeString:
    described = [f"{bound.auto_id}_help"] if help or bound.help_text else []
    described += [f"{bound.auto_id}_fault"] if bound.errors else []
    given = {name.rstrip("_").replace("_", "-"): value for name, value in attrs.items()}
    attributes(given)  # refuses style and handlers
    given["aria-describedby"] = " ".join(described) or None
    given["aria-invalid"] = "true" if bound.errors else None
    return bound.as_widget(attrs={name: value for name, value in given.items() if value is not None})


def _framed(bound, control, label, help, marked=True) -> SafeString:
    grouped = bound.use_fieldset
    frame, caption = ("fieldset", "legend") if grouped else ("div", "label")
    required = bound.field.required or not marked
    optional = "" if required else format_html(' <span class="faint">{}</span>', _("(optional)"))
    reference = "" if grouped else attributes({"for": bound.id_for_label})
    return format_html(
        '<{0} class="field"><{1} class="field-label"{2}>{3}{4}</{1}>{5}{6}{7}</{0}>',
        frame, caption, reference, label or bound.label, optional, control,
        _help(bound, help), _fault(bound),
    )  # fmt: skip


def _checkbox(bound, words, help, attrs) -> SafeString:
    return format_html(
        '<div class="consent">{}<label for="{}">{}</label>{}{}</div>',
        _control(bound, attrs, help), bound.id_for_label, words, _help(bound, help), _fault(bound),
    )  # fmt: skip


def _help(bound, help) -> SafeString:
    words = help or bound.help_text
    if not words:
        return mark_safe("")
    return format_html('<p class="field-help" id="{}_help">{}</p>', bound.auto_id, words)


def _fault(bound) -> SafeString:
    if not bound.errors:
        return mark_safe("")
    return format_html('<p class="field-fault" id="{}_fault">{}</p>', bound.auto_id, " ".join(bound.errors))
