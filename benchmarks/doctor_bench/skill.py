"""How well a trained program does its job, and whether a fault did harm."""

from __future__ import annotations

import keras
import numpy as np

from doctor_bench.program import Program

LEARNED = 0.25  # of the way from guessing to perfect
MUCH_WORSE = 0.2


def trained_skill(program: Program, seed: int) -> float:
    """Trains the program and measures it on dev; a program that raises or gives NaN has skill 0."""
    try:
        model = program.compiled(seed)
        model.fit(program.x, program.y, verbose=0, **program.fit_arguments())
        return skill(program, model)
    except Exception as error:  # noqa: BLE001 - a fault may raise anything; that is its harm
        print(f"  {program.name} raises {type(error).__name__}", flush=True)
        return 0.0


def skill(program: Program, model: keras.Model) -> float:
    """0 is guessing, 1 is perfect, on dev.

    Classes: `(accuracy - share of the commonest) / (1 - share of the commonest)`; several labels:
    the same of single labels; regression: 1 - squared error / variance.
    """
    predicted = np.asarray(model.predict(program.x_dev, batch_size=512, verbose=0), "float64")
    if not np.isfinite(predicted).all():
        return 0.0
    y = np.asarray(program.y_dev, "float64")
    if program.task == "regression":
        y, predicted = y.reshape(len(y), -1), predicted.reshape(len(y), -1)
        return float(1 - ((y - predicted) ** 2).mean() / ((y - y.mean(0)) ** 2).mean())
    threshold = 0.0 if program.loss_options.get("from_logits") else 0.5
    if program.task == "multilabel":
        guess = np.maximum(y.mean(0), 1 - y.mean(0)).mean()
        right = ((predicted > threshold) == (y > 0.5)).mean()
    else:
        labels = y.argmax(-1) if y.ndim == 2 and y.shape[1] > 1 else y.reshape(-1)
        columns = predicted.shape[-1]
        chosen = predicted.argmax(-1) if columns > 1 else predicted.reshape(-1) > threshold
        guess = np.unique(labels, return_counts=True)[1].max() / len(labels)
        right = (chosen == labels).mean()
    return float((right - guess) / (1 - guess))


def does_harm(healthy: float, faulty: float) -> bool:
    """Whether a fault counts: the program fails, or does much worse than the healthy one."""
    return not (faulty >= LEARNED and faulty > healthy - MUCH_WORSE)
