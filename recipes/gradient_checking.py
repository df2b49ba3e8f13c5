"""Gradient checking: a right and a wrong layer, and how they are told apart.

Purpose: to see a gradient check find a bug that training hides. Two layers compute the same
function; the backward pass of one is wrong by a factor of 0.999, and its cost falls all the same.

Expected result: the right layer passes with a distance below 1e-7, the wrong one fails and its
kernel is named. Run time: about 10 s on 2 cores, nearly all of it loading Keras.
"""

import argparse
import sys

import keras
from keras import ops

import kerasrecipes as kr


class Scaled(keras.layers.Layer):
    """`Z = X W`, with a hand-written backward pass that may be wrong by a factor."""

    def __init__(self, units, factor=1.0, **kwargs):
        super().__init__(**kwargs)
        self.units, self.factor = units, factor

    def build(self, input_shape):
        """Creates W of shape `(features, units)`."""
        self.kernel = self.add_weight(shape=(input_shape[-1], self.units), name="kernel")

    def call(self, x):
        """`X W`; its gradient for W is `X^T dZ`, here times `factor`."""

        @ops.custom_gradient
        def product(x, kernel):
            def backward(*arguments, upstream=None):
                upstream = arguments[0] if upstream is None else upstream
                kernel_gradient = self.factor * ops.matmul(ops.transpose(x), upstream)
                return ops.matmul(upstream, ops.transpose(kernel)), kernel_gradient

            return ops.matmul(x, kernel), backward

        return product(x, ops.convert_to_tensor(self.kernel))

    def get_config(self):
        """Both arguments, so that the check can copy the layer."""
        return {**super().get_config(), "units": self.units, "factor": self.factor}


def main(arguments=None):
    """Runs the recipe; exit status 1 if the claim does not hold."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="the same: it is quick")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    keras.utils.set_random_seed(options.seed)

    # A small batch is enough, and a small network: the check costs two costs per weight.
    x, y = (part[:16] for part in kr.data.load("wine"))
    checks = {}
    for name, factor in (("right", 1.0), ("wrong", 0.999)):
        model = keras.Sequential(
            [
                keras.Input(x.shape[1:]),
                keras.layers.BatchNormalization(),
                Scaled(8, factor, name="hidden"),
                keras.layers.Activation("tanh"),
                keras.layers.Dense(3, "softmax", name="output"),
            ]
        )
        model.compile(loss="sparse_categorical_crossentropy")
        checks[name] = kr.gradient_check(model, x, y)
        print(f"the {name} layer\n{checks[name]}\n")

    # One kernel is to blame, and the check says which.
    failed = [path for path, row in checks["wrong"].variables.items() if not row.passed]
    print("blamed:", failed)
    holds = checks["right"].passed and checks["right"].distance < 1e-7
    holds = holds and len(failed) == 1 and "hidden" in failed[0]
    print("the claim holds" if holds else "the claim does NOT hold")
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
