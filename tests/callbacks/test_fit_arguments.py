import keras
import numpy as np
import pytest

from kerasrecipes.callbacks.fit_arguments import fit_arguments, sample_examples

X, Y = np.arange(40.0).reshape(20, 2), np.arange(20)


class Spy(keras.callbacks.Callback):
    """Keeps what `fit_arguments` says at every hook."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def on_train_begin(self, logs=None):
        self.seen.append(fit_arguments(self.model))

    def on_epoch_end(self, epoch, logs=None):
        self.seen.append(fit_arguments(self.model))


def small_model(kind=keras.Sequential):
    model = kind([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile(loss="mse")
    return model


@pytest.fixture(scope="module")
def model():
    return small_model()


def test_outside_of_fit_there_is_nothing(model):
    assert fit_arguments(model) is None


def test_arrays_and_callbacks_are_seen_from_every_hook(model):
    spy, other = Spy(), keras.callbacks.Callback()
    model.fit(X, Y, validation_data=(X[:4], Y[:4]), verbose=0, callbacks=[spy, other])
    assert len(spy.seen) == 2
    for seen in spy.seen:
        assert seen.x is X
        assert seen.y is Y
        assert len(seen.validation_data[0]) == 4
        assert {spy, other} <= set(seen.callbacks)


def test_a_validation_split_is_seen_split(model):
    spy = Spy()
    model.fit(X, Y, validation_split=0.25, verbose=0, callbacks=[spy])
    found = spy.seen[0]
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(found.x), X[:15])
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(found.validation_data[1]), Y[15:])


def test_no_validation_data_is_none(model):
    spy = Spy()
    model.fit(X, Y, verbose=0, callbacks=[spy])
    assert spy.seen[0].validation_data is None


def test_the_fit_of_another_model_is_not_taken(model):
    class Peeking(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            self.other = fit_arguments(model)
            self.inner = Spy()
            model.fit(X[:4], Y[:4], verbose=0, callbacks=[self.inner])

    peeking = Peeking()
    small_model().fit(X, Y, verbose=0, callbacks=[peeking])
    assert peeking.other is None
    assert len(peeking.inner.seen[0].x) == 4


def test_a_fit_overridden_in_a_subclass():
    class Halving(keras.Sequential):
        def fit(self, x, y, **options):
            return super().fit(x[:10], y[:10], **options)

    spy = Spy()
    small_model(Halving).fit(X, Y, verbose=0, callbacks=[spy])
    assert len(spy.seen[0].x) == 10


def test_a_sample_of_arrays_is_random_rows_in_their_order():
    x, y = sample_examples({"a": X, "b": X + 1}, Y, 5, seed=1)
    assert len(y) == len(set(y)) == 5
    assert sorted(y) == list(y) != [0, 1, 2, 3, 4]
    np.testing.assert_array_equal(x["a"], X[y])
    np.testing.assert_array_equal(x["b"], X[y] + 1)


def test_the_same_seed_takes_the_same_sample():
    one, two, other = (sample_examples(X, Y, 5, seed=seed)[1] for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, two)
    assert set(one) != set(other)


@pytest.mark.parametrize("count", [20, 1_000])
def test_a_large_sample_is_everything(count):
    np.testing.assert_array_equal(sample_examples(X, Y, count)[1], Y)


def test_targets_may_be_tensors_and_structures():
    y = {"one": keras.ops.convert_to_tensor(Y), "two": Y + 1}
    _, found = sample_examples(keras.ops.convert_to_tensor(X), y, 3)
    np.testing.assert_array_equal(found["one"] + 1, found["two"])


def test_a_sample_of_a_pipeline_is_its_first_examples():
    tf = pytest.importorskip("tensorflow")
    dataset = tf.data.Dataset.from_tensor_slices((X, Y)).batch(3).repeat()
    x, y = sample_examples(dataset, None, 7)
    np.testing.assert_array_equal(y, np.arange(7))
    np.testing.assert_array_equal(x, X[:7])


class Batches(keras.utils.PyDataset):
    def __init__(self, batches, total=True):
        super().__init__()
        self.batches, self.total = batches, total

    @property
    def num_batches(self):
        return len(self.batches) if self.total else None

    def __getitem__(self, index):
        return self.batches[index % len(self.batches)]


TRIPLES = [(X[i : i + 4], Y[i : i + 4], np.ones(4)) for i in range(0, 20, 4)]


def test_a_sample_of_a_dataset_is_of_random_batches():
    x, y = sample_examples(Batches(TRIPLES), None, 8)
    assert len(y) == 8
    assert set(y) != set(range(8))
    assert {value // 4 * 4 for value in y} == {y[0], y[4]}
    np.testing.assert_array_equal(x, X[y])


def test_a_dataset_without_end_is_read_from_its_start():
    np.testing.assert_array_equal(
        sample_examples(Batches(TRIPLES, total=False), None, 30)[1], [*Y, *Y[:10]]
    )


@pytest.mark.parametrize("source", [lambda: (batch for batch in TRIPLES), lambda: iter(TRIPLES)])
def test_a_generator_has_no_sample(source):
    assert sample_examples(source(), None, 3) is None


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (X, "x of type ndarray, y=None"),
        ([X, X], "x of type list, y=None"),
        (Batches([X[:2]]), r"batches \(x, y\).*batches of type ndarray"),
        (Batches([]), "at least one batch. Received: no batch"),
        (
            Batches([(np.ones((2, 3)), Y[:2]), (np.ones((2, 5)), Y[:2])]),
            r"shapes \[\(\d,\), \(\)\] and \[\(\d,\), \(\)\]",
        ),
    ],
    ids=["array", "list", "no targets", "empty", "ragged"],
)
def test_what_cannot_be_sampled_is_refused(x, message):
    with pytest.raises(ValueError, match=message):
        sample_examples(x, None, 8)
