import keras
import numpy as np
import pandas as pd
import pytest

from kerasrecipes.backend import sliced_features
from kerasrecipes.layers.feature_batches import feature_batches

X = np.arange(6.0).reshape(3, 2)


class Batches(keras.utils.PyDataset):
    def __len__(self):
        return 2

    def __getitem__(self, index):
        return X + index, np.zeros(3)


class EndlessBatches(Batches):
    @property
    def num_batches(self):
        return None


def read(data):
    return [batch.tolist() for batch, _ in feature_batches(data)]


@pytest.mark.parametrize(
    "data",
    [X, X.tolist(), [X], [(X, np.zeros(3))], ((X, np.zeros(3), np.ones(3)) for _ in range(1))],
    ids=["array", "plain list", "batches", "pairs", "generator of triples"],
)
def test_features_are_read_from_anything_that_holds_them(data):
    assert read(data) == [X.tolist()]


def test_tensors_are_read():
    assert read(keras.ops.convert_to_tensor(X.astype("float32"))) == [X.tolist()]


def test_half_precision_of_the_brain_kind_is_read():
    (batch, _), *_ = feature_batches(keras.ops.cast(X, "bfloat16"))
    assert (batch.dtype.name, batch.tolist()) == ("float32", X.tolist())


def test_py_datasets_are_read_batch_by_batch():
    assert read(Batches()) == [X.tolist(), (X + 1).tolist()]


def test_data_frames_bring_their_names():
    frame = pd.DataFrame(X, columns=["width", "height"])
    ((batch, names),) = feature_batches(frame)
    assert (batch.tolist(), names) == (X.tolist(), ["width", "height"])


def test_data_frames_with_pandas_own_dtypes_are_read():
    frame = pd.DataFrame({"a": pd.array([1, 2], "Int64"), "b": [True, False], "c": [0.5, 1.5]})
    ((batch, _),) = feature_batches(frame)
    assert batch.tolist() == [[1.0, 1.0, 0.5], [2.0, 0.0, 1.5]]


def test_columns_of_text_are_named():
    frame = pd.DataFrame({"age": [1.0, 2.0], "city": ["Rome", "Oslo"], "sex": ["f", "m"]})
    with pytest.raises(TypeError, match="columns city, sex"):
        list(feature_batches(frame))


@pytest.mark.parametrize(
    ("data", "received"),
    [
        ((X, X), "type tuple"),
        ({"x": X}, "type dict"),
        ("digits", "type str"),
        (3, "type int"),
        ([{"x": X}], "list of dtype=object"),
        ([(X, X), ("text", X)], "str of dtype=<U4"),
        (np.array(["a"]), "ndarray of dtype=<U1"),
    ],
)
def test_other_things_are_refused_by_their_type(data, received):
    with pytest.raises(TypeError, match=received):
        list(feature_batches(data))


def test_a_dataset_without_end_is_refused():
    with pytest.raises(ValueError, match="num_batches=None"):
        list(feature_batches(EndlessBatches()))


def test_a_repeated_tf_dataset_is_refused():
    tf = pytest.importorskip("tensorflow")
    with pytest.raises(ValueError, match=r"repeats for ever.*\.take"):
        list(feature_batches(tf.data.Dataset.from_tensor_slices(X).batch(2).repeat()))


UNTOUCHED = {
    "in batches": lambda data: data.batch(2),
    "in parallel": lambda data: data.batch(2, num_parallel_calls=2),
    "shuffled": lambda data: data.shuffle(3, seed=0).batch(2).prefetch(1),
}
CHANGED = {
    "mapped": lambda data: data.batch(2).map(lambda *batch: batch),
    "filtered": lambda data: data.filter(lambda *example: True).batch(2),
    "taken": lambda data: data.take(3).batch(2),
    "rebatched": lambda data: data.batch(1).unbatch().batch(3),
}


@pytest.mark.parametrize("labels", [(), (np.zeros(3),)], ids=["features", "pairs"])
@pytest.mark.parametrize("way", [*UNTOUCHED, *CHANGED])
def test_every_row_of_a_tf_dataset_is_read_once(way, labels):
    tf = pytest.importorskip("tensorflow")
    slices = tf.data.Dataset.from_tensor_slices((X, *labels) if labels else X)
    dataset = {**UNTOUCHED, **CHANGED}[way](slices)
    assert (sliced_features(dataset) is not None) == (way in UNTOUCHED)
    assert sorted(row for batch in read(dataset) for row in batch) == X.tolist()


def test_what_a_tf_dataset_leaves_out_is_not_read():
    tf = pytest.importorskip("tensorflow")
    slices = tf.data.Dataset.from_tensor_slices(X)
    assert read(slices.batch(2, drop_remainder=True)) == [X[:2].tolist()]
    assert read(slices.skip(1).batch(2)) == [X[1:].tolist()]
    assert read(slices.batch(2).shard(2, 1)) == [X[2:].tolist()]


def test_wide_rows_and_batches_of_batches_keep_their_shape():
    tf = pytest.importorskip("tensorflow")
    images = np.ones((3, 50, 50, 3))
    dataset = tf.data.Dataset.from_tensor_slices(images).batch(2)
    shapes = [batch.shape for batch, _ in feature_batches(dataset.map(lambda batch: batch))]
    assert shapes == [(2, 50, 50, 3), (1, 50, 50, 3)]
    twice = tf.data.Dataset.from_tensor_slices(X).batch(1).batch(3)
    assert read(twice) == [[[row] for row in X.tolist()]]
