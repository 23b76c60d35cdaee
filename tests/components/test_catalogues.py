"""The catalogues follow the sources: nothing is missing, nothing is left over, no answer is given twice."""

import pytest
from django.core.management import CommandError, call_command

from components import catalogues

PAGE = """{% load i18n %}
    {% translate "Redeem it" %}
  {% card title=_("Sales") %}
   {% blocktranslate count n=n %}{{ n }} coupon{% plural %}{{ n }} coupons{% endblocktranslate %}
"""
CODE = """from django.utils.translation import gettext as _, pgettext
JOINED = _("Joined %(day)s")
OPEN = pgettext("till", "Open")
"""
TABLE = """Redeem it\t确认核销
Sales\t销售额
%(n)s coupon\t%(n)s 张券
Joined %(day)s\t%(day)s 入会
Open\t开台\ttill
"""


@pytest.fixture
def house(tmp_path, settings):
    """A house of one template and one module, with a table of Chinese words."""
    (tmp_path / "templates").mkdir()
    (tmp_path / "config").mkdir()
    (tmp_path / "templates" / "page.html").write_text(PAGE)
    (tmp_path / "config" / "code.py").write_text(CODE)
    (tmp_path / "words.tsv").write_text(TABLE)
    settings.BASE_DIR = tmp_path
    settings.LOCALE_PATHS = [tmp_path / "locale"]
    return tmp_path


def test_strings_are_found_in_templates_tags_and_code(house):
    found = catalogues.strings()
    assert set(found) == {
        (None, "Redeem it"),
        (None, "Sales"),
        (None, "%(n)s coupon"),
        (None, "Joined %(day)s"),
        ("till", "Open"),
    }
    assert found[None, "%(n)s coupon"][0].plural == "%(n)s coupons"


def test_a_table_fills_the_catalogue_and_the_check_is_content(house):
    call_command("translations", "--from", house / "words.tsv")
    call_command("translations", "--check")
    chinese = (house / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po").read_text()
    assert "确认核销" in chinese
    assert (house / "locale" / "en" / "LC_MESSAGES" / "django.mo").exists()


def test_a_string_without_translation_fails_and_is_named(house):
    (house / "words.tsv").write_text(TABLE.replace("Sales\t销售额\n", ""))
    with pytest.raises(CommandError, match=r"zh_Hans: empty, from templates/page.html: 'Sales'"):
        call_command("translations", "--from", house / "words.tsv")


def test_a_translation_with_another_placeholder_fails(house):
    (house / "words.tsv").write_text(TABLE.replace("%(day)s 入会", "%(date)s 入会"))
    with pytest.raises(CommandError, match="placeholders differ"):
        call_command("translations", "--from", house / "words.tsv")


def test_what_was_translated_stays_and_what_is_gone_goes(house):
    call_command("translations", "--from", house / "words.tsv")
    (house / "config" / "code.py").write_text("")
    with pytest.raises(CommandError, match="no longer used: 'Open'"):
        call_command("translations", "--check")
    call_command("translations")
    chinese = (house / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po").read_text()
    assert "确认核销" in chinese
    assert "开台" not in chinese


def test_writing_again_changes_nothing(house):
    call_command("translations", "--from", house / "words.tsv")
    files = {path: path.read_text() for path in (house / "locale").rglob("*.po")}
    call_command("translations")
    assert {path: path.read_text() for path in (house / "locale").rglob("*.po")} == files


def test_two_answers_to_one_string_are_refused(house):
    (house / "more.tsv").write_text("Sales\t营业额\n")
    with pytest.raises(CommandError, match="销售额.*营业额"):
        call_command("translations", "--from", house / "words.tsv", house / "more.tsv")
