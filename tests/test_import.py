"""What `import kerasrecipes` costs, and that JAX alone is enough."""

import os
import subprocess
import sys
from importlib.util import find_spec

import pytest

pytestmark = pytest.mark.skipif(find_spec("jax") is None, reason="JAX is not installed")

MOST_SECONDS = 0.3
NEW_MODULES = """
import sys, time
import keras
before = {name.partition(".")[0] for name in sys.modules}
began = time.process_time()
import kerasrecipes
print(time.process_time() - began)
after = {name.partition(".")[0] for name in sys.modules}
print(*sorted(after - before - set(sys.stdlib_module_names)))
"""
JAX_ALONE = """
import sys

def asking_module():
    frame = sys._getframe(2)
    while frame.f_globals["__name__"].partition(".")[0] in ("importlib", ""):
        frame = frame.f_back
    return frame.f_globals["__name__"].partition(".")[0]

class Refuse:
    asked = []

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("tensorflow", "torch"):
            self.asked.append(asking_module())
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Refuse())
import tempfile, keras, numpy as np
import kerasrecipes as kr

x = np.random.default_rng(0).normal(5, 2, size=(200, 4)).astype("float32")
y = (x.sum(axis=1) > 20).astype("int64")
split = kr.data.train_dev_test_split(x, y)
standardize = kr.layers.Standardize()
standardize.adapt(split.train[0])
model = keras.Sequential([
    keras.Input((4,)), standardize, kr.layers.DenseBlock(8, "relu", keep_prob=0.9),
    keras.layers.Dense(2, "softmax"),
])
model.compile("adam", "sparse_categorical_crossentropy")
assert kr.gradient_check(model, x[:8], y[:8]).passed
kr.callbacks.LearningRateFinder(sink=None)
silent = lambda line: None
folder = tempfile.mkdtemp()
model.fit(*split.train, validation_data=split.dev, epochs=3, verbose=0, callbacks=[
    kr.callbacks.LearningRateDecay(kr.schedules.ExponentialDecay(0.01)),
    kr.callbacks.BiasVarianceReporter(sink=None),
    kr.callbacks.CostMonitor(sink=silent),
    kr.callbacks.EarlyStopping(sink=silent),
    kr.callbacks.Report(folder + "/report.html", sink=None),
])
model.save(folder + "/model.keras")
loaded = keras.saving.load_model(folder + "/model.keras")
same = np.array_equal(loaded.predict(x, verbose=0), model.predict(x, verbose=0))
print(same, sorted(set(Refuse.asked) - {"keras"}))  # Keras itself looks for it
"""


def python(*arguments):
    environment = {**os.environ, "KERAS_BACKEND": "jax"}
    return subprocess.run(
        [sys.executable, *arguments], env=environment, capture_output=True, text=True, check=True
    )


def imported():
    """The seconds that the processor worked for the import after Keras's, and what it loaded."""
    seconds, *modules = python("-c", NEW_MODULES).stdout.split()
    return float(seconds), modules


def test_it_costs_little_more_than_keras_and_loads_nothing_else():
    seconds, modules = imported()
    assert modules == ["kerasrecipes"]
    measured = [seconds]
    while min(measured) >= MOST_SECONDS and len(measured) < 6:  # a full machine works slower
        measured.append(imported()[0])
    assert min(measured) < MOST_SECONDS, measured


def test_jax_alone_trains_checks_reports_and_saves():
    assert python("-c", JAX_ALONE).stdout.split("\n")[-2] == "True []"
