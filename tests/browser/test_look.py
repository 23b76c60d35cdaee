"""Every screen in both languages and both themes: open to all, nothing cut off, nothing untranslated."""

import re

import pytest

from tests.browser.screens import ON_PHONES, SCREENS, Screen
from tests.browser.visitors import Visitor

pytestmark = pytest.mark.browser

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
AXE_RUN = """async (rules) => {
  const found = await axe.run(document, { runOnly: rules, resultTypes: ["violations"] });
  return found.violations.map(({ id, nodes }) =>
    `${id}: ${nodes.slice(0, 3).map(({ target, failureSummary }) => `${target} ${failureSummary}`).join(" | ")}`);
}"""
TOO_WIDE = """() => {
  const room = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= room) return [];
  return [...document.body.querySelectorAll("*")].filter((e) => e.getBoundingClientRect().right > room + 1)
    .slice(0, 3).map((e) => e.outerHTML.slice(0, 120));
}"""
# What one sees, and what one hears instead.
WORDS = """() => [document.title, document.body.innerText,
  ...[...document.querySelectorAll("[aria-label], [placeholder], [title], [alt]")].flatMap((e) =>
    ["aria-label", "placeholder", "title", "alt"].map((name) => e.getAttribute(name) || ""))].join("\\n")"""
ENGLISH = re.compile(r"(?<![\w@./:-])[A-Za-z]{4,}(?![\w@/:-]|\.\w)")
# Names that are the same in both languages, the switch to the other one, and how the demo calls its key.
ALLOWED = {"Tiandi", "English", "Qinglan", "Mubai", "Chrome", "Linux", "demo"}


# Each language and each theme once: a theme knows no language, and all four together cost two minutes more.
@pytest.mark.parametrize(("language", "theme"), [("zh", "light"), ("en", "dark")])
def test_every_screen_is_open_to_all_fits_and_speaks_one_language(gallery, axe, language, theme):
    visitors = gallery.visitors(language=language, theme=theme)
    faults = []
    for screen in SCREENS:
        visitor = visitors[screen.who]
        status = gallery.show(visitor, screen)
        found = [] if status == screen.status else [f"answered {status}"]
        found += barriers(visitor, axe) + overflow(visitor, screen)
        if language == "zh":
            found += untranslated(visitor)
        faults += [f"{screen.name}: {fault}" for fault in found]
    assert not faults, "\n".join(faults)


def barriers(visitor: Visitor, axe: str) -> list[str]:
    visitor.page.evaluate(axe)
    return visitor.page.evaluate(AXE_RUN, RULES)


def overflow(visitor: Visitor, screen: Screen) -> list[str]:
    return (
        [f"too wide: {what}" for what in visitor.page.evaluate(TOO_WIDE)] if screen.who in ON_PHONES else []
    )


def untranslated(visitor: Visitor) -> list[str]:
    words = set(ENGLISH.findall(visitor.page.evaluate(WORDS))) - ALLOWED
    return [f"English in Chinese: {', '.join(sorted(words))}"] if words else []
