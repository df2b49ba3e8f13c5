"""Several models trained alike from different seeds, averaged into one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops, tree


@keras.saving.register_keras_serializable(package="kerasrecipes")
class Ensemble(keras.Model):
    """The average of the outputs of several models, as one model.

    ```
    output = (member_1(x) + ... + member_k(x)) / k
    ```

    Members that end in softmax or sigmoid are averaged in probability. Use it like any model:
    `predict`, `evaluate`, `save`. The `.keras` file that `save` writes holds a plain functional
    model, which loads wherever its members' layers are known, without this class.

    Args:
        members: Built models of the same inputs and outputs, one at least.
        name: Name of the model.

    Attributes:
        members: The models.
        histories: What each member's `fit` returned as `History.history`; empty where the members
            were not trained by `train`.

    Raises:
        ValueError: If there is no member, or their inputs or outputs differ in shape.

    Example:
        >>> def build():
        ...     model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        ...     model.compile("sgd", "mse")
        ...     return model
        >>> x, y = np.ones((8, 2)), np.ones((8, 1))
        >>> ensemble = Ensemble.train(build, x, y, members=2, epochs=1)
        >>> apart = [member.predict(x, verbose=0) for member in ensemble.members]
        >>> bool(np.allclose(ensemble.predict(x, verbose=0), np.mean(apart, axis=0)))
        True

    Source: Deep Learning Specialization, course 2 (another way to reduce variance); Hansen and
    Salamon, IEEE Transactions on Pattern Analysis and Machine Intelligence 12 (1990).
    """

    def __init__(self, members: Sequence[keras.Model], name: str = "ensemble"):
        members = list(members)
        _require_alike(members)
        for number, member in enumerate(members):
            member.name = f"member_{number}"
        inputs = tree.map_structure(
            lambda tensor: keras.Input(batch_shape=tensor.shape, dtype=tensor.dtype),
            _structure(members[0], "input"),
        )
        outputs = [member(inputs) for member in members]
        average = (
            keras.layers.Average(name="average") if len(members) > 1 else lambda single: single[0]
        )
        super().__init__(inputs, tree.map_structure(lambda *parts: average(list(parts)), *outputs))
        self.name = name
        self.members = members
        self.histories: list[dict[str, list[float]]] = []

    @classmethod
    def train(
        cls,
        build: Callable[[], keras.Model],
        x: Any,
        y: Any = None,
        members: int = 5,
        *,
        bootstrap: bool = False,
        seed: int = 0,
        callbacks: Callable[[], list] | None = None,
        verbose: Any = 0,
        **fit_arguments: Any,
    ) -> Ensemble:
        """Trains the members one after the other and averages them.

        Args:
            build: Called without arguments for each member; returns a new compiled model.
            x: Training inputs, as `fit` takes them.
            y: Training targets.
            members: Number of models, >= 1.
            bootstrap: Train each member on as many examples drawn with replacement (arrays only).
            seed: Member `k` is built and trained under `keras.utils.set_random_seed(seed + k)`.
            callbacks: Called for each member; returns its list of new callbacks.
            verbose: As in `fit`; 0 by default.
            **fit_arguments: Handed to each `fit` as they are: `epochs`, `batch_size`,
                `validation_data`, ...

        Returns:
            The compiled `Ensemble`, with the members' loss and metrics.

        Raises:
            ValueError: If `members` is below 1, or `build` returns no compiled model.
            TypeError: If `fit` does not know one of `fit_arguments`.
        """
        if not (isinstance(members, (int, np.integer)) and members >= 1):
            raise ValueError(f"`members` must be an integer >= 1. Received: members={members!r}.")
        trained, histories = [], []
        for number in range(members):
            keras.utils.set_random_seed(seed + number)
            model = build()
            if not (isinstance(model, keras.Model) and model.compiled):
                raise ValueError(
                    "`build` must return a compiled keras.Model. "
                    f"Received: {model!r}. Call model.compile(...) before returning it."
                )
            rows = _resample(x, y, seed + number) if bootstrap else (x, y)
            history = model.fit(
                *rows,
                callbacks=callbacks() if callbacks else None,
                verbose=verbose,
                **fit_arguments,
            )
            trained.append(model)
            histories.append(history.history)
        ensemble = cls(trained)
        ensemble.histories = histories
        config = trained[0].get_compile_config() or {}
        ensemble.compile(
            loss=trained[0].loss,
            metrics=keras.saving.deserialize_keras_object(config.get("metrics")),
        )
        return ensemble

    def save(self, filepath: Any, overwrite: bool = True, **options: Any) -> None:
        """Saves a plain functional model with the same layers, weights and outputs.

        Args:
            filepath: Path that ends in `.keras`.
            overwrite: Whether to replace an existing file.
            **options: As in `keras.Model.save`.
        """
        plain = keras.Model(self.input, self.output, name=self.name)
        if self.compiled:
            plain.compile(loss=self.loss)
        plain.save(filepath, overwrite=overwrite, **options)

    def get_config(self) -> dict[str, Any]:
        """The members and the name."""
        members = [keras.saving.serialize_keras_object(member) for member in self.members]
        return {"members": members, "name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Ensemble:
        """An ensemble of new models from the members' configs."""
        members = keras.saving.deserialize_keras_object(
            config["members"], custom_objects=custom_objects
        )
        return cls(members, name=config["name"])


def _structure(model: keras.Model, part: str) -> Any:
    """The symbolic inputs or outputs of a model, in their structure."""
    if isinstance(model, keras.Sequential) and model.built:
        return getattr(model, f"{part}s")[0]
    try:
        return getattr(model, part)
    except AttributeError as error:
        raise ValueError(
            "`members` must be built functional or sequential models. "
            f"Received: {model.name!r} ({type(model).__name__}). Give it an Input, or wrap it: "
            "keras.Model(inputs, model(inputs))."
        ) from error


def _require_alike(members: list[keras.Model]) -> None:
    if not members:
        raise ValueError("`members` must hold at least one model. Received: members=[].")
    for part in ("input", "output"):
        shapes = [
            [tuple(tensor.shape) for tensor in tree.flatten(_structure(member, part))]
            for member in members
        ]
        if any(shape != shapes[0] for shape in shapes):
            raise ValueError(
                f"`members` must have {part}s of one shape to be averaged. "
                f"Received: {part} shapes {shapes}."
            )


def _resample(x: Any, y: Any, seed: int) -> tuple[Any, Any]:
    if y is None:
        raise ValueError(
            "`bootstrap` draws rows again, so it needs arrays. Received: a dataset. "
            "Pass arrays x and y, or bootstrap=False."
        )
    total = len(tree.flatten(y)[0])
    chosen = np.random.default_rng(seed).integers(0, total, total)

    def draw(array: Any) -> np.ndarray:
        return (ops.convert_to_numpy(array) if ops.is_tensor(array) else np.asarray(array))[chosen]

    return tree.map_structure(draw, x), tree.map_structure(draw, y)
