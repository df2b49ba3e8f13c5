"""Numbers written as text: plain, with thousands separators, with a decimal comma."""

import re
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas

_EXPONENT = r"(?:[eE][+-]?\d+)?"
STYLES = {
    "plain": re.compile(rf"[+-]?(?:\d+\.?\d*|\.\d+){_EXPONENT}"),
    "thousands separators": re.compile(r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d*)?"),
    "decimal commas": re.compile(rf"[+-]?(?:\d{{1,3}}(?:\.\d{{3}})+|\d+)(?:,\d*)?{_EXPONENT}"),
}


def numeric_style(text: "pandas.Series") -> str | None:
    """Tells how a column of text writes its numbers, or that it holds something else.

    Args:
        text: Series of strings; missing values are passed over.

    Returns:
        `"plain"` (`-1.5e3`), `"thousands separators"` (`1,234.5`) or `"decimal commas"`
        (`1.234,5`), the first that reads every value; None if none does or there is
        no value at all.

    Example:
    >>> import pandas
    >>> numeric_style(pandas.Series(["1,234", "56"])), numeric_style(pandas.Series(["1,5", "x"]))
    ('thousands separators', None)
    """
    values = [str(value).strip() for value in text.dropna().unique()]
    for style, pattern in STYLES.items():
        if values and all(pattern.fullmatch(value) for value in values):
            return style
    return None


def parse_numbers(text: "pandas.Series", style: str) -> np.ndarray:
    """Reads a column of text as numbers.

    Args:
        text: Series of strings.
        style: A key of `STYLES`, as `numeric_style` tells it.

    Returns:
        Float64 array `(rows,)`; NaN where a value is missing or not written in this style.

    Example:
    >>> import pandas
    >>> parse_numbers(pandas.Series(["1.234,5", "7", "n/a"]), "decimal commas").tolist()
    [1234.5, 7.0, nan]
    """
    known = {value: _number(str(value).strip(), style) for value in text.dropna().unique()}
    return np.array([known.get(value, np.nan) for value in text], dtype="float64")


def _number(text: str, style: str) -> float:
    if not STYLES[style].fullmatch(text):
        return np.nan
    if style == "decimal commas":
        text = text.replace(".", "").replace(",", ".")
    return float(text.replace(",", ""))
