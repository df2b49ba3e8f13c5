"""A real fit in a thread, with a babysitter, for a browser to steer."""

import threading
import time

import keras
import numpy as np

from kerasrecipes.callbacks import Babysitter, Resume
from tests.patience import HANG

STEP_SECONDS = 0.003


class Seen(keras.callbacks.Callback):
    """Keeps the learning rate that each step was done with."""

    def __init__(self):
        super().__init__()
        self.rates = []

    def on_train_batch_end(self, batch, logs=None):
        time.sleep(STEP_SECONDS)
        rate = self.model.optimizer.learning_rate
        self.rates.append(float(keras.ops.convert_to_numpy(rate)))


class SteeredFit:
    """Trains until it is told to stop; `with` ends it in any case.

    Attributes:
        address: Of its page, with the token.
        is_over: Set once `fit` has come back.
    """

    def __init__(self, directory):
        self.seen, self.is_over = Seen(), threading.Event()
        self.resume = Resume(directory, every_epochs=None, sink=None)
        self.babysitter = Babysitter(sink=None, title="a real fit")
        self._thread = threading.Thread(target=self._train, daemon=True)

    def __enter__(self):
        self._thread.start()
        self.wait_for(lambda: self.step > 0)  # TensorFlow compiles
        self.address = self.babysitter.address
        return self

    def __exit__(self, *_):
        self.model.stop_training = True
        if (fit := self.babysitter._fit) is not None:
            fit.nudging.is_paused = False
        self._thread.join(HANG)

    @property
    def step(self):
        """Steps done."""
        return len(self.seen.rates)

    def weights(self):
        """Of a fit that is paused: of the model, and all numbers of the optimizer's own."""
        own = {}
        self.model.optimizer.save_own_variables(own)
        return [*self.model.get_weights(), *(np.array(own[key]) for key in sorted(own, key=int))]

    def nudge(self, place=-1):
        """One that was done."""
        return self.babysitter.nudges[place]

    def wait_for(self, is_so):
        end = time.monotonic() + HANG
        while not is_so():
            assert time.monotonic() < end, "it did not come to that"
            time.sleep(0.01)

    def _train(self):
        rng = np.random.default_rng(0)
        x = rng.normal(size=(640, 4)).astype("float32")
        y = x @ np.float32([[1.0], [-1.0], [2.0], [0.0]])
        layers = [keras.Input((4,)), keras.layers.Dense(8, "relu"), keras.layers.Dense(1)]
        self.model = keras.Sequential(layers)
        self.model.compile(keras.optimizers.Adam(0.01), "mse")
        watched = [self.resume, self.seen, self.babysitter]
        try:
            self.model.fit(
                x, y, 32, 100_000, 0, validation_data=(x[:64], y[:64]), callbacks=watched
            )
        finally:
            self.is_over.set()
