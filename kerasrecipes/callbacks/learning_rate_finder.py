"""The range test: which learning rate to begin with."""

import math

import keras
import numpy as np

from kerasrecipes.averages import ExponentiallyWeightedAverage
from kerasrecipes.callbacks.learning_rate_suggestion import MIN_STEPS, suggest_learning_rate
from kerasrecipes.callbacks.learning_rate_variable import check_learning_rate_is_settable
from kerasrecipes.callbacks.plain_state import plain_copy


class LearningRateFinder(keras.callbacks.Callback):
    """Turns the `fit` it is given to into a range test, and leaves the model as found.

    ```
    rate_i = low * (high / low)^(i / (n - 1)),    n = min(steps, steps of this fit)
    ```

    The rate rises step by step, the cost of each batch alone is recorded, and the test ends
    after `n` steps or when the smoothed cost diverges: 4 times the best and
    above all of the first 10 costs. Then weights, batch-norm statistics,
    dropout's random state, optimizer and learning rate are restored bit for bit, and
    `suggestion` holds the rate of the steepest fall at a safe distance from divergence, or
    `None` with the `reason`.

    Give it a `fit` of its own, without validation data and with enough epochs for `steps`:

    ```
    finder = LearningRateFinder()
    model.fit(x, y, batch_size=64, epochs=100, callbacks=[finder], verbose=0)
    if finder.suggestion:
        model.optimizer.learning_rate = finder.suggestion
    ```

    It costs `steps` training steps, each a little slower than usual. The suggestion holds for
    this batch size and optimizer. Its kind of rate fits Adam and plain SGD; with momentum and
    fewer than about 50 steps it is on the high side.
    If `fit` is interrupted by an exception, call `restore()` yourself.

    Args:
        low: Float > 0, the first rate. Defaults to `1e-6`.
        high: Float > `low`, the last rate. Defaults to `10.0`.
        steps: Integer >= 2, the most steps to take. Defaults to `100`.
        smoothing: Float in [0, 1), weight of the past in the smoothed cost. Defaults to `0.8`.
        sink: Called with one line, the result; `None` for silence. Defaults to `print`.

    Attributes:
        rates, costs: The rates tried and the cost of the batch at each.
        smoothed: The smoothed cost the suggestion was read from, as far as it was finite.
        suggestion: The learning rate to begin with, or `None`.
        reason: Why that rate, or why none.

    Raises:
        ValueError: If an argument is out of its range, the optimizer's rate is a schedule, or
            the model is not built yet (it could not be left as found).

    Example:
        >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
        >>> model.compile("sgd", loss="mse")
        >>> finder = LearningRateFinder(steps=50, sink=lambda line: None)
        >>> x = np.linspace(-1, 1, 32).reshape(-1, 1)
        >>> _ = model.fit(x, 3 * x, batch_size=32, epochs=50, callbacks=[finder], verbose=0)
        >>> 0.01 < finder.suggestion < 1
        True

    Source: Smith, "Cyclical Learning Rates for Training Neural Networks", 2017.
    """

    def __init__(self, low=1e-6, high=10.0, steps=100, smoothing=0.8, sink=print):
        super().__init__()
        if not 0 < low < high < math.inf:
            raise ValueError(
                "`low` and `high` must be finite with 0 < low < high: the rate rises between "
                f"them. Received: low={low}, high={high}. The defaults are 1e-6 and 10.0."
            )
        if isinstance(steps, bool) or not steps >= 2 or steps % 1:
            raise ValueError(
                "`steps` must be a whole number >= 2, and 100 make a good test. "
                f"Received: steps={steps}. The default is 100."
            )
        self.low, self.high, self.steps = low, high, steps
        self.smoothing, self.sink = smoothing, sink
        self._held, self._found = [], None
        self._reset()

    def _reset(self) -> None:
        self.rates: list[float] = []
        self.costs: list[float] = []
        self.smoothed: list[float] = []
        self.suggestion: float | None = None
        self.reason: str | None = None
        self._planned: list[float] = []
        self._end = "Took 0 steps."
        self._best = math.inf
        self._average = ExponentiallyWeightedAverage(self.smoothing)

    def on_train_begin(self, logs=None):
        """Notes all that the model and its optimizer hold, and plans the rates."""
        model = self.model
        check_learning_rate_is_settable(model.optimizer, type(self).__name__)
        if not model.built:
            raise ValueError(
                "`model` must be built, or it could not be left as found. "
                f"Received: `{model.name}`, not built. Begin it with keras.Input(shape), or "
                "call it once on a batch."
            )
        if not model.optimizer.built:
            model.optimizer.build(model.trainable_variables)
        self._reset()
        self._held = self._variables()
        self._found = [np.array(keras.ops.convert_to_numpy(held)) for held in self._held]
        self._planned = np.geomspace(self.low, self.high, self._plan()).tolist()

    def on_train_batch_begin(self, batch, logs=None):
        """Sets the next rate, and clears the running averages so that the cost is the batch's."""
        model = self.model  # on JAX this also brings the model's variables up to date
        model.optimizer.learning_rate = self._planned[min(len(self.costs), len(self._planned) - 1)]
        model.reset_metrics()

    def on_train_batch_end(self, batch, logs=None):
        """Records the cost, and ends the test when it has seen enough."""
        if len(self.costs) == len(self._planned):
            return
        self.rates.append(self._planned[len(self.costs)])
        self.costs.append(float(logs["loss"]))
        stop, self._end = self.decide(self.costs[-1])
        if stop:
            self.model.stop_training = True

    def on_train_end(self, logs=None):
        """Restores the model, then reads the curve."""
        self.restore()
        found = suggest_learning_rate(self.rates, self.costs, self.smoothing)
        self.suggestion, self.smoothed = found.rate, found.smoothed.tolist()
        self.reason = found.reason
        rate = "no learning rate" if found.rate is None else f"learning rate {found.rate:.2g}"
        if self.sink is not None:
            self.sink(f"LearningRateFinder: {rate}: {found.reason} {self._end}")

    def decide(self, cost):
        """Whether the test ends with this cost: `(stop, reason)`."""
        step = len(self.costs)
        if not math.isfinite(cost):
            return True, f"The cost was {cost} at step {step}."
        smoothed = self._average.update(cost)
        self._best = min(self._best, smoothed)
        limit = max(self._best + 3 * abs(self._best), *self.costs[:MIN_STEPS])
        if step > MIN_STEPS and smoothed > limit:
            return True, (
                f"Diverged at step {step}: smoothed cost {smoothed:.4g}, at best {self._best:.4g}."
            )
        return step == len(self._planned), f"Took {step} steps."

    def restore(self):
        """Puts back all that the model and its optimizer held when `fit` began."""
        if self._found is None:
            return
        self.model.reset_metrics()
        for variable, value in zip(self._held, self._found, strict=True):
            variable.assign(value)
        self._held, self._found = [], None
        self.model.stop_training = False

    def get_state(self):
        """All that an exact resume needs: plain values, and the model as found as arrays."""
        state = {
            "rates": self.rates,
            "costs": self.costs,
            "smoothed": self.smoothed,
            "suggestion": self.suggestion,
            "reason": self.reason,
            "planned": self._planned,
            "end": self._end,
            "found": self._found,
            "best": self._best,
            "average": self._average.get_state(),
        }
        return plain_copy(state)

    def set_state(self, state):
        """Goes on from what `get_state` returned; call it after `on_train_begin`."""
        state = plain_copy(state)
        if state["found"] is None:  # the test was over, and the model put back
            self._held = []
        elif len(state["found"]) != len(self._held):
            raise ValueError(
                "`state` must hold a value for each variable of the model and its optimizer. "
                f"Received: {len(state['found'])} values for {len(self._held)} variables. Build "
                "and compile the model as it was when the state was saved."
            )
        self.rates, self.costs, self.smoothed = state["rates"], state["costs"], state["smoothed"]
        self.suggestion, self.reason = state["suggestion"], state["reason"]
        self._planned, self._end = state["planned"], state["end"]
        self._found, self._best = state["found"], state["best"]
        self._average.set_state(state["average"])

    def _plan(self):
        steps, epochs = self.params.get("steps"), self.params.get("epochs")
        if not steps or not epochs:
            return self.steps
        executions = math.ceil(steps / self.model.steps_per_execution)
        return max(2, min(self.steps, epochs * executions))

    def _variables(self):
        model = self.model
        groups = (model.variables, model.metrics_variables, model.optimizer.variables)
        return list({id(variable): variable for group in groups for variable in group}.values())
