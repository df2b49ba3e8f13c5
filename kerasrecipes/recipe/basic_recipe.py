"""The Basic Recipe for machine learning, as a loop over arrays."""

from __future__ import annotations

import contextlib
import inspect
import math
import os
from collections.abc import Callable
from typing import Any

import keras

from kerasrecipes.checkpoints.preemption import Preemption
from kerasrecipes.data import Split
from kerasrecipes.recipe.events import Event, Said
from kerasrecipes.recipe.journal import Journal
from kerasrecipes.recipe.journal_facts import journal_facts
from kerasrecipes.recipe.loop import Loop, LoopOptions, RecipeInterrupted
from kerasrecipes.recipe.network import build_network
from kerasrecipes.recipe.problem import Problem
from kerasrecipes.recipe.result import RecipeResult
from kerasrecipes.recipe.settings import Settings
from kerasrecipes.recipe.trainer import Build
from kerasrecipes.recipe.training import compile_network

__all__ = ["BasicRecipe", "RecipeInterrupted"]

LARGEST_SEED = 2**31 - 1


class BasicRecipe:
    """Trains, reads bias and variance, applies what the course prescribes, and repeats.

    ```
    high bias      -> bigger network, longer, a better optimizer, another architecture
    high variance  -> more data (augmentation), L2, dropout, an ensemble
    both low       -> done
    ```

    Every training is measured the same way (inference mode, same weights for train and dev). A
    candidate is kept if its dev error is lower (of equals an ensemble, then the lower dev cost).
    The loop ends when bias and variance are both low, the target is met, nothing is left to try, or
    the budget is spent. The test part is not looked at.

    Args:
        build: `None` for the recipe's own networks (dense, and convolutional for images). Or a
            callable that returns a new compiled model: `build()`, for which the recipe turns only
            the training (rate, optimizer, length, ensemble); or `build(settings)`, which is given
            the `Settings` to build by and may honour as many of them as it can. The data go to such
            a model as they are.
        target_error: Dev error at which to stop, as a fraction >= 0; `None` to go on until bias and
            variance are low.
        human_error: Error that cannot be avoided, as a fraction >= 0.
        budget: Minutes of wall time, > 0. The training under way when they are over is stopped, its
            best epoch kept.
        task: `"classification"`, `"regression"`, or `"auto"`: by the targets.
        tolerance: Largest gap that is not called high, > 0; see `read_bias_variance`. By default
            0.01 for error rates and 0.03 for relative squared errors.
        seed: Of everything random.
        progress: Called with each event (`StepStarted`, `EpochDone`, `StepDone`, `Said`).
        should_stop: Asked after each batch and each step; once it says `True`, the training under
            way ends with its best epoch so far, and the loop with its best model.
        resume_dir: Directory that keeps what has been done, made if missing; `None` for none.
            Run the same script again after a kill at any instant, and the recipe goes on from it
            and ends as one never killed: finished trainings are taken from there, the one under way
            goes on by `kr.callbacks.Resume`. Of the budget only time that was spent counts. On
            SIGTERM the state is saved at the next step, and the program ends with status 75. The
            directory is not removed at the end: a script killed after the recipe finds it done.

    Raises:
        ValueError: If an argument is out of range.

    Example:
        >>> recipe = BasicRecipe(human_error=0.01, budget=0.5)
        >>> recipe.human_error
        0.01

    Source: Deep Learning Specialization, course 2, "Basic Recipe for Machine Learning".
    """

    def __init__(
        self,
        build: Callable[..., keras.Model] | None = None,
        target_error: float | None = None,
        human_error: float = 0.0,
        budget: float = 2.0,
        *,
        task: str = "auto",
        tolerance: float | None = None,
        seed: int = 0,
        progress: Callable[[Event], Any] | None = None,
        should_stop: Callable[[], bool] | None = None,
        resume_dir: str | os.PathLike[str] | None = None,
    ) -> None:
        _check_aims(target_error, human_error, tolerance)
        if build is not None and not callable(build):
            raise ValueError(
                f"`build` must be a callable that returns a compiled model. Received: {build!r}."
            )
        if not 0 < budget < math.inf:
            raise ValueError(
                f"`budget` must be minutes > 0: one training is needed. Received: budget={budget}."
            )
        if task not in ("auto", "classification", "regression"):
            raise ValueError(
                f"`task` must be 'auto', 'classification' or 'regression'. Received: task={task!r}."
            )
        if not 0 <= seed <= LARGEST_SEED:
            raise ValueError(
                f"`seed` must lie in 0 to {LARGEST_SEED}: the steps count up from it. "
                f"Received: seed={seed}."
            )
        self.build, self.target_error, self.human_error = build, target_error, human_error
        self.budget, self.task, self.tolerance, self.seed = budget, task, tolerance, seed
        if resume_dir is not None and not os.fspath(resume_dir):
            raise ValueError(
                "`resume_dir` must be a path that is not empty, or None to keep nothing. "
                f"Received: resume_dir={resume_dir!r}. Write 'runs/recipe'."
            )
        self.progress, self.should_stop = progress, should_stop
        self.resume_dir = resume_dir

    def run(self, split: Split, *, image_shape: tuple[int, int, int] | None = None) -> RecipeResult:
        """Runs the loop on the train and dev parts of a split.

        Args:
            split: From `kr.data.train_dev_test_split`: numeric x of shape `(examples, ...)`, and
                labels or numbers y.
            image_shape: `(height, width, channels)` where the rows of x are flattened images.

        Returns:
            A `RecipeResult`.

        Raises:
            DataError: If the arrays cannot be learned from, `resume_dir` is in use by another
                process, or holds the trainings of another recipe.
            ValueError: If `build` returns no compiled model.
            RecipeInterrupted: On Ctrl-C once there is a model; it carries the result so far.
        """
        keras.utils.set_random_seed(self.seed)
        build = self.build
        if build is None:
            problem = Problem.of(split, self.task, image_shape)
            return self._walk(split, problem, _own_network)
        problem = Problem.as_given(split, _compiled_by(build, Settings()))
        same_structure = not _takes_settings(build)
        return self._walk(split, problem, lambda s, _: _compiled_by(build, s), same_structure)

    def _walk(
        self, split: Split, problem: Problem, network: Build, same_structure: bool = False
    ) -> RecipeResult:
        """Goes round the loop, what is done kept on disk if that is wanted."""
        options, preemption = self._options(), Preemption()
        facts = {} if self.resume_dir is None else journal_facts(split, self._asked(problem))
        with (
            Journal(self.resume_dir, facts, self._say) as journal,
            contextlib.ExitStack() as ending,
        ):
            if self.resume_dir is not None:
                preemption.begin()
                ending.callback(preemption.end)
            loop = Loop(
                options, problem, network, same_structure, journal=journal, preemption=preemption
            )
            return loop.run()

    def _asked(self, problem: Problem) -> dict[str, Any]:
        """All that decides what is trained, beside the data."""
        return {
            "build": getattr(self.build, "__qualname__", type(self.build).__name__),
            "task": problem.task,
            "image_shape": list(problem.image_shape or ()),
            "target_error": self.target_error,
            "human_error": self.human_error,
            "budget": self.budget,
            "tolerance": self.tolerance,
            "seed": self.seed,
        }

    def _say(self, text: str) -> None:
        if self.progress is not None:
            self.progress(Said(text))

    def _options(self) -> LoopOptions:
        return LoopOptions(
            self.target_error,
            self.human_error,
            self.budget,
            self.tolerance,
            self.seed,
            self.progress,
            self.should_stop or (lambda: False),
        )


def _check_aims(target_error: float | None, human_error: float, tolerance: float | None) -> None:
    for name, value in (("target_error", target_error), ("human_error", human_error)):
        if value is not None and not 0 <= value < math.inf:
            raise ValueError(
                f"`{name}` must be a fraction >= 0. Received: {name}={value}. Write 3 % as 0.03."
            )
    if tolerance is not None and not 0 < tolerance < math.inf:
        raise ValueError(
            "`tolerance` must be a gap > 0: no sample is large enough to show that a gap is 0. "
            f"Received: tolerance={tolerance}. Leave it out for the usual one."
        )


def _own_network(settings: Settings, problem: Problem) -> keras.Model:
    return compile_network(build_network(settings, problem), settings, problem)


def _compiled_by(build: Callable[..., keras.Model], settings: Settings) -> keras.Model:
    model = build(settings) if _takes_settings(build) else build()
    if not (isinstance(model, keras.Model) and model.compiled and model.loss is not None):
        raise ValueError(
            "`build` must return a keras.Model compiled with a loss. "
            f"Received: {model!r}. Call model.compile(optimizer, loss) before returning it."
        )
    return model


def _takes_settings(build: Callable[..., keras.Model]) -> bool:
    """Whether `build` has a positional parameter without a default."""
    try:
        parameters = inspect.signature(build).parameters.values()
    except (TypeError, ValueError):
        return False
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return any(p.kind in positional and p.default is inspect.Parameter.empty for p in parameters)
