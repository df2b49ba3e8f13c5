import numpy as np
import pandas
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerasrecipes.data import DataError, mini_batches


@settings(max_examples=40, deadline=None)
@given(m=st.integers(1, 100), batch_size=st.integers(1, 120), seed=st.integers(0, 9))
def test_every_example_comes_once_and_only_the_last_batch_is_short(m, batch_size, seed):
    x = np.arange(m)
    batches = list(mini_batches(x, x * 2, batch_size, seed=seed))
    sizes = [len(y) for _, y in batches]
    assert sizes == [batch_size] * (m // batch_size) + [m % batch_size] * (m % batch_size > 0)
    assert sorted(np.concatenate([batch for batch, _ in batches])) == list(range(m))
    assert all((y == 2 * batch).all() for batch, y in batches)


def test_the_seed_decides_the_order():
    orders = [
        np.concatenate([x for x, _ in mini_batches(np.arange(50), np.arange(50), 8, seed=seed)])
        for seed in (0, 0, 1)
    ]
    assert orders[0].tolist() == orders[1].tolist()
    assert orders[0].tolist() != orders[2].tolist()
    assert orders[0].tolist() != list(range(50))


def test_frames_and_images_are_cut_alike():
    frame = pandas.DataFrame({"a": np.arange(5)})
    x, y = next(mini_batches(frame, np.zeros((5, 4, 4, 3)), 2))
    assert (len(x), y.shape) == (2, (2, 4, 4, 3))


@pytest.mark.parametrize("batch_size", [0, -1, 2.0, "8", True, None])
def test_a_wrong_batch_size_is_refused_at_once(batch_size):
    with pytest.raises(ValueError, match=f"`batch_size` must be .* batch_size={batch_size!r}"):
        mini_batches(np.arange(5), np.arange(5), batch_size)


@pytest.mark.parametrize(("rows", "message"), [(4, "`x` has 5 rows and `y` has 4"), (0, "and `y`")])
def test_different_lengths_are_refused_at_once(rows, message):
    with pytest.raises(DataError, match=message):
        mini_batches(np.arange(5), np.arange(rows), 2)


def test_no_rows_are_refused_at_once():
    with pytest.raises(DataError, match="no rows"):
        mini_batches([], [], 2)
