import keras
import pytest

from kerasrecipes.data import batch_size, suggest_batch_size


@pytest.mark.parametrize(
    ("m", "expected"),
    [
        (1, 1),
        (1_999, 1_999),
        (2_000, 64),
        (10_000, 128),
        (60_000, 256),
        (1_000_000, 512),
        (10**9, 512),
    ],
)
def test_the_size_grows_with_the_data(m, expected):
    assert suggest_batch_size(m) == expected


def test_larger_data_never_give_smaller_batches_from_2000_on():
    sizes = [suggest_batch_size(m) for m in range(2_000, 500_000, 997)]
    assert sizes == sorted(sizes)
    assert set(sizes) == {64, 128, 256, 512}


@pytest.mark.parametrize(
    ("m", "memory", "expected"),
    [(60_000, 256_000, 256), (60_000, 255_999, 128), (60_000, 3_000, 2), (60_000, 1_000, 1)],
)
def test_it_is_halved_until_it_fits(m, memory, expected):
    assert suggest_batch_size(m, example_bytes=1_000, memory_bytes=memory) == expected


@pytest.mark.parametrize(("memory", "expected"), [(1_500_000, 1_500), (1_499_999, 1_024)])
def test_a_small_set_that_does_not_fit_is_cut_too(memory, expected):
    assert suggest_batch_size(1_500, example_bytes=1_000, memory_bytes=memory) == expected


def test_a_quarter_of_the_free_memory_is_taken_by_default(monkeypatch):
    monkeypatch.setattr(batch_size, "available_memory", lambda: 4 * 64_000)
    assert suggest_batch_size(60_000, example_bytes=1_000) == 64
    monkeypatch.setattr(batch_size, "available_memory", lambda: None)
    assert suggest_batch_size(60_000, example_bytes=1_000) == 256


def nested_model():
    inner = keras.Sequential([keras.Input((5,)), keras.layers.Dense(6)])
    x = keras.Input((4,))
    return keras.Model(x, keras.layers.Dense(3)(inner(keras.layers.Dense(5)(x))))


@pytest.mark.parametrize(
    ("build", "inputs", "activations"),
    [
        (lambda: keras.Sequential([keras.Input((4,)), keras.layers.Dense(7)]), 4, 7),
        (
            lambda: keras.Sequential(
                [keras.Input((8, 8, 1)), keras.layers.Conv2D(2, 3), keras.layers.Flatten()]
            ),
            64,
            72 + 72,
        ),
        (nested_model, 4, 5 + 6 + 3),
    ],
)
def test_the_outputs_of_all_layers_are_counted_three_times(build, inputs, activations):
    model, example = build(), 4 * inputs + 3 * 4 * activations
    assert suggest_batch_size(60_000, model=model, memory_bytes=64 * example) == 64
    assert suggest_batch_size(60_000, model=model, memory_bytes=64 * example - 1) == 32
    given = suggest_batch_size(
        60_000, model=model, example_bytes=1, memory_bytes=64 * (1 + 12 * activations)
    )
    assert given == 64


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"m": 0}, "`m` must be an integer >= 1. Received: m=0"),
        ({"m": 10.0}, "Received: m=10.0"),
        ({"m": 10, "example_bytes": -1}, "`example_bytes` .* Received: example_bytes=-1"),
        ({"m": 10, "memory_bytes": 0}, "`memory_bytes` .* Received: memory_bytes=0"),
        (
            {"m": 10, "example_bytes": 2_000, "memory_bytes": 1_000},
            "takes 2,000 bytes .* Received: memory_bytes=1,000",
        ),
    ],
)
def test_wrong_arguments_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        suggest_batch_size(**arguments)


def test_a_model_whose_outputs_cannot_be_counted_is_refused():
    with pytest.raises(ValueError, match="`model` must be a built Functional or Sequential model"):
        suggest_batch_size(10, model=keras.Sequential([keras.layers.Dense(2)]))
    sequence = keras.Sequential([keras.Input((None, 3)), keras.layers.Dense(2)])
    with pytest.raises(ValueError, match=r"that of `.*` is \(None, None, [23]\)"):
        suggest_batch_size(10, model=sequence)
