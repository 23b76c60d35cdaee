"""How numbers, codes, phones and moments are written. Pure, but for the active language and time zone."""

from datetime import UTC, datetime, timedelta

from django.utils import timezone
from django.utils.translation import get_language, gettext, ngettext

GROUP = 4
SHORT_UNITS = {  # from how many fen a unit is used, the fen of one unit, its word
    "zh": ((10**10, 10**10, "亿"), (10**6, 10**6, "万")),
    "en": ((10**11, 10**11, "B"), (10**8, 10**8, "M"), (10**6, 10**5, "K")),
}


def yuan(fen: int, *, signed: bool = False) -> str:
    """`¥1,268.00` from 126800 fen; a minus stands before the sign: `−¥12.40`. `signed` shows a plus, too."""
    whole, rest = divmod(abs(fen), 100)
    sign = "−" if fen < 0 else "+" if signed and fen > 0 else ""
    return f"{sign}¥{whole:,}.{rest:02d}"


def yuan_short(fen: int) -> tuple[str, str]:
    """`("¥328.6", "万")` from 328,640,000 fen: the number and its unit, "" when the sum is short."""
    units = SHORT_UNITS["zh" if (get_language() or "").startswith("zh") else "en"]
    size = abs(fen)
    for (least, one, word), finer in zip(units, [unit[1] for unit in units[1:]] + [10], strict=True):
        # 9,999.96 万 would be rounded to 10,000.0 万: then the larger unit speaks.
        if _tenths(size, finer) * finer >= least * 10:
            tenths = _tenths(size, one)
            return f"{'−' if fen < 0 else ''}¥{tenths // 10:,}.{tenths % 10}", word
    return yuan(fen), ""


def _tenths(size: int, one: int) -> int:
    """How many tenths of a unit, half up."""
    return (size * 20 + one) // (2 * one)


def groups(code: str) -> list[str]:
    """`["8264", "0917", "3358"]`: a code in fours, as people read it aloud, whatever gaps it came with."""
    bare = "".join(character for character in str(code) if not character.isspace() and character != "-")
    return [bare[start : start + GROUP] for start in range(0, len(bare), GROUP)]


def masked(phone: str) -> str:
    """`138****2207`. What a room has masked already stays as it is."""
    text = str(phone or "").removeprefix("+86").replace(" ", "")
    if "*" in text:
        return text
    return f"{text[:-8]}****{text[-4:]}" if len(text) > 8 else "*" * len(text)


def distance(metres: float) -> str:
    """`320 m`, `1.4 km`, `26 km`."""
    if metres < 995:
        return gettext("%(count)d m") % {"count": round(metres / 10) * 10 if metres >= 100 else round(metres)}
    kilometres = metres / 1000
    number = f"{kilometres:.1f}" if kilometres < 9.95 else f"{kilometres:,.0f}"
    return gettext("%(count)s km") % {"count": number}


def since(moment: datetime, *, now: datetime | None = None) -> str:
    """`just now`, `4 minutes ago`, `in 2 days`; from a week on the date itself."""
    now = now or datetime.now(UTC)
    gap = now - moment
    ahead, size = gap < timedelta(0), abs(gap)
    if size >= timedelta(days=7):
        return day(moment)
    if size < timedelta(minutes=1):
        return gettext("just now")
    if size < timedelta(hours=1):
        n = int(size.total_seconds() // 60)
        words = (
            ngettext("in %d minute", "in %d minutes", n)
            if ahead
            else ngettext("%d minute ago", "%d minutes ago", n)
        )
    elif size < timedelta(days=1):
        n = int(size.total_seconds() // 3600)
        words = (
            ngettext("in %d hour", "in %d hours", n) if ahead else ngettext("%d hour ago", "%d hours ago", n)
        )
    else:
        n = size.days
        words = ngettext("in %d day", "in %d days", n) if ahead else ngettext("%d day ago", "%d days ago", n)
    return words % n


def day(moment: datetime) -> str:
    """`11-20`, with its year when that is not this one."""
    local = timezone.localtime(moment)
    return local.strftime("%m-%d" if local.year == timezone.localtime().year else "%Y-%m-%d")


def minute(moment: datetime) -> str:
    """`2026-12-31 23:59` in the merchant's time zone."""
    return timezone.localtime(moment).strftime("%Y-%m-%d %H:%M")


def initial(name: str) -> str:
    """The one character that stands for a name: 林 for 林女士, A for Anna."""
    return (str(name).strip() or "·")[0].upper()
