"""The translations: gathered, merged, checked and compiled for `manage.py translations`.

Every string of the code and the templates stands in every catalogue, translated, not fuzzy, with the same
placeholders, and nothing else does. Babel reads the sources; Django makes its templates readable for it.
"""

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.apps import apps
from django.conf import settings
from django.utils.translation import to_locale
from django.utils.translation.template import templatize

SOURCE_LANGUAGE = "en"  # the message ids are its words
CALLS = {
    **dict.fromkeys(["_", "gettext", "gettext_lazy", "gettext_noop"]),
    **dict.fromkeys(["ngettext", "ngettext_lazy"], (1, 2)),
    **dict.fromkeys(["pgettext", "pgettext_lazy"], ((1, "c"), 2)),
    **dict.fromkeys(["npgettext", "npgettext_lazy"], ((1, "c"), 2, 3)),
}
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|(?<!%)%[sd]|\{\w*\}")
DATE = datetime(2026, 1, 1, tzinfo=UTC)  # in every header, so that a file changes only when its words do
Key = tuple[str | None, str]  # context, the singular


@dataclass(frozen=True)
class Found:
    """A string handed to gettext: its singular, its plural if it counts, and the file it stands in."""

    context: str | None
    text: str
    plural: str | None
    place: str

    @property
    def key(self) -> Key:
        return self.context, self.text


# --- reading the sources ---


def strings() -> dict[Key, list[Found]]:
    """Every string of our code and templates, each with all its places."""
    gathered: dict[Key, list[Found]] = {}
    for path, code in sources():
        for _line, message, _comments, context in extract("python", BytesIO(code), CALLS):
            text, plural = message if isinstance(message, tuple) else (message, None)
            if text:
                found = Found(context, text, plural, str(path.relative_to(settings.BASE_DIR)))
                gathered.setdefault(found.key, []).append(found)
    return gathered


def sources() -> Iterator[tuple[Path, bytes]]:
    root = Path(settings.BASE_DIR)
    ours = [Path(app.path) for app in apps.get_app_configs() if Path(app.path).parent == root]
    rooms = [*ours, root / "config"]
    for path in sorted(found for room in rooms for found in room.rglob("*.py")):
        if "migrations" not in path.parts:
            yield path, path.read_bytes()
    for path in sorted(found for room in [*rooms, root / "templates"] for found in room.rglob("*.html")):
        # Babel minds the indentation of Python, which a template has not.
        yield path, re.sub(r"^\s+", "", templatize(path.read_text()), flags=re.M).encode()


# --- the catalogues ---


def catalogues() -> Iterator[tuple[str, Path, Catalog]]:
    """Each language's locale name, file and catalogue; an empty one where there is no file yet."""
    for code, _name in settings.LANGUAGES:
        name = to_locale(code)
        path = Path(settings.LOCALE_PATHS[0]) / name / "LC_MESSAGES" / "django.po"
        if path.exists():
            with path.open("rb") as text:
                yield name, path, read_po(text, locale=name)
        else:
            yield name, path, Catalog(locale=name)


def update(translations: dict[Key, str]) -> None:
    """Write every catalogue anew: what is used, with what was translated before or is now, nothing else."""
    used = strings()
    for name, path, old in catalogues():
        new = Catalog(locale=name, project="Tiandi", creation_date=DATE, revision_date=DATE, fuzzy=False)
        new.last_translator = new.language_team = new.msgid_bugs_address = "Tiandi"
        new.header_comment = f"# {new.locale.english_name} translations of Tiandi."
        for key, places in used.items():
            plural = next((found.plural for found in places if found.plural), None)
            count = new.num_plurals if plural else 1
            if name == SOURCE_LANGUAGE:
                forms = [key[1], *[plural or key[1]] * (count - 1)]
            elif key in translations:
                forms = [translations[key]] * count
            else:
                forms = list(_forms(old.get(key[1], key[0])))[:count] or [""] * count
            new.add(
                (key[1], plural) if plural else key[1],
                tuple(forms) if plural else forms[0],
                context=key[0],
                locations=sorted({(found.place, None) for found in places}),
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as text:
            write_po(text, new, width=110, sort_output=True, include_lineno=False)


def read_tables(paths: Iterable[Path]) -> dict[Key, str]:
    r"""Translations from lines of `English TAB Chinese [TAB context]`; `\n` is a line break.

    Of a counted string the singular is given. Two answers to one string are an error naming both files.
    """
    merged: dict[Key, tuple[str, Path]] = {}
    for path in paths:
        for line in path.read_text().splitlines():
            if not line.strip() or line.startswith("# "):
                continue
            text, translation, *context = (cell.replace("\\n", "\n") for cell in line.split("\t"))
            key = (context[0] if context else None, text)
            before = merged.setdefault(key, (translation, path))
            if before[0] != translation:
                raise ValueError(f"{text!r} is {before[0]!r} in {before[1]} and {translation!r} in {path}.")
    return {key: translation for key, (translation, _path) in merged.items()}


def compile_all() -> None:
    """Write the .mo beside each .po that is newer; whole or not at all."""
    for _name, source, catalogue in catalogues():
        compiled = source.with_suffix(".mo")
        if not source.exists():
            continue
        if compiled.exists() and compiled.stat().st_mtime >= source.stat().st_mtime:
            continue
        unfinished = compiled.with_suffix(f".{os.getpid()}")
        with unfinished.open("wb") as binary:
            write_mo(binary, catalogue)
        unfinished.rename(compiled)


def faults() -> Iterator[str]:
    """What is wrong with the catalogues, a line each."""
    used = strings()
    for name, path, catalogue in catalogues():
        if not path.exists():
            yield f"{name}: there is no catalogue"
            continue
        for (context, text), places in used.items():
            message = catalogue.get(text, context)
            wrong = _wrong(message)
            if wrong:
                yield f"{name}: {wrong}, from {places[0].place}: {text!r}"
        for message in catalogue:
            if message.id and (message.context, _singular(message)) not in used:
                yield f"{name}: no longer used: {_singular(message)!r}"


def _wrong(message: Message | None) -> str | None:
    if message is None:
        return "missing"
    if message.fuzzy:
        return "fuzzy"
    if not all(_forms(message)):
        return "empty"
    words = " ".join(message.id) if isinstance(message.id, tuple) else message.id
    allowed = set(PLACEHOLDER.findall(words))
    if any(not set(PLACEHOLDER.findall(form)) <= allowed for form in _forms(message)):
        return "placeholders differ"
    return None


def _forms(message: Message | None) -> tuple[str, ...]:
    if message is None:
        return ()
    return message.string if isinstance(message.string, tuple) else (message.string,)


def _singular(message: Message) -> str:
    return message.id[0] if isinstance(message.id, tuple) else message.id
