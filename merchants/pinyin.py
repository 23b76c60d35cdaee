"""A stored key to sort and search Chinese names by: collations differ between servers, a column does not."""

from pypinyin import Style, lazy_pinyin


def pinyin_key(name: str) -> str:
    """`林小雨` → `lin xiao yu`; other letters are kept, in lower case."""
    return " ".join(lazy_pinyin(name, style=Style.NORMAL)).lower()[:120]
