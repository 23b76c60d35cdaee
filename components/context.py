"""What every page's frame needs of the request: the theme, the language, where a switch returns to."""

from django.http import HttpRequest
from django.utils.translation import get_language, to_locale

THEME_COOKIE = "theme"
THEMES = ("light", "dark")


def look(request: HttpRequest) -> dict[str, object]:
    """`theme` (light, dark or "" for the system's), `html_lang` (zh-Hans, en), `here` (path and query)."""
    theme = request.COOKIES.get(THEME_COOKIE, "")
    return {
        "theme": theme if theme in THEMES else "",
        "html_lang": to_locale(get_language() or "en").replace("_", "-"),
        "here": request.get_full_path(),
    }
