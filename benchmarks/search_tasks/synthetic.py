"""Functions with what makes searches hard: what does not matter, valleys, conditions, noise.

The optimum of each lies elsewhere for each seed. A part of the training (for Hyperband) shows the
value with a random error of half the function's spread times the share that is missing.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable

import numpy as np

from search_tasks.task import Instance, Parameter, Task, Values, unit

Unit = dict[str, float]


def tasks() -> list[Task]:
    return [
        _task("branin, 8 more do not matter", _linear(10), branin, spread=50),
        _task("valley of rate and momentum", VALLEY, valley, spread=2),
        _task("two optimizers, their own settings", OPTIMIZERS, optimizers, spread=1),
        _task("hartmann in 6, noise", _linear(6), hartmann, noise=0.15, spread=0.5),
        _task("kinds of layers and sizes", KINDS, kinds, spread=1),
        _task("ackley in 5, 3 do not matter", _linear(8), ackley, spread=4, held_out=True),
        _task("rosenbrock on log scales", _logs(5), rosenbrock, spread=3, held_out=True),
        _task("depth, each layer its own", DEPTH, depth, spread=1, held_out=True),
        _task("bowl in 10, noise, a cliff", _linear(10), cliff, noise=0.1, spread=1, held_out=True),
        _task("six choices and two rates", CHOICES, choices, spread=1, held_out=True),
        _task("two funnels, the wide one wrong", _linear(6), funnels, spread=0.4, held_out=True),
    ]


def _task(
    name: str,
    parameters: tuple[Parameter, ...],
    function: Callable[[Values, Unit, np.random.Generator], float],
    *,
    spread: float,
    noise: float = 0.0,
    held_out: bool = False,
) -> Task:
    def make(seed: int) -> Instance:
        def truth(values: Values, share: float) -> float:
            places = {p.name: unit(p, values[p.name]) for p in parameters if p.name in values}
            value = float(function(values, places, np.random.default_rng([seed, 7])))
            if share < 1:
                key = zlib.crc32(repr(sorted(values.items())).encode())
                error = np.random.default_rng([seed, key]).normal()
                value += 0.5 * spread * (1 - share) * error
            return value

        return Instance(truth, noise)

    return Task(name, parameters, make, held_out)


def _linear(count: int) -> tuple[Parameter, ...]:
    return tuple(Parameter(f"x{i}", "linear", (0.0, 1.0)) for i in range(count))


def _logs(count: int) -> tuple[Parameter, ...]:
    return tuple(Parameter(f"x{i}", "log", (1e-4, 1.0)) for i in range(count))


def _array(places: Unit, count: int) -> np.ndarray:
    return np.array([places[f"x{i}"] for i in range(count)])


def branin(_: Values, places: Unit, rng: np.random.Generator) -> float:
    """Branin and Hoo (1972) on two of ten, shifted around the torus."""
    shift = rng.random(2)
    u = (_array(places, 2) + shift) % 1.0
    x, y = 15 * u[0] - 5, 15 * u[1]
    bend = y - 5.1 / (4 * np.pi**2) * x**2 + 5 / np.pi * x - 6
    return bend**2 + 10 * (1 - 1 / (8 * np.pi)) * np.cos(x) + 10 - 0.397887


VALLEY = (
    Parameter("learning_rate", "log", (1e-5, 1.0)),
    Parameter("one_minus_beta", "log", (1e-3, 0.5)),
    Parameter("units", "power", (8, 512)),
    Parameter("batch_size", "power", (16, 512)),
    Parameter("l2", "log", (1e-7, 1e-1)),
    Parameter("decay", "linear", (0.0, 1.0)),
    Parameter("keep_prob", "linear", (0.4, 1.0)),
)


def valley(values: Values, places: Unit, rng: np.random.Generator) -> float:
    """The step `rate / (1 - beta) / sqrt(batch)` counts, then each a little; too large diverges."""
    best = rng.uniform(-2.5, -0.5)
    step = values["learning_rate"] / values["one_minus_beta"] / np.sqrt(values["batch_size"] / 64)
    off = np.log10(step) - best
    cost = 0.5 * off**2 if off < 0 else min(2.0 * off**2, 4.0)
    for name, weight in (("one_minus_beta", 0.3), ("units", 0.5), ("l2", 0.4), ("keep_prob", 0.1)):
        cost += weight * (places[name] - rng.uniform(0.2, 0.8)) ** 2
    return cost


OPTIMIZERS = (
    Parameter("optimizer", "choice", ("sgd", "adam", "rmsprop")),
    Parameter("sgd_rate", "log", (1e-4, 1.0), ("optimizer", ("sgd",))),
    Parameter("momentum", "linear", (0.0, 0.99), ("optimizer", ("sgd",))),
    Parameter("adam_rate", "log", (1e-5, 1e-1), ("optimizer", ("adam",))),
    Parameter("one_minus_beta_2", "log", (1e-4, 1e-1), ("optimizer", ("adam",))),
    Parameter("rmsprop_rate", "log", (1e-5, 1e-1), ("optimizer", ("rmsprop",))),
    Parameter("units", "power", (8, 256)),
    Parameter("dropout", "linear", (0.0, 0.8)),
)


def optimizers(values: Values, places: Unit, rng: np.random.Generator) -> float:
    best = {p.name: rng.uniform(0.15, 0.85) for p in OPTIMIZERS}
    base = dict(zip(("sgd", "adam", "rmsprop"), rng.permutation([0.0, 0.05, 0.25]), strict=True))
    cost = base[values["optimizer"]]
    for name, place in places.items():
        weight = 0.0 if name == "optimizer" else 3.0 if name.endswith("rate") else 0.4
        cost += weight * (place - best[name]) ** 2
    return cost


HARTMANN_A = np.array(
    [
        [10, 3, 17, 3.5, 1.7, 8],
        [0.05, 10, 17, 0.1, 8, 14],
        [3, 3.5, 1.7, 10, 17, 8],
        [17, 8, 0.05, 10, 0.1, 14],
    ]
)
HARTMANN_P = 1e-4 * np.array(
    [
        [1312, 1696, 5569, 124, 8283, 5886],
        [2329, 4135, 8307, 3736, 1004, 9991],
        [2348, 1451, 3522, 2883, 3047, 6650],
        [4047, 8828, 8732, 5743, 1091, 381],
    ]
)
HARTMANN_WEIGHTS = np.array([1.0, 1.2, 3.0, 3.2])


def hartmann(_: Values, places: Unit, rng: np.random.Generator) -> float:
    """Hartmann's function, its axes exchanged and turned around at random."""
    x = _array(places, 6)[rng.permutation(6)]
    x = np.where(rng.random(6) < 0.5, x, 1 - x)
    powers = (HARTMANN_A * (x - HARTMANN_P) ** 2).sum(axis=1)
    return 3.32237 - float(HARTMANN_WEIGHTS @ np.exp(-powers))


KINDS = (
    Parameter("activation", "choice", ("relu", "tanh", "elu", "sigmoid")),
    Parameter("normalisation", "choice", ("none", "batch", "layer")),
    Parameter("layers", "int", (1, 6)),
    Parameter("units", "int", (8, 256)),
    Parameter("residual", "choice", (False, True)),
    Parameter("learning_rate", "log", (1e-5, 1.0)),
    Parameter("batch_size", "ordered", (16, 32, 64, 128, 256)),
)


def kinds(values: Values, places: Unit, rng: np.random.Generator) -> float:
    """The best learning rate depends on the kind of layers, and depth wants a residual."""
    costs = {p.name: rng.permutation(len(p.values)) / len(p.values) for p in KINDS[:2]}
    cost = sum(0.3 * costs[p.name][p.values.index(values[p.name])] for p in KINDS[:2])
    shift = rng.uniform(-0.2, 0.2, size=3)[KINDS[1].values.index(values["normalisation"])]
    cost += 4 * (places["learning_rate"] - 0.5 - shift) ** 2
    best = rng.uniform(0.3, 0.9) if values["residual"] else rng.uniform(0.0, 0.4)
    cost += 0.5 * (places["layers"] - best) ** 2 + 0.2 * (places["units"] - rng.random()) ** 2
    return cost + 0.05 * (not values["residual"])


def ackley(_: Values, places: Unit, rng: np.random.Generator) -> float:
    """Ackley's function of five of eight: many small valleys in a large one."""
    z = 8 * (_array(places, 5) - rng.uniform(0.2, 0.8, 5))
    waves = np.exp(np.mean(np.cos(2 * np.pi * z / 2)))
    return 20 + np.e - 20 * np.exp(-0.2 * np.sqrt(np.mean(z**2))) - waves


def rosenbrock(_: Values, places: Unit, rng: np.random.Generator) -> float:
    """Rosenbrock's curved valley, over the logarithms, as `log(1 + cost)`."""
    z = 2.4 * (_array(places, 5) - rng.uniform(0.3, 0.7, 5)) + 1
    return float(np.log1p(np.sum(20 * (z[1:] - z[:-1] ** 2) ** 2 + (1 - z[:-1]) ** 2)))


DEPTH = (
    Parameter("layers", "int", (1, 4)),
    Parameter("units_1", "power", (4, 512)),
    Parameter("units_2", "power", (4, 512), ("layers", (2, 3, 4))),
    Parameter("units_3", "power", (4, 512), ("layers", (3, 4))),
    Parameter("units_4", "power", (4, 512), ("layers", (4,))),
    Parameter("learning_rate", "log", (1e-5, 1.0)),
    Parameter("one_minus_beta", "log", (1e-3, 1.0)),
    Parameter("l2", "log", (1e-8, 1e-1)),
)


def depth(values: Values, places: Unit, rng: np.random.Generator) -> float:
    """Each layer has a best width, and the deeper the smaller the best rate."""
    cost = 0.1 * np.array(rng.permutation(4))[values["layers"] - 1]
    best = rng.uniform(0.2, 0.9, 4)
    for i in range(values["layers"]):
        cost += 0.5 * (places[f"units_{i + 1}"] - best[i]) ** 2
    cost += 5 * (places["learning_rate"] - (0.75 - 0.08 * values["layers"])) ** 2
    return cost + 0.5 * (places["one_minus_beta"] - rng.random()) ** 2


def cliff(_: Values, places: Unit, rng: np.random.Generator) -> float:
    """A bowl, steep in some and flat in others; behind a slanted cliff nothing is learned."""
    x = _array(places, 10)
    centre = rng.uniform(0.2, 0.8, 10)
    slope = rng.normal(size=10)
    if (x - centre) @ slope > 0.25 * np.linalg.norm(slope):
        return 10.0
    return float(np.sum(np.geomspace(4, 0.02, 10)[rng.permutation(10)] * (x - centre) ** 2))


CHOICES = (
    *(Parameter(f"choice_{i}", "choice", tuple("abcdef"[: 3 + i % 4])) for i in range(6)),
    Parameter("rate_1", "log", (1e-4, 1.0)),
    Parameter("rate_2", "log", (1e-4, 1.0)),
)


def choices(values: Values, places: Unit, rng: np.random.Generator) -> float:
    """Choices with effects of their own, two of them together with a rate."""
    cost = 0.0
    for i, weight in enumerate((0.6, 0.4, 0.3, 0.2, 0.05, 0.0)):
        costs = rng.permutation(len(CHOICES[i].values)) / (len(CHOICES[i].values) - 1)
        cost += weight * costs[CHOICES[i].values.index(values[f"choice_{i}"])]
    centres = rng.uniform(0.2, 0.8, (3, 2))
    centre = centres["abc".index(values["choice_0"])]
    return cost + float(2 * np.sum((np.array([places["rate_1"], places["rate_2"]]) - centre) ** 2))


def funnels(_: Values, places: Unit, rng: np.random.Generator) -> float:
    """A wide funnel with a floor of 0.25, and far from it a narrow one that goes to 0."""
    x = _array(places, 6)
    wide = rng.uniform(0.2, 0.4, 6)
    signs = np.where(rng.random(6) < 0.5, wide, 1 - wide)
    narrow = 1 - signs
    near, far = np.sum((x - signs) ** 2), np.sum((x - narrow) ** 2)
    return float(min(0.25 + 0.5 * near, 1.6 * far))
