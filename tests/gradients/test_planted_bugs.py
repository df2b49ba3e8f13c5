"""Every known kind of bug, planted in a layer, is caught and blamed on the right variable."""

import functools

import keras
import numpy as np
import pytest
from keras import layers, ops

from kerasrecipes.gradients import check_gradients, gradient_check

RANDOM = np.random.default_rng(0)
X, Y = RANDOM.normal(size=(8, 4)), RANDOM.normal(size=(8, 3))


def without(gradient, *index):
    mask = np.ones(gradient.shape)
    mask[index] = 0
    return gradient * ops.convert_to_tensor(mask, gradient.dtype)


BUGS = {  # what becomes of the gradients of inputs, kernel and bias; the variables to blame
    "nothing": (lambda x, w, b: (x, w, b), []),
    "factor of the kernel": (lambda x, w, b: (x, 2 * w, b), ["kernel"]),
    "sign of the bias": (lambda x, w, b: (x, w, -b), ["bias"]),
    "transposed kernel": (lambda x, w, b: (x, ops.transpose(w), b), ["kernel"]),
    "one element dropped": (lambda x, w, b: (x, without(w, 2, 1), b), ["kernel"]),
    "0.1 % of the kernel": (lambda x, w, b: (x, 1.001 * w, b), ["kernel"]),
    "bias forgotten": (lambda x, w, b: (x, w, 0 * b), ["bias"]),
    "inputs scaled": (lambda x, w, b: (1.5 * x, w, b), ["first/kernel", "first/bias"]),
    "a constant added": (lambda x, w, b: (x, w + 1e-4, b), ["kernel"]),
}


class Buggy(layers.Layer):
    """A dense layer with a gradient of its own."""

    def __init__(self, bug="nothing", **kwargs):
        super().__init__(**kwargs)
        self.bug = bug

    def build(self, shape):
        self.kernel = self.add_weight(shape=(shape[-1], 3), name="kernel")
        self.bias = self.add_weight(shape=(3,), initializer="ones", name="bias")

    def call(self, inputs):
        @ops.custom_gradient
        def dense(x, w, b):
            def gradient(*args, upstream=None):
                up = args[0] if upstream is None else upstream
                by_x, by_w = ops.matmul(up, ops.transpose(w)), ops.matmul(ops.transpose(x), up)
                return BUGS[self.bug][0](by_x, by_w, ops.sum(up, axis=0))

            return ops.matmul(x, w) + b, gradient

        return dense(
            ops.convert_to_tensor(inputs),
            ops.convert_to_tensor(self.kernel),
            ops.convert_to_tensor(self.bias),
        )

    def get_config(self):
        return {**super().get_config(), "bug": self.bug}


def model_with(bug):
    parts = [layers.Dense(3, "tanh", name="first"), Buggy(bug, name="buggy")]
    model = keras.Sequential([keras.Input((4,)), *parts])
    model.compile(loss="mse")
    return model


@functools.cache
def exact_check(bug):
    return gradient_check(model_with(bug), X, Y)


@pytest.mark.parametrize(
    ("bug", "method"),
    [(bug, "exact") for bug in BUGS] + [(bug, "directional") for bug in list(BUGS)[::2]],
)
def test_a_bug_is_blamed_on_its_variable_alone(bug, method):
    check = (
        exact_check(bug)
        if method == "exact"
        else gradient_check(model_with(bug), X, Y, method=method)
    )
    wrong = BUGS[bug][1]
    blamed = [name.split("/", 1)[1] for name, row in check.variables.items() if not row.passed]
    assert blamed == [name if "/" in name else f"buggy/{name}" for name in wrong]
    assert check.passed == (not wrong)
    assert bool(check) == (not wrong)
    assert not check.kinks


def test_the_worst_element_is_the_one_that_was_dropped():
    check = exact_check("one element dropped")
    worst = check.worst[0]
    assert worst.variable.endswith("buggy/kernel")
    assert worst.index == (2, 1)
    assert worst.analytic == 0
    assert abs(worst.numeric) > 1e-3
    assert [element.excess > 1 for element in check.worst] == [True] + [False] * 9


@pytest.mark.parametrize(
    ("bug", "verdict", "distance"),
    [
        ("nothing", "great", 0.0),
        ("0.1 % of the kernel", "ok", 0.0005),
        ("factor of the kernel", "bad", 1 / 3),
        ("sign of the bias", "bad", 1.0),
    ],
)
def test_verdict_and_distance_of_a_variable_are_the_course_s(bug, verdict, distance):
    check = exact_check(bug)
    name = "kernel" if "kernel" in bug else "bias"
    row = next(row for path, row in check.variables.items() if path.endswith(f"buggy/{name}"))
    assert row.verdict == verdict
    assert row.distance == pytest.approx(distance, rel=1e-3, abs=1e-7)


def test_the_distance_is_the_course_s_ratio():
    model = model_with("factor of the kernel")
    check = gradient_check(model, X, Y, variables=[model.layers[1].kernel])
    a = np.array([element.analytic for element in check.worst])
    n = np.array([element.numeric for element in check.worst])
    assert len(a) == 9
    ratio = np.linalg.norm(a - n) / (np.linalg.norm(a) + np.linalg.norm(n))
    assert check.distance == pytest.approx(ratio)


def test_a_bug_is_found_where_every_unit_sits_on_a_kink():
    first = layers.Dense(3, "relu", kernel_initializer="zeros", name="first")
    model = keras.Sequential([keras.Input((4,)), first, Buggy("inputs scaled")])
    model.compile(loss="mse")
    check = gradient_check(model, X, Y)
    blamed = {name.split("/", 1)[1] for name, row in check.variables.items() if not row.passed}
    assert blamed == {"first/kernel", "first/bias"}


@pytest.mark.parametrize("bug", ["nothing", "transposed kernel", "bias forgotten"])
def test_a_layer_alone(bug):
    check = check_gradients(Buggy(bug), Y)
    blamed = [name.split("/")[-1] for name, row in check.variables.items() if not row.passed]
    assert blamed == BUGS[bug][1]
    assert next(iter(check.variables)) == "inputs"


def test_the_text_names_what_is_wrong_with_its_numbers():
    check = exact_check("one element dropped")
    text = str(check)
    assert "gradient check (exact, epsilon 1e-07): FAILED" in text
    worst = check.worst[0]
    assert f"{worst.variable}[2, 1]: analytic 0, numeric {worst.numeric:.6g}" in text
    assert text.count("FAILED") == 2
    assert "largest disagreements" not in str(exact_check("nothing"))
