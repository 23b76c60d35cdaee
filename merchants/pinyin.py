"""A stored key to sort and search Chinese names by: collations differ between servers, a column does not."""

from django.db.models import Q
from pypinyin import Style, lazy_pinyin


def pinyin_key(name: str) -> str:
    """`林小雨` → `lin xiao yu`; other letters are kept, in lower case."""
    return " ".join(lazy_pinyin(name, style=Style.NORMAL)).lower()[:120]


def sounds_like(text: str) -> Q:
    """Rows whose `pinyin` the text means: linxiaoyu, xiaoyu and lxy all mean “lin xiao yu”."""
    letters = "".join(character for character in text.lower() if "a" <= character <= "z")
    if not letters:
        return Q(pk__in=[])
    whole = "".join(f"{letter} ?" for letter in letters)
    initials = "".join(f"{letter}[a-z]* ?" for letter in letters)
    return Q(pinyin__regex=rf"(^| ){whole}") | Q(pinyin__regex=rf"^{initials}")
