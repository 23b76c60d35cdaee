"""The token sheet: one meaning in both themes, readable, and small."""

import gzip
import re

import pytest
from django.conf import settings

CSS = settings.BASE_DIR / "static" / "css"
SHEET = (CSS / "tokens.css").read_text()
DECLARATION = re.compile(r"(--[\w-]+):\s*([^;]+);")
GROUNDS = ["--bg", "--surface", "--surface-2"]
TEXT_ON = [
    *[(text, ground) for text in ["--text", "--text-2", "--text-3"] for ground in GROUNDS],
    *[(text, "--surface-3") for text in ["--text", "--text-2"]],
    *[("--brand", ground) for ground in GROUNDS],
    *[("--brand-strong", ground) for ground in [*GROUNDS, "--brand-soft"]],
    *[("--text-2", ground) for ground in ["--brand-soft", "--danger-soft", "--warn-soft"]],
    *[
        ("--text", ground)
        for ground in ["--brand-soft", "--danger-soft", "--warn-soft", "--brand-line", "--raised"]
    ],
    ("--danger", "--surface"),
    ("--danger", "--danger-soft"),
    ("--warn", "--warn-soft"),
    ("--on-brand", "--brand"),
    ("--on-brand", "--brand-strong"),
    ("--on-seal", "--seal"),
    ("--bg", "--text"),  # a toast
]
EDGE_ON = [
    *[("--line-control", ground) for ground in GROUNDS],
    *[("--brand", ground) for ground in [*GROUNDS, "--brand-soft"]],
    ("--seal", "--surface"),
]


def block(opening: str) -> dict[str, str]:
    start = SHEET.index(opening)
    return dict(DECLARATION.findall(SHEET[start : SHEET.index("}", start)]))


LIGHT = block(":root {")
CHOSEN_DARK = block(':root[data-theme="dark"] {')
SYSTEM_DARK = block(":root:not([data-theme]) {")


def luminance(colour: str) -> float:
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def test_the_contrast_is_the_one_of_wcag():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


def test_the_dark_theme_is_the_same_whether_chosen_or_the_systems():
    assert CHOSEN_DARK == SYSTEM_DARK


def test_the_dark_theme_answers_for_every_colour():
    colours = {name for name, value in LIGHT.items() if value.startswith(("#", "rgb"))}
    assert colours <= CHOSEN_DARK.keys()


@pytest.mark.parametrize("theme", [LIGHT, LIGHT | CHOSEN_DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), TEXT_ON)
def test_text_can_be_read_on_its_ground(theme, text, ground):
    assert contrast(theme[text], theme[ground]) >= 4.5


@pytest.mark.parametrize("edge", EDGE_ON, ids=" on ".join)
def test_what_shows_a_control_stands_out_in_the_light(edge):
    assert contrast(LIGHT[edge[0]], LIGHT[edge[1]]) >= 3


@pytest.mark.parametrize("edge", EDGE_ON[:-1], ids=" on ".join)
def test_what_shows_a_control_stands_out_in_the_dark(edge):
    dark = LIGHT | CHOSEN_DARK
    assert contrast(dark[edge[0]], dark[edge[1]]) >= 3


def test_every_token_used_is_defined():
    used = {name for sheet in CSS.glob("*.css") for name in re.findall(r"var\((--[\w-]+)", sheet.read_text())}
    defined = {name for sheet in CSS.glob("*.css") for name, _ in DECLARATION.findall(sheet.read_text())}
    assert used <= defined


def test_the_style_sheets_together_weigh_less_than_fifteen_kilobytes():
    assert sum(len(gzip.compress(sheet.read_bytes(), 9)) for sheet in CSS.glob("*.css")) <= 15_000
