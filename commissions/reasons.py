"""Why a share is what it is, as a sentence a guide can read. Codes come from `Share.why`; nothing is read."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from commissions import attribution


def percent(ppm: int) -> str:
    """`50000` → `5`, `12500` → `1.25`: the rate as people say it, without its sign."""
    return f"{ppm / 10_000:.4f}".rstrip("0").rstrip(".")


def reason(why: Mapping[str, Any]) -> str:
    """One sentence in the reader's language, such as “You served this sale: 5% of what was paid.”"""
    because = why["because"]
    if because == "no_plan":
        return _("No published plan covers this sale, so all of it stays here.")
    if because == "rest":
        return _("What is left after everybody else's share.")
    rate = percent(why["ppm"])
    if because == "contract":
        return _("%(rate)s%% by the contract.") % {"rate": rate}
    if because == attribution.BOUND_AND_PROTECTED:
        return _("Own guide of this member, inside the protection period: %(rate)s%%.") % {"rate": rate}
    if because == attribution.SERVED_AFTER_PROTECTION:
        return _("Served this sale; the own guide's protection was over: %(rate)s%%.") % {"rate": rate}
    if because == attribution.SERVED_AWAY_FROM_HOME:
        return _("Served this sale; the own guide belongs to another store: %(rate)s%%.") % {"rate": rate}
    return _("Served this sale: %(rate)s%%.") % {"rate": rate}


def lost(because: str) -> str:
    """Why a candidate did not get the share."""
    sentences = {
        attribution.BOUND_GUIDE_FIRST: _("The member's own guide comes first while protected."),
        attribution.PROTECTION_OVER: _("The protection period was over."),
        attribution.OTHER_STORE: _("Bound at another store."),
        attribution.NO_RULE: _("No rule of the plan pays this part."),
        attribution.NOBODY: _("Nobody stood for this share."),
    }
    return sentences[because]
