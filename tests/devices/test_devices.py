"""What is decided, what is refused, and that all is as before afterwards."""

import dataclasses

import keras
import numpy as np
import pytest

import kerasrecipes as kr
from kerasrecipes import backend, devices

HAS_GPU = bool(backend.device_names("gpu"))


def small():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    model.compile("sgd", "mse", **devices.compile_options())
    return model


def test_outside_it_tells_what_keras_does():
    found = devices.current()
    assert found.device == ("gpu" if HAS_GPU else "cpu")
    assert found.names == (f"{found.device}:0",)
    assert (found.precision, found.jit, found.data_parallel) == ("float32", "auto", False)


def test_what_is_decided_is_told_and_frozen():
    with devices.use("cpu", mixed_precision="float16", jit=False) as chosen:
        assert devices.current() is chosen
        assert chosen == devices.Devices("cpu", ("cpu:0",), "mixed_float16", False)
        assert str(chosen) == "cpu, mixed_float16, not compiled by XLA"
        with pytest.raises(dataclasses.FrozenInstanceError):
            chosen.device = "gpu"


@pytest.mark.parametrize(
    ("asked", "policy"),
    [
        (None, "float32"),
        (False, "float32"),
        (True, "mixed_bfloat16"),
        ("float16", "mixed_float16"),
        ("bfloat16", "mixed_bfloat16"),
        ("mixed_float16", "mixed_float16"),
    ],
)
def test_precision_reaches_the_models_built_inside(asked, policy):
    with devices.use("cpu", mixed_precision=asked):
        model = small()
    assert model.dtype_policy.name == policy
    is_scaled = isinstance(model.optimizer, keras.optimizers.LossScaleOptimizer)
    assert is_scaled == (policy == "mixed_float16")
    assert keras.config.dtype_policy().name == "float32"


@pytest.mark.parametrize("jit", [True, False])
def test_jit_reaches_compile(jit):
    with devices.use(jit=jit):
        assert small().jit_compile is jit
    assert devices.compile_options() == {"jit_compile": "auto"}


def test_a_policy_that_was_set_before_stays():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        with devices.use("cpu") as chosen:
            assert chosen.precision == "mixed_bfloat16"
        assert keras.config.dtype_policy().name == "mixed_bfloat16"
    finally:
        keras.config.set_dtype_policy("float32")


@pytest.mark.parametrize("how", ["leave", "error"])
@pytest.mark.parametrize("data_parallel", [True, False])
def test_all_is_put_back(how, data_parallel):
    before = devices.current()
    with (
        pytest.raises(ZeroDivisionError) if how == "error" else devices.use(),
        devices.use(mixed_precision=False, data_parallel=data_parallel),
        devices.use(mixed_precision="bfloat16"),
    ):
        assert keras.config.dtype_policy().name == "mixed_bfloat16"
        if how == "error":
            raise ZeroDivisionError
    assert devices.current() == before
    model = small()
    assert not backend.is_distributed(model)
    model.fit(np.ones((5, 3)), np.ones((5, 2)), batch_size=2, verbose=0)


def test_one_device_leaves_batches_as_they_are():
    x, y = np.arange(7), np.arange(7)
    with devices.use("cpu", data_parallel=True) as chosen:
        rest = 7 % len(chosen.names) if backend.steps_see_shares() else 0
        assert [len(each) for each in devices.even(x, y)] == [7 - rest] * 2
        assert devices.divisible(7) % len(chosen.names) == 0
    assert devices.even(x) is not None
    assert len(devices.even(x)) == 7
    assert devices.divisible(7) == 7


@pytest.mark.parametrize("batch_size", [0, -3, 2.5, "32", None])
def test_a_batch_size_that_is_none_is_refused(batch_size):
    with pytest.raises(ValueError, match="`batch_size` must be an integer >= 1"):
        devices.divisible(batch_size)


def test_dictionaries_of_arrays_are_shortened_by_name():
    with devices.use("cpu", data_parallel=True):
        kept = devices.even({"a": np.arange(7), "b": np.arange(7)})
        np.testing.assert_array_equal(kept["a"], devices.even(np.arange(7)))
        assert len(kept["b"]) == len(kept["a"])


def test_a_block_inside_another_has_what_the_other_decided():
    with devices.use("cpu", jit=False, mixed_precision=True), devices.use() as inner:
        assert inner == devices.Devices("cpu", ("cpu:0",), "mixed_bfloat16", False)
        with devices.use(jit=True, mixed_precision=False) as innermost:
            assert (innermost.jit, innermost.precision) == (True, "float32")


def test_a_block_inside_a_data_parallel_one_is_data_parallel():
    with devices.use("cpu", data_parallel=True) as outer:
        with devices.use(mixed_precision=True) as inner:
            assert inner == dataclasses.replace(outer, precision="mixed_bfloat16")
            assert devices.sees_shares() is backend.steps_see_shares()
            keras.utils.clear_session()
            devices.renew()
            assert backend.is_data_parallel()
        assert backend.is_data_parallel()
        assert not any(devices.divisible(n) % len(outer.names) for n in (1, 5, 8))
    assert not backend.is_data_parallel()


def test_a_block_inside_a_data_parallel_one_cannot_have_other_devices():
    with devices.use("cpu", data_parallel=True):
        with pytest.raises(devices.DeviceError, match="inside one that is data parallel"):
            devices.use(data_parallel="workers").__enter__()
        assert backend.is_data_parallel()


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="JAX can do both")
@pytest.mark.parametrize("asked", [{"jit": True}, {"mixed_precision": "float16"}])
def test_what_cannot_be_data_parallel_is_refused_inside_too(asked):
    with devices.use("cpu", data_parallel=True), pytest.raises(devices.DeviceError):
        devices.use(**asked).__enter__()


@pytest.mark.skipif(HAS_GPU, reason="there is a GPU")
def test_a_gpu_that_is_not_there_is_refused_in_one_line():
    with pytest.raises(devices.DeviceError, match="there is no GPU that") as caught:
        devices.use("gpu").__enter__()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"device": "tpu"}, r"`device` must be one of .*Received: device='tpu'"),
        ({"mixed_precision": "float8"}, r"`mixed_precision` must.*='float8'"),
        ({"mixed_precision": 1}, r"`mixed_precision` must.*=1"),
        ({"jit": "auto"}, r"`jit` must be.*='auto'"),
        ({"jit": 0}, r"`jit` must be.*=0"),
        ({"device": np.zeros(2)}, r"`device` must be.*array"),
        ({"data_parallel": "all"}, r"`data_parallel` must.*'workers'.*='all'"),
    ],
)
def test_other_arguments_are_refused(arguments, text):
    with pytest.raises(ValueError, match=text), devices.use(**arguments):
        pass


@pytest.mark.skipif(not backend.steps_see_shares(), reason="JAX's steps see whole batches")
def test_float16_on_several_devices_is_refused_where_keras_sees_shares():
    with (
        pytest.raises(devices.DeviceError, match="use bfloat16"),
        devices.use(mixed_precision="float16", data_parallel=True),
    ):
        pass
    with devices.use(mixed_precision=True, data_parallel=True) as chosen:
        assert chosen.precision == "mixed_bfloat16"


def test_xla_on_several_devices_is_refused_where_it_cannot_be():
    with (
        pytest.raises(devices.DeviceError, match="cannot be compiled by XLA")
        if (keras.backend.backend() == "tensorflow")
        else devices.use(),
        devices.use(jit=True, data_parallel=True),
    ):
        assert small().jit_compile


@pytest.mark.parametrize("data_parallel", [True, False])
def test_what_clearing_the_session_forgets_is_decided_again(data_parallel):
    with devices.use("cpu", mixed_precision=True, data_parallel=data_parallel):
        keras.utils.clear_session()
        devices.renew()
        model = small()
        assert model.dtype_policy.name == "mixed_bfloat16"
        assert backend.is_data_parallel() is data_parallel
        keras.utils.clear_session()
    assert keras.config.dtype_policy().name == "float32"
    assert not backend.is_data_parallel()
    small().fit(np.ones((5, 3)), np.ones((5, 2)), batch_size=2, verbose=0)


@pytest.mark.parametrize("search", ["CoarseToFine", "VectorizedSearch"])
def test_trials_are_built_in_the_precision_decided(search, tmp_path):
    keras_tuner = pytest.importorskip("keras_tuner")
    seen = []

    def build(hp):
        hp.Float("rate", 1e-3, 1e-1, sampling="log")
        seen.append(keras.config.dtype_policy().name)
        return small()

    with devices.use("cpu", mixed_precision=True):
        tuner = getattr(kr.tuning, search)(
            build,
            keras_tuner.Objective("loss", "min"),
            max_trials=2,
            directory=tmp_path,
        )
        tuner.search(np.ones((4, 3)), np.ones((4, 2)), epochs=1, verbose=0)
    assert set(seen) == {"mixed_bfloat16"}
