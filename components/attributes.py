"""HTML attributes from a tag's keyword arguments, with nothing our content security policy would refuse."""

from django.template import TemplateSyntaxError
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString


def attributes(given: dict[str, object], **fixed: object) -> SafeString:
    """` a="1" b`, with a leading space, or nothing.

    Underscores become hyphens (`hx_post` → `hx-post`), True is a bare attribute, None and False are left out;
    `aria-…` keeps "true" and "false" as words. `class` of both is joined; otherwise what is given wins.
    """
    merged: dict[str, object] = {name.rstrip("_").replace("_", "-"): value for name, value in fixed.items()}
    for key, value in given.items():
        name = key.rstrip("_").replace("_", "-")
        if name == "class" and merged.get("class"):
            value = f"{merged['class']} {value}" if value else merged["class"]
        merged[name] = value
    pairs = []
    for name, value in merged.items():
        if name == "style" or name.startswith(("on", "hx-on")):
            raise TemplateSyntaxError(
                f"The attribute {name!r} is refused: the pages allow no inline style or handler."
            )
        if isinstance(value, bool) and name.startswith("aria-"):
            value = "true" if value else "false"
        if value is True:
            pairs.append((name, None))
        elif value is not None and value is not False and value != "":
            pairs.append((name, value))
    return format_html_join("", "{}", ((_pair(name, value),) for name, value in pairs))


def _pair(name: str, value: object) -> SafeString:
    return format_html(" {}", name) if value is None else format_html(' {}="{}"', name, value)


def classes(*names: str | None | bool) -> str:
    """The names that are there, in one string."""
    return " ".join(name for name in names if name and isinstance(name, str))
