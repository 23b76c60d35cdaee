"""Why a share is what it is, in sentences a guide can read. Codes come from `Share.why`; nothing is read."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from django.utils.translation import gettext as _

from commissions import attribution
from commissions.checking import percent
from commissions.models.split import BY_APPEAL
from commissions.splitting import BASE, LINE_CAP, PERIOD_CAP, Term
from merchants.money import PPM, yuan

__all__ = ["claim_of", "lost", "percent", "reason"]


def reason(why: Mapping[str, Any]) -> str:
    """In the reader's language: “You served this sale: 5%.”, and what else made the amount."""
    because = why["because"]
    if because == "no_plan":
        return _("No published plan covers this sale, so all of it stays here.")
    if because == "rest":
        return _("What is left after everybody else's share.")
    told = _who(because) % {"claim": _claim(why)}
    for sentence in _also(why):
        # Translators: two sentences, one after the other; Chinese sets no space between them.
        told = _("%(sentence)s %(next_sentence)s") % {"sentence": told, "next_sentence": sentence}
    return told


def claim_of(term: Term) -> str:
    """What a rule gives, as a plan is read: “5%”, “¥2.00 a piece”, “3%, from ¥1,000.00 on 5%”; "" for the rest."""
    if term.tiers:
        (start, ppm), *more = term.tiers
        parts = [
            _("from %(amount)s on %(rate)s%%") % {"amount": yuan(s), "rate": percent(p)} for s, p in more
        ]
        first = f"{percent(ppm)}%"
        if start:
            first = _("from %(amount)s on %(rate)s%%") % {"amount": yuan(start), "rate": percent(ppm)}
        return _listed([first, *parts])
    if term.fixed is not None:
        return _fixed(term.fixed, per_unit=term.per_unit)
    return "" if term.ppm is None else f"{percent(term.ppm)}%"


def _who(because: str) -> str:
    """Why this payee, with a place for what the rule gives."""
    sentences = {
        "contract": _("%(claim)s by the commission plan."),
        attribution.BOUND_AND_PROTECTED: _(
            "Own guide of this member, inside the protection period: %(claim)s."
        ),
        attribution.OWN_GUIDE: _("Own guide of this member: %(claim)s."),
        attribution.SERVED_AFTER_PROTECTION: _(
            "Served this sale; the own guide's protection was over: %(claim)s."
        ),
        attribution.SERVED_AWAY_FROM_HOME: _(
            "Served this sale; the own guide belongs to another store: %(claim)s."
        ),
        attribution.SERVED: _("Served this sale: %(claim)s."),
        attribution.SHARED: _("Shared what was bought: %(claim)s."),
        attribution.RECRUITED: _("Brought this member: %(claim)s."),
        attribution.ACCEPTED: _("Took this order on: %(claim)s."),
        BY_APPEAL: _("After an appeal: %(claim)s."),
        attribution.MANAGED: _("Manager of the store that day: %(claim)s."),
    }
    return sentences[because]


def _claim(why: Mapping[str, Any]) -> str:
    if "slices" in why:
        return _tiers(why["slices"])
    if "fixed" in why:
        return _fixed(why["fixed"], per_unit=why["per_unit"])
    return f"{percent(why['ppm'])}%"


def _fixed(amount: int, *, per_unit: bool) -> str:
    if per_unit:
        return _("%(amount)s a piece") % {"amount": yuan(amount)}
    return yuan(amount)


def _tiers(slices: list[list[Any]]) -> str:
    """“¥99.99 at 3%, ¥2,000.00 at 5%”: the parts of the sale in the tiers it passed through, to the whole fen."""
    if not slices:
        return _("below the first tier")
    parts = [
        _("%(amount)s at %(rate)s%%") % {"amount": yuan(int(Fraction(amount))), "rate": percent(ppm)}
        for _start, amount, ppm in slices
    ]
    return _listed(parts)


def _listed(parts: list[str]) -> str:
    told = parts[0]
    for part in parts[1:]:
        told = _("%(one)s, %(another)s") % {"one": told, "another": part}
    return told


def _also(why: Mapping[str, Any]) -> list[str]:
    """What else made the amount what it is."""
    told = []
    if why.get("policy"):
        words = _("Rule %(rule)d of attribution policy %(number)d.")
        told.append(words % {"rule": why["policy_rule"], "number": why["policy_number"]})
    if why.get("part", PPM) != PPM:
        told.append(_("Shared with colleagues: %(part)s%% of it.") % {"part": percent(why["part"])})
    cut_by = why.get("cut_by", ())
    if LINE_CAP in cut_by:
        told.append(_("Cut to %(amount)s, the most for one line.") % {"amount": yuan(why[LINE_CAP])})
    if PERIOD_CAP in cut_by:
        told.append(_("Cut to what was left of %(amount)s a month.") % {"amount": yuan(why[PERIOD_CAP])})
    if BASE in cut_by:
        told.append(_("Cut to what was left of the sale."))
    if "slices" in why:
        told.append(_("Worked out once more when the month is over."))
    return told


def lost(because: str) -> str:
    """Why a candidate did not get the share."""
    sentences = {
        attribution.BOUND_GUIDE_FIRST: _("The member's own guide comes first while protected."),
        attribution.LINK_FIRST: _("A shared link comes first here."),
        attribution.EARLIER_RULE: _("An earlier rule gave it to somebody else."),
        attribution.PROTECTION_OVER: _("The protection period was over."),
        attribution.OTHER_STORE: _("Bound at another store."),
        attribution.SAME_STORE: _("Bound at this store; the rule is for guides of others."),
        attribution.TOO_LONG_AGO: _("Too long before the sale."),
        attribution.RULE_NOT_MET: _("The rule asks for more than there was."),
        attribution.NO_RULE: _("No rule of the plan pays this part."),
        attribution.APPOINTED_LATER: _("Somebody else has managed the store for longer."),
        attribution.NOBODY: _("Nobody stood for this share."),
    }
    return sentences[because]
