"""First steps: w² - 10w + 25 minimised by a gradient tape and by a Keras model, to w = 5.

Purpose: to see that a framework needs the cost alone, and finds the gradients itself. The course's
toy cost, (w - 5)², is minimised in three ways: with gradients from a tape and the update written
out, with the same gradients given to a Keras optimizer, and by a Keras model whose only weight is
w. The coefficients are data, as in the course: with others, the same model finds another w.

Expected result: after 1,000 steps at learning rate 0.01, w is within 1e-4 of 5, all three ways have
walked the same path to 1e-4 (what float32 leaves), and with the coefficients 1, -20, 100 w is 10.
Run time: about 10 s on 2 cores, nearly all of it loading Keras; the same with --quick.
"""

import sys

import keras
import numpy as np
from keras import ops

import kerasrecipes as kr

LEARNING_RATE, STEPS = 0.01, 1_000


class Quadratic(keras.layers.Layer):
    """The cost as a layer: coefficients `(batch, 3) -> (batch, 1)`, w its only weight."""

    def build(self, input_shape):
        """Creates w, which starts at 0."""
        self.w = self.add_weight(shape=(), initializer="zeros", name="w")

    def call(self, coefficients):
        """`a w² + b w + c`."""
        a, b, c = (coefficients[:, column : column + 1] for column in range(3))
        return a * self.w**2 + b * self.w + c


@kr.lesson
def main(lesson):
    """Minimises the cost in three ways, then another cost by the third."""
    lesson.section("The cost, and a gradient that nobody wrote down")
    checked = kr.check_gradients(cost, np.array(3.0))
    lesson.say(
        f"At w = 3 the framework's gradient agrees with differences of the cost to a relative "
        f"distance of {checked.distance:.1e}: the check says {checked.verdict!r}."
    )

    # By hand: the gradient comes from the framework (on TensorFlow a `tf.GradientTape`, on JAX
    # `jax.grad`), the update of gradient descent is written out.
    lesson.section("Three ways to walk down")
    by_hand = [0.0]
    for _ in lesson.progress(range(STEPS), "by hand"):
        _, (gradient,) = kr.backend.value_and_gradients(lambda ws: cost(ws[0]), [by_hand[-1]])
        by_hand.append(by_hand[-1] - LEARNING_RATE * float(gradient))

    # With an optimizer: the same gradients, and Keras does the update; any other one fits here.
    w, optimizer, by_optimizer = keras.Variable(0.0), keras.optimizers.SGD(LEARNING_RATE), [0.0]
    for _ in lesson.progress(range(STEPS), "by a Keras optimizer"):
        _, gradients = kr.backend.value_and_gradients(lambda ws: cost(ws[0]), [w.value])
        optimizer.apply(gradients, [w])
        by_optimizer.append(float(w))

    # As a model: its output is the cost, its loss is the mean of its output.
    by_model = walked_by_model(lesson, (1.0, -10.0, 25.0))
    other = walked_by_model(lesson, (1.0, -20.0, 100.0))

    paths = {"by hand": by_hand, "by an optimizer": by_optimizer, "by a model": by_model}
    shown = (0, 1, 10, 100, STEPS)
    lesson.table(
        "w after so many steps",
        ("way", *(f"{step:,}" for step in shown)),
        [(name, *(path[step] for step in shown)) for name, path in paths.items()],
    )
    with lesson.sheet(
        "paths",
        "w by steps: a straight way to 5, shorter steps as the slope runs out.",
        "A curve that rises from 0 and flattens at 5, and one that flattens at 10.",
    ) as sheet:
        axes = sheet.subplots()
        axes.plot(by_hand, label="w² - 10w + 25")
        axes.plot(other, label="w² - 20w + 100")
        axes.set(xlabel="step", ylabel="w")
        axes.legend()

    apart = max(np.abs(np.subtract(path, by_hand)).max() for path in paths.values())
    lesson.claim("the gradient is right", checked.passed, f"distance {checked.distance:.1e}")
    lesson.claim("w = 5 is found", abs(by_model[-1] - 5) < 1e-4, f"w = {by_model[-1]:.6f}")
    lesson.claim("the three ways are one", apart < 1e-4, f"at most {apart:.1e} apart")
    lesson.claim("other data, another w", abs(other[-1] - 10) < 1e-4, f"w = {other[-1]:.6f}")


def cost(w):
    """The course's toy cost, (w - 5)²."""
    return w**2 - 10 * w + 25


def walked_by_model(lesson, coefficients):
    """The values of w after each training step of the model on one example, the coefficients."""
    layer = Quadratic(dtype="float32")  # one number is sought: 16 bits have three digits of it
    model = keras.Sequential([keras.Input((3,)), layer])
    model.dtype_policy = layer.dtype_policy  # no scaling of the loss either
    model.compile(
        keras.optimizers.SGD(LEARNING_RATE),
        loss=lambda y_true, y_pred: ops.mean(y_pred),
        **lesson.compile_options,
    )
    example, path = np.array([coefficients], "float32"), [0.0]
    for _ in range(STEPS):
        model.train_on_batch(example, np.zeros((1, 1), "float32"))
        path.append(float(layer.w.value))
    return path


if __name__ == "__main__":
    sys.exit(main())
