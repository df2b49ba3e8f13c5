import keras
import numpy as np
import pytest
from keras import ops

from kerasrecipes import backend


def numpy_of(tensors):
    return [ops.convert_to_numpy(tensor) for tensor in tensors]


@pytest.mark.parametrize("point", [([1.0, -2.0], 3.0), ([0.5, 4.0], -1.0)])
@pytest.mark.parametrize("compiled", [False, True])
def test_value_and_gradients_are_the_known_ones(point, compiled):
    vector, scalar = (np.array(part, "float32") for part in point)

    def both(tensors):
        return backend.value_and_gradients(
            lambda tensors: ops.sum(tensors[0] ** 3) * tensors[1], tensors
        )

    value, gradients = (backend.compiled(both) if compiled else both)([vector, scalar])
    assert float(value) == pytest.approx((vector**3).sum() * scalar)
    by_vector, by_scalar = numpy_of(gradients)
    np.testing.assert_allclose(by_vector, 3 * vector**2 * scalar, rtol=1e-6)
    np.testing.assert_allclose(by_scalar, (vector**3).sum(), rtol=1e-6)


def test_what_the_value_does_not_depend_on_has_a_zero_gradient():
    vector, matrix = np.ones(2, "float32"), np.ones((2, 3), "float32")
    _, gradients = backend.value_and_gradients(
        lambda tensors: ops.sum(tensors[0]), [vector, matrix]
    )
    np.testing.assert_array_equal(gradients[1], np.zeros((2, 3)))


def test_the_gradient_of_a_lookup_is_a_whole_array():
    table, rows = np.ones((4, 2), "float32"), np.array([1, 3, 3])
    _, (gradient,) = backend.value_and_gradients(
        lambda tensors: ops.sum(ops.take(tensors[0], rows, axis=0)), [table]
    )
    np.testing.assert_array_equal(gradient, [[0, 0], [1, 1], [0, 0], [2, 2]])


def test_gradients_at_marks_inside_a_function():
    x = ops.convert_to_tensor([1.0, -2.0])

    def function(mark):
        a = mark(x * 3)
        b = mark(a**2)
        mark(a + 1)  # leads nowhere
        return ops.sum(b * a)

    value, marked, gradients = backend.value_and_gradients_at(function)
    a = np.array([3.0, -6.0])
    assert float(value) == pytest.approx((a**3).sum())
    for found, expected in zip(numpy_of(marked), [a, a**2, a + 1], strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-6)
    for found, expected in zip(numpy_of(gradients), [3 * a**2, a, 0 * a], strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_a_function_may_mark_nothing():
    value, marked, gradients = backend.value_and_gradients_at(lambda mark: ops.ones(()))
    assert (float(value), list(marked), list(gradients)) == (1.0, [], [])


@pytest.mark.parametrize("compiled", [False, True])
def test_hessian_products_are_the_known_ones(compiled):
    vector, scalar = np.array([1.0, -2.0], "float32"), np.float32(3.0)
    along, more = np.array([0.5, 4.0], "float32"), np.float32(-1.0)

    def product(tensors, vectors):
        def cost(tensors):
            return ops.sum(tensors[0] ** 3) * tensors[1] + ops.sum(tensors[2])

        return backend.hessian_product(cost, tensors, vectors)

    product = backend.compiled(product) if compiled else product
    one = np.ones(3, "float32")
    value, gradients, products = product([vector, scalar, one], [along, more, one])
    assert float(value) == pytest.approx(-7 * 3 + 3)
    for found, expected in zip(
        [*numpy_of(gradients), *numpy_of(products)],
        [
            9 * vector**2,
            -7.0,
            one,
            18 * vector * along - 3 * vector**2,
            3 * vector**2 @ along,
            0 * one,
        ],
        strict=True,
    ):
        np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_a_lookup_has_a_whole_hessian_product():
    table, rows = np.ones((4, 2), "float32"), np.array([1, 3, 3])
    _, _, (product,) = backend.hessian_product(
        lambda tensors: ops.sum(ops.take(tensors[0], rows, axis=0) ** 2), [table], [table]
    )
    np.testing.assert_array_equal(product, [[0, 0], [2, 2], [0, 0], [4, 4]])


def test_a_compiled_function_is_traced_once_for_one_shape():
    calls = []

    def function(tensors):
        calls.append(len(calls))
        return tensors[0] * 2

    compiled = backend.compiled(function)
    for value in (1.0, 2.0, 3.0):
        assert float(compiled([np.float32(value)])) == 2 * value
    assert len(calls) == 1


def test_compiling_many_functions_does_not_warn(capfd):
    for number in range(8):
        backend.compiled(lambda tensor, number=number: tensor + number)(np.float32(1))
    assert "retracing" not in capfd.readouterr().err


def settings():
    return {
        "floatx": keras.config.floatx(),
        "policy": keras.config.dtype_policy().name,
        "tensor": keras.backend.standardize_dtype(ops.ones(1).dtype),
        "promotion": keras.backend.result_type("float64", "float32"),
        "layer": keras.layers.Dense(1).compute_dtype,
    }


def test_double_precision_computes_in_float64():
    with backend.double_precision():
        assert settings() == dict.fromkeys(settings(), "float64")
        third = ops.convert_to_tensor(np.array(1 / 3)) * 1.0
        assert float(third) == 1 / 3
        model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        assert model(np.ones((1, 2))).dtype == model.weights[0].value.dtype
        assert model.weights[0].dtype == "float64"


@pytest.mark.parametrize("is_causal", [False, True])
@pytest.mark.parametrize("masked", [False, True])
def test_double_precision_reaches_fused_attention(is_causal, masked):
    random = np.random.default_rng(0)
    query, key, value = (random.normal(size=(2, 4, 3, 5)) for _ in range(3))
    mask = np.ones((2, 1, 4, 4), dtype=bool)
    mask[:, :, :, 1] = not masked
    logits = np.einsum("btnh,bsnh->bnts", query, key) * 0.5  # exact in float32, as Keras casts it
    seen = np.broadcast_to(mask & (np.tri(4, dtype=bool) | (not is_causal)), logits.shape)
    weights = np.exp(logits) * seen
    weights /= weights.sum(axis=-1, keepdims=True)
    with backend.double_precision():
        tensors = [ops.convert_to_tensor(array) for array in (query, key, value)]
        options = {"mask": ops.convert_to_tensor(mask)} if masked else {}
        found = ops.dot_product_attention(*tensors, scale=0.5, is_causal=is_causal, **options)
        found = ops.convert_to_numpy(found)
    np.testing.assert_allclose(found, np.einsum("bnts,bsnh->btnh", weights, value), rtol=1e-12)


@pytest.mark.parametrize("raising", [False, True])
def test_double_precision_leaves_every_setting_as_it_was(raising):
    before = settings()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        with backend.double_precision(), backend.double_precision():
            assert keras.config.floatx() == "float64"
            if raising:
                raise ZeroDivisionError
    except ZeroDivisionError:
        assert raising
    finally:
        assert keras.config.dtype_policy().name == "mixed_bfloat16"
        keras.config.set_dtype_policy("float32")
    assert settings() == before


def test_python_in_a_dataset_is_found_wherever_it_is():
    tf = pytest.importorskip("tensorflow", exc_type=ImportError)
    plain = tf.data.Dataset.range(4).shuffle(2).repeat().map(lambda x: x + 1).batch(2).prefetch(1)
    called = tf.data.Dataset.range(4).map(lambda x: tf.numpy_function(np.abs, [x], tf.int64))
    made = tf.data.Dataset.from_generator(
        lambda: iter([1, 2]), output_signature=tf.TensorSpec((), tf.int32)
    )
    within = tf.data.Dataset.range(3).interleave(lambda _: made)
    assert not backend.runs_python(plain)
    assert all(map(backend.runs_python, [called, made.batch(2), within, plain.zip(called)]))
