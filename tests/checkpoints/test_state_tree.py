"""A state comes back as it was, type by type and bit by bit."""

import json
import math
import struct

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from kerasrecipes.checkpoints.state_tree import DEEPEST, count_arrays, flatten, unflatten


def again(state):
    value, arrays = flatten(state)
    text = json.dumps(value, allow_nan=False)
    assert count_arrays(value) == len(arrays)
    return unflatten(json.loads(text), arrays)


def same(a, b):
    """Whether two trees have the same types and bits."""
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, np.ndarray | np.generic) and not isinstance(a, np.str_ | np.bytes_):
        return (a.dtype, a.shape, a.tobytes()) == (b.dtype, b.shape, b.tobytes())
    if isinstance(a, float):
        return struct.pack("d", a) == struct.pack("d", b)
    return a == b


PLAIN = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text() | st.binary()
    | hnp.arrays(hnp.scalar_dtypes(), hnp.array_shapes(min_dims=0, max_dims=3, min_side=0))
    | hnp.scalar_dtypes().flatmap(lambda dtype: hnp.arrays(dtype, ()).map(lambda a: a[()]))
)  # fmt: skip
TREES = st.recursive(
    PLAIN,
    lambda inner: st.lists(inner) | st.lists(inner).map(tuple) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(TREES)
def test_any_tree_comes_back(state):
    assert same(again(state), state)


STRUCTURED = np.zeros(2, [("a", "<i4", (3,)), ("b", "S2")])
EXTREMES = {
    "signed zero": -0.0,
    "infinities": [math.inf, -math.inf],
    "another NaN": struct.unpack("d", struct.pack("Q", 0xFFF8000000000123))[0],
    "long integers": [2**63, -(2**63) - 1, 10**5000],
    "half of a surrogate pair": "\udcff",
    "what looks like a list of ours": ["tuple", 1],
    "trailing zeros": [np.bytes_(b"a\0"), np.str_("a\0"), b"a\0"],
    "times": [np.datetime64("2020-01-01T00:00:00.123456789"), np.timedelta64("NaT", "s")],
    "another byte order": np.arange(3, dtype=">i4"),
    "a structured dtype": [STRUCTURED, STRUCTURED[0]],
    "no bytes": [np.zeros((2, 0, 3)), np.zeros(3, "S0"), np.void(b"")],
    "flags": np.bool_(True),
}


@pytest.mark.parametrize("name", EXTREMES)
def test_extremes_come_back(name):
    assert same(again(EXTREMES[name]), EXTREMES[name])


SMALL = sorted(
    name for name, kind in vars(ml_dtypes).items()
    if isinstance(kind, type) and issubclass(kind, np.generic)
)  # fmt: skip


@pytest.mark.parametrize("name", SMALL)
def test_the_small_dtypes_of_accelerators_come_back(name):
    array = np.ones((2, 3), getattr(ml_dtypes, name))[:, 1:]
    assert same(again(array), array)
    assert same(again(array[0, 0]), array[0, 0])


def test_arrays_of_the_small_dtypes_are_stored_as_bytes():
    _, (stored,) = flatten(np.ones(2, ml_dtypes.bfloat16))
    assert stored.dtype == np.dtype("V2")


def test_thousands_of_scalars_make_no_arrays():
    _, arrays = flatten([np.float32(1.5), np.int64(3), ml_dtypes.bfloat16(2)])
    assert arrays == []


class Count(int):
    pass


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ({"a": [object()]}, r"`state\['a'\]\[0\]` is a builtins.object, which cannot be stored"),
        ({"a": Count(3)}, r"`state\['a'\]` is a .*Count, which cannot be stored: make it a dict"),
        ({3: 1}, r"`state` has the key 3, which is no string"),
        ([np.array([None])], r"`state\[0\]` cannot be stored: .*dtype object .* without pickle"),
        (
            np.array(["a"], np.dtypes.StringDType()),
            r"StringDType.* cannot be stored without pickle",
        ),
        (np.zeros(1, [("a", ml_dtypes.bfloat16)]), r"cannot be stored without pickle"),
        (np.ma.masked_array([1.0]), r"MaskedArray, which cannot be stored"),
        (np.zeros(1, np.dtype("f4", metadata={"a": 1})), r"cannot be stored without pickle"),
    ],
)
def test_what_would_not_come_back_is_refused_by_its_place(state, message):
    with pytest.raises(TypeError, match=message):
        flatten(state)


def nested(depth):
    state = []
    for _ in range(depth):
        state = [state]
    return state


def test_a_tree_may_be_so_deep_and_no_deeper():
    assert same(again(nested(DEEPEST)), nested(DEEPEST))
    with pytest.raises(ValueError, match=f"nested more than {DEEPEST} deep"):
        flatten(nested(DEEPEST + 1))
