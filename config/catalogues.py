"""The translations: compiled at set-up, and checked by `python -m config.catalogues`, which ./dev check runs.

Every string of the code and the templates stands in every catalogue, translated, not fuzzy, with the same
placeholders. Babel reads the sources; Django turns its templates into something Babel can read.
"""

import os
import re
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import django
from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from django.apps import apps
from django.conf import settings
from django.utils.translation.template import templatize

CALLS = {
    **dict.fromkeys(["_", "gettext", "gettext_lazy", "gettext_noop"]),
    **dict.fromkeys(["ngettext", "ngettext_lazy"], (1, 2)),
    **dict.fromkeys(["pgettext", "pgettext_lazy"], ((1, "c"), 2)),
    **dict.fromkeys(["npgettext", "npgettext_lazy"], ((1, "c"), 2, 3)),
}
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|(?<!%)%[sd]|\{\w*\}")
Key = tuple[str | None, str]  # context, msgid of the singular


def compile_all() -> None:
    """Write the .mo beside each .po that is newer; whole or not at all."""
    for source in sources():
        compiled = source.with_suffix(".mo")
        if compiled.exists() and compiled.stat().st_mtime >= source.stat().st_mtime:
            continue
        unfinished = compiled.with_suffix(f".{os.getpid()}")
        with unfinished.open("wb") as binary:
            write_mo(binary, read(source))
        unfinished.rename(compiled)


def faults() -> Iterator[str]:
    """What is wrong with the catalogues, a line each."""
    used = dict(strings())
    for source in sources():
        name = source.parent.parent.name
        catalogue = read(source)
        for (context, text), place in used.items():
            message = catalogue.get(text, context)
            if message is None:
                yield f"{name}: missing, from {place}: {text!r}"
                continue
            forms = message.string if isinstance(message.string, tuple) else (message.string,)
            if message.fuzzy or not all(forms):
                yield f"{name}: {'fuzzy' if message.fuzzy else 'empty'}, from {place}: {text!r}"
            elif any(not set(PLACEHOLDER.findall(form)) <= set(placeholders(message.id)) for form in forms):
                yield f"{name}: placeholders differ, from {place}: {text!r}"


def strings() -> Iterator[tuple[Key, str]]:
    """Every string that our code or templates hand to gettext, with one place it stands at."""
    root = settings.BASE_DIR
    rooms = [Path(app.path) for app in apps.get_app_configs() if Path(app.path).parent == root] + [
        root / "config"
    ]
    for path in sorted(
        found for room in rooms for found in room.rglob("*.py") if "migrations" not in found.parts
    ):
        yield from messages(path, path.read_bytes())
    for path in sorted(found for room in [*rooms, root / "templates"] for found in room.rglob("*.html")):
        yield from messages(path, templatize(path.read_text()).encode())


def messages(path: Path, code: bytes) -> Iterator[tuple[Key, str]]:
    for line, found, _comments, context in extract("python", BytesIO(code), CALLS):
        text = found[0] if isinstance(found, tuple) else found
        if text:
            yield (context, text), f"{path.relative_to(settings.BASE_DIR)}:{line}"


def placeholders(message_id: str | tuple[str, str]) -> list[str]:
    return PLACEHOLDER.findall(" ".join(message_id) if isinstance(message_id, tuple) else message_id)


def sources() -> list[Path]:
    return sorted(
        path for folder in settings.LOCALE_PATHS for path in Path(folder).glob("*/LC_MESSAGES/*.po")
    )


def read(source: Path) -> Catalog:
    with source.open("rb") as text:
        return read_po(text, locale=source.parent.parent.name)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    found = list(faults())
    if len(sources()) < len(settings.LANGUAGES):
        found.append(f"only {len(sources())} catalogues for {len(settings.LANGUAGES)} languages")
    print("\n".join(found))
    sys.exit(1 if found else 0)
