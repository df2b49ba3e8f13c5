"""Arguments that nobody expects, and those that come near what is expected."""

import datetime
import decimal
import fractions
import math
import pathlib

import numpy as np
from hypothesis import strategies

NUMBERS = [
    0, 1, -1, 2, 3, 7, 2**31, 2**63, 10**30, -(10**30), 0.0, -0.0, 0.5, 1.0, 1.5, -0.5, 1e-300,
    1e300, math.nan, math.inf, -math.inf, np.float32(0.5), np.float64("nan"), np.int64(3),
    np.uint8(255), np.bool_(True), 1 + 2j, decimal.Decimal("0.5"), fractions.Fraction(1, 3),
]  # fmt: skip
TEXTS = [
    "", "a", "relu", "mse", "adam", "auto", "normal", "min", "max", "val_loss", "x" * 5000,
    "\u00e9\u202e\U0001f600", "\ud800", "\x00", "../../x", "a/b", "x.html", "{}", "%s", b"", b"ab",
]  # fmt: skip
OTHERS = [
    None, True, False, (), [], {}, set(), (0.5, 0.5), (1, 2), (1, 2, 3), [0], [1, "a"], [[1], [2]],
    {"a": 1}, {0: 0.1}, {0: 0.1, 5: 0.01}, {"a": math.nan}, range(3), object(), int, abs,
    lambda *_, **__: None, pathlib.Path("x"), datetime.date(2020, 1, 1), Exception("a"),
]  # fmt: skip
ARRAYS = [
    np.array(1.0), np.array([]), np.ones(3), np.ones((2, 2)), np.zeros((0, 3)), np.arange(20),
    np.arange(20) % 2, np.linspace(0, 1, 20), np.array([np.nan, np.inf, 1.0]), np.array(["a", "b"]),
    np.array([None, 1], dtype=object), np.array([1e300, -1e300]), np.ones((3, 2), "uint8"),
    np.ones((1, 1, 1, 1)), np.array([True, False]), np.array(["2020-01-01"], "datetime64[D]"),
]  # fmt: skip
anything = strategies.sampled_from([*NUMBERS, *TEXTS, *OTHERS, *ARRAYS])


def near(default):
    """Values of the kind that an argument takes, by its default; else anything."""
    pools = {bool: [True, False], int: NUMBERS, float: NUMBERS, str: TEXTS}
    pool = pools.get(type(default))
    return strategies.sampled_from(pool) | anything if pool else anything
