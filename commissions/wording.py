"""A plan's rules as sentences that whoever signs them can read. Codes in, words out; nothing is read."""

from django.utils.translation import gettext as _

from commissions.checking import percent
from commissions.models import Rule
from commissions.reasons import claim_of
from commissions.splitting import Term
from merchants.models import Brand, Merchant
from merchants.money import yuan
from orders.models import Order
from stores.models import Contract

__all__ = ["rest_to", "rule_in_words"]


def rest_to(mode: str, brand: Brand, scope: Merchant | Contract | None) -> str:
    """Who gets what a plan of this mode and scope leaves: the line's principal."""
    if mode == Contract.Mode.CENTRAL:
        return brand.local_name
    if scope is None:
        return _("the store's merchant")
    return (scope.counterparty if isinstance(scope, Contract) else scope).name


def rule_in_words(term: Term, *, article: str = "", rest_to: str = "") -> str:
    """“Guide: 5% of each line, at most ¥500.00 a month”; `article` names the SKU if the rule is for one, `rest_to` who
    gets what is left, if that is known."""
    if term.kind == "residual" and rest_to:
        return _("The rest: %(who)s") % {"who": rest_to}
    told = _claim(term)
    for clause in [*_caps(term), *_conditions(term, article)]:
        # Translators: two clauses of one sentence, one after the other.
        told = _("%(told)s, %(clause)s") % {"told": told, "clause": clause}
    # Translators: who, and what they get.
    return _("%(role)s: %(claim)s") % {"role": Rule.Role(term.role).label, "claim": told}


def _claim(term: Term) -> str:
    if term.kind == "residual":
        return _("what is left")
    if term.kind == "ratio":
        return _("%(rate)s%% of each line") % {"rate": percent(term.ppm or 0)}
    if term.kind == "tiers":
        return _("of the month's sales %(tiers)s") % {"tiers": claim_of(term)}
    return claim_of(term) if term.per_unit else _("%(amount)s a line") % {"amount": claim_of(term)}


def _caps(term: Term) -> list[str]:
    told = []
    if term.line_cap is not None:
        told.append(_("at most %(amount)s a line") % {"amount": yuan(term.line_cap)})
    if term.period_cap is not None:
        told.append(_("at most %(amount)s a month") % {"amount": yuan(term.period_cap)})
    return told


def _conditions(term: Term, article: str) -> list[str]:
    told = []
    if term.category:
        told.append(_("only category %(category)s") % {"category": term.category})
    if term.sku is not None:
        told.append(_("only article %(article)s") % {"article": article or term.sku})
    if term.channel:
        told.append(_("only by %(channel)s") % {"channel": Order.Channel(term.channel).label})
    if term.level is not None:
        told.append(_("only guides of level %(level)d") % {"level": term.level})
    return told
