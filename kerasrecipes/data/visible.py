"""Text from data with its invisible signs written out."""

import unicodedata

# Joiners of words and emoji, the soft hyphen, and number signs of Arabic that are drawn.
KEPT = frozenset("\t\n\u00ad\u200c\u200d\u0600\u0601\u0602\u0603\u0604\u0605\u06dd")
INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def visible(text: str) -> str:
    r"""Returns text in which no sign hides, moves the cursor or turns the direction of others.

    Control characters, format characters (such as the right-to-left override), lone surrogates and
    the separators of lines and paragraphs are written as Python writes them, `\x1b` or `\u202e`.
    Line feeds and tabs stay, and so do the joiners inside words and emoji.

    Args:
        text: String, such as the name of a column.

    Returns:
        String, the same one where nothing is hidden.

    Example:
    >>> print(visible("price\u202e\x1b[31m"))
    price\u202e\x1b[31m
    """
    if text.isprintable():
        return text
    return "".join(
        sign.encode("unicode_escape").decode("ascii") if _hides(sign) else sign for sign in text
    )


def _hides(sign: str) -> bool:
    if sign.isprintable() or sign in KEPT:
        return False
    return unicodedata.category(sign) in INVISIBLE or ord(sign) & 0xFFFE == 0xFFFE
