"""Several models trained alike from different seeds, averaged into one."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops, tree

from kerasrecipes.stacked import NotStackable, fit_together

JUDGED = ("loss", "loss_weights", "metrics", "weighted_metrics")
COMPILED = ("optimizer", *JUDGED, "run_eagerly", "steps_per_execution", "jit_compile")


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
        members: Different built models of the same inputs and outputs, one at least. Where two
            have the same name, all are renamed `member_0`, `member_1`, ...
        name: Name of the model.

    Attributes:
        members: The models.
        histories: What each member's `fit` returned as `History.history`; empty where the members
            were not trained by `train`.

    Raises:
        ValueError: If there is no member, one is there twice or is no built model, or their inputs
            or outputs differ in structure or shape.

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
        if len({member.name for member in members}) < len(members):
            for number, member in enumerate(members):
                member.name = f"member_{number}"
        super().__init__(*_averaged(members), name=name)
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
        together: bool = True,
        **fit_arguments: Any,
    ) -> Ensemble:
        """Trains the members and averages them.

        Members of one structure are trained together in one compiled program where nothing stands
        against it (`callbacks`, `bootstrap`, a progress bar by `verbose`, data that are no arrays,
        a step of the model's own): as by their own `fit`, with the orders of the examples in
        common. Others are trained one after the other. A trained member is compiled anew as it was,
        so that its optimizer's memory is let go.

        Args:
            build: Called without arguments for each member; returns a new compiled model.
            x: Training inputs, as `fit` takes them.
            y: Training targets.
            members: Number of models, >= 1.
            bootstrap: Train each member on as many examples drawn with replacement, with their
                `sample_weight` (arrays only, and not with `validation_split`).
            seed: Member `k` is built and trained under `keras.utils.set_random_seed(seed + k)`.
            callbacks: Called for each member; returns its list of new callbacks.
            verbose: As in `fit`; 0 by default.
            together: Whether members may be trained in one program.
            **fit_arguments: Handed to each `fit` as they are: `epochs`, `batch_size`,
                `validation_data`, ...

        Returns:
            The compiled `Ensemble`, with the members' loss, loss weights and metrics.

        Raises:
            ValueError: If `members` is below 1, `build` returns no compiled model or one that it
                returned before, or `bootstrap` has no arrays to draw from.
            TypeError: If `callbacks` is not callable, or `fit` does not know one of
                `fit_arguments`.
        """
        _validate_training(members, callbacks)
        if bootstrap:
            _require_rows(y, fit_arguments)
        rows = {"x": x, "y": y, **fit_arguments}
        models: list[keras.Model] = []
        histories: list[dict[str, list[float]]] = []
        if together and not (bootstrap or callbacks or verbose):
            for number in range(members):
                keras.utils.set_random_seed(seed + number)
                models.append(_built(build, models))
            with contextlib.suppress(NotStackable):
                histories = fit_together(models, rows, seed=seed)
        trained = models if histories else []
        for number in range(len(trained), members):
            keras.utils.set_random_seed(seed + number)
            model = models[number] if models else _built(build, trained)
            history = model.fit(
                **(_resampled(rows, seed + number) if bootstrap else rows),
                callbacks=callbacks() if callbacks else None,
                verbose=verbose,
            )
            trained.append(model)
            histories.append(history.history)
        for number, model in enumerate(trained):
            model.name = f"member_{number}"
            model.compile(**_compilation(model, *COMPILED))
        ensemble = cls(trained)
        ensemble.histories = histories
        ensemble.compile("sgd", **_compilation(trained[0], *JUDGED))
        return ensemble

    def save(self, filepath: Any, overwrite: bool = True, **options: Any) -> None:
        """Saves a plain functional model with the same layers, weights and outputs.

        It is compiled with the loss and the metrics where Keras knows them all by name, and has
        nothing else of the training: no optimizer states, no losses of the members.

        Args:
            filepath: Path that ends in `.keras`.
            overwrite: Whether to replace an existing file.
            **options: As in `keras.Model.save`.
        """
        twins = [_twin(member) for member in self.members]
        plain = keras.Model(*_averaged(twins), name=self.name)
        compilation = _compilation(self, *JUDGED) if self.compiled else {}
        if compilation and all(map(_is_known, tree.flatten(compilation))):
            plain.compile("sgd", **compilation)
        plain.save(filepath, overwrite=overwrite, **options)

    def get_config(self) -> dict[str, Any]:
        """The members, not compiled, and the name."""
        members = [keras.saving.serialize_keras_object(member) for member in self.members]
        for member in members:
            member.pop("compile_config", None)
        return {"members": members, "name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Ensemble:
        """An ensemble of new models from the members' configs."""
        members = keras.saving.deserialize_keras_object(
            config["members"], custom_objects=custom_objects
        )
        return cls(members, name=config["name"])


def _averaged(members: list[keras.Model]) -> tuple[Any, Any]:
    """Symbolic inputs, and the average of the members' outputs for them."""
    inputs = tree.map_structure(
        lambda tensor: keras.Input(
            batch_shape=tensor.shape, dtype=tensor.dtype, name=_free(tensor.name, members)
        ),
        _structure(members[0], "input"),
    )
    outputs = [member(inputs) for member in members]
    if len(members) == 1:
        return inputs, outputs[0]
    names = iter(getattr(members[0], "output_names", None) or ["average"])

    def average(*parts: Any) -> Any:
        layer = keras.layers.Average(name=_free(next(names), members), dtype=parts[0].dtype)
        return layer(list(parts))

    return inputs, tree.map_structure(average, *outputs)


def _free(name: str, members: list[keras.Model]) -> str:
    """The name, changed where a member has it."""
    return f"{name}_of_all" if name in {member.name for member in members} else name


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
    for member in members:
        if not isinstance(member, keras.Model):
            raise ValueError(f"`members` must be keras models. Received: {member!r}.")
    if len({id(member) for member in members}) < len(members):
        raise ValueError(
            "`members` must be different models, or nothing is averaged. Received: the same model "
            f"twice among {[member.name for member in members]}."
        )
    for part in ("input", "output"):
        shapes = [
            tree.map_structure(lambda tensor: tuple(tensor.shape), _structure(member, part))
            for member in members
        ]
        if any(shape != shapes[0] for shape in shapes):
            raise ValueError(
                f"`members` must have {part}s of one shape to be averaged. "
                f"Received: {part} shapes {shapes}."
            )


def _built(build: Callable[[], keras.Model], earlier: list[keras.Model]) -> keras.Model:
    model = build()
    if not (isinstance(model, keras.Model) and model.compiled):
        raise ValueError(
            "`build` must return a compiled keras.Model. "
            f"Received: {model!r}. Call model.compile(...) before returning it."
        )
    if any(model is other for other in earlier):
        raise ValueError(
            "`build` must return a new model each time. "
            f"Received: {model.name!r} again. Create the model inside of the function."
        )
    return model


def _compilation(model: keras.Model, *names: str) -> dict[str, Any]:
    """Arguments of `compile` as they were given, with new optimizers and metrics."""
    given = model._compile_config.config  # no public way to objects that cannot be serialised

    def fresh(item: Any) -> Any:
        if isinstance(item, (keras.metrics.Metric, keras.optimizers.Optimizer)):
            return type(item).from_config(item.get_config())  # each serves one model alone
        return item

    return {name: tree.map_structure(fresh, given[name]) for name in names if name in given}


def _twin(member: keras.Model) -> keras.Model:
    """A copy of a model with its weights, not compiled."""
    compiled = member.compiled
    try:
        member.compiled = False  # or the copy is compiled too, which needs a loss known by name
        twin = keras.models.clone_model(member)
    finally:
        member.compiled = compiled
    twin.name = member.name
    twin.set_weights(member.get_weights())
    return twin


def _is_known(item: Any) -> bool:
    """Whether Keras can load this part of a compilation on its own."""
    if item is None or isinstance(item, (str, int, float)):
        return True
    owner = item if hasattr(item, "__name__") else type(item)
    return owner.__module__.split(".")[0] == "keras"


def _validate_training(members: Any, callbacks: Any) -> None:
    if not (isinstance(members, (int, np.integer)) and members >= 1):
        raise ValueError(f"`members` must be an integer >= 1. Received: members={members!r}.")
    if not (callbacks is None or callable(callbacks)):
        raise TypeError(
            "`callbacks` must be a function that returns a new list of callbacks, since a "
            f"callback remembers the member it served. Received: callbacks={callbacks!r}. "
            "Write callbacks=lambda: [...]."
        )


def _require_rows(y: Any, fit_arguments: dict[str, Any]) -> None:
    if y is None:
        raise ValueError(
            "`bootstrap` draws rows again, so it needs arrays. Received: y=None, a dataset. "
            "Pass arrays x and y, or bootstrap=False."
        )
    if fit_arguments.get("validation_split"):
        raise ValueError(
            "`bootstrap` draws rows twice, so a `validation_split` would validate on rows that are "
            "trained on. Received: validation_split="
            f"{fit_arguments['validation_split']}. Pass validation_data."
        )


def _resampled(rows: dict[str, Any], seed: int) -> dict[str, Any]:
    """The arguments of `fit` with examples drawn with replacement."""
    total = len(tree.flatten(rows["y"])[0])
    chosen = np.random.default_rng(seed).integers(0, total, total)

    def draw(array: Any) -> Any:
        if array is None:
            return None
        return (ops.convert_to_numpy(array) if ops.is_tensor(array) else np.asarray(array))[chosen]

    drawn = {name: tree.map_structure(draw, rows.get(name)) for name in ("x", "y", "sample_weight")}
    return {**rows, **drawn}
