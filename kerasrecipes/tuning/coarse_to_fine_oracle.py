"""The search from coarse to fine, as an oracle of keras-tuner."""

from collections.abc import Callable, Sequence
from typing import Any

import keras_tuner
import numpy as np
from threadpoolctl import ThreadpoolController

from kerasrecipes.tuning.coarse_design import coarse_design
from kerasrecipes.tuning.evidence import most_telling, standardise
from kerasrecipes.tuning.objective import describe_objective, require_objective
from kerasrecipes.tuning.proposals import propose
from kerasrecipes.tuning.rounds import (
    Round,
    boxes_around,
    coarse_count,
    named_boxes,
    round_starts,
    sides,
)
from kerasrecipes.tuning.scales import Scales
from kerasrecipes.tuning.surrogate import Surrogate, condition, fit_surrogate

WHOLE_SPACE_EVERY = 5  # of the later trials, one in so many looks in the whole space
REFIT_GROWTH = 1.08  # length scales are fitted again when there are so many times more trials
LEARNED_FROM = 300  # trials at most: the time of a fit grows with their cube
HOPELESS = 10  # after so many failures and no success the search ends
SIDE_BY_SIDE = 16  # trials of a later round that need not wait for each other
LISTED = 20_000  # spaces of at most so many settings are searched to the last one
_BLAS = ThreadpoolController()  # small matrices: threads cost far more than they save


class CoarseToFineOracle(keras_tuner.Oracle):
    """Tries random settings over the whole space, then zooms in where it pays.

    The first round is coarse: a Latin hypercube over the whole space, each hyperparameter even on
    its own scale. Each later round looks inside boxes around the best regions found so far, with
    a side for each hyperparameter that goes with how fast the score changes along it. One trial in
    five looks in the whole space, so that a wrong first zoom can be undone.

    What is best is read off a Gaussian process over all trials of all rounds, which averages
    neighbours where scores are noisy and learns which hyperparameters matter; within the boxes the
    setting of the largest expected improvement is tried next. Failed trials count as bad ones,
    running ones as being as good as expected, so that workers do not try the same.

    The defaults of the space are no trial of their own: keras-tuner's default is the smallest
    value, a corner.

    Args:
        objective: As keras-tuner's: a string, a `keras_tuner.Objective`, a list of them, or `None`
            where trials return a single number to minimise.
        max_trials: Integer >= 1, or `None` for no limit. Defaults to `None`.
        rounds: Integer >= 1, the coarse one included; those after it are of equal length. With 1
            the search is random over the whole space. Defaults to `4`.
        coarse_trials: Integer >= 1. Trials of the coarse round. Default: a few more than there are
            hyperparameters, at most a third of `max_trials`.
        seed: Integer >= 0, or `None` for a random one.
        hyperparameters: `HyperParameters` that are there before the first build, or `None`.
        allow_new_entries: As keras-tuner's. Defaults to `True`.
        tune_new_entries: As keras-tuner's. Defaults to `True`.
        max_retries_per_trial: Integer >= 0, as keras-tuner's. Defaults to `0`.
        max_consecutive_failed_trials: Integer >= 1: so many failures in a row end the search with
            an error. Defaults to `None`: it goes on; only if the first 10 trials all fail, it
            stops.
        sink: Called with each line that is said; `None` for silence. Defaults to `print`.

    Attributes:
        rounds: Tuple of `Round`, those begun: number, first trial, boxes.

    Raises:
        ValueError: If a number is out of its range.

    Example:
        >>> hp = keras_tuner.HyperParameters()
        >>> rate = hp.Float("learning_rate", 1e-5, 1.0, sampling="log")
        >>> oracle = CoarseToFineOracle(
        ...     keras_tuner.Objective("cost", "min"), max_trials=20, hyperparameters=hp, seed=1
        ... )
        >>> oracle.populate_space("00")["status"]
        'RUNNING'

    Source: Deep Learning Specialization, course 2, week 3; the boxes: Eriksson et al., "Scalable
    global optimization via local Bayesian optimization", 2019.
    """

    def __init__(
        self,
        objective: Any = None,
        max_trials: int | None = None,
        rounds: int = 4,
        coarse_trials: int | None = None,
        seed: int | None = None,
        hyperparameters: keras_tuner.HyperParameters | None = None,
        allow_new_entries: bool = True,
        tune_new_entries: bool = True,
        max_retries_per_trial: int = 0,
        max_consecutive_failed_trials: int | None = None,
        sink: Callable[[str], None] | None = print,
    ) -> None:
        _check(max_trials, rounds, coarse_trials, seed, max_consecutive_failed_trials)
        super().__init__(
            objective=objective,
            max_trials=max_trials,
            hyperparameters=hyperparameters,
            allow_new_entries=allow_new_entries,
            tune_new_entries=tune_new_entries,
            seed=seed,
            max_retries_per_trial=max_retries_per_trial,
            max_consecutive_failed_trials=max_consecutive_failed_trials,
        )
        if seed is not None:
            self.seed = self._seed_state = seed  # keras-tuner takes 0 for none
        self.num_rounds, self.coarse_trials, self.sink = rounds, coarse_trials, sink
        self._rounds: list[Round] = []
        self._parameters: np.ndarray | None = None  # of the surrogate, where the next fit begins
        self._fitted_trials = 0
        self._scales: Scales | None = None
        self._rows: dict[str, tuple[str, np.ndarray]] = {}
        self._said: set[str] = set()

    @property
    def rounds(self) -> Sequence[Round]:
        """The rounds begun so far."""
        return tuple(self._rounds)

    def trials_at_once(self) -> int:
        """How many trials may be begun before their results are in, at little loss.

        Those left of the round; of the later rounds at most `SIDE_BY_SIDE`.
        """
        begun = len(self.start_order)
        scales = self._scales_now()
        coarse = coarse_count(len(scales), self.max_trials, self.coarse_trials)
        if begun < coarse:
            return coarse - begun
        starts = round_starts(coarse, self.num_rounds, self.max_trials)
        ends = [*starts, *([] if self.max_trials is None else [self.max_trials])]
        return max(1, min([SIDE_BY_SIDE, *(end - begun for end in ends if end > begun)]))

    def populate_space(self, trial_id: str) -> dict[str, Any]:
        """The next setting, or the end of the search; called by keras-tuner."""
        scales = self._scales_now()
        if not len(scales):
            return self._only_point(scales)
        if self._is_hopeless():
            return self._stop(f"The first {len(self.end_order)} trials all failed.")
        with _BLAS.limit(limits=1, user_api="blas"):
            row = self._next_row(scales)
        if row is None:
            return self._stop("Every setting of the space has been tried.")
        return {"status": "RUNNING", "values": scales.to_values(row)}

    def score_trial(self, trial: Any) -> None:
        """Scores a trial; one whose score is not finite has failed."""
        super().score_trial(trial)
        if trial.score is None or not np.isfinite(trial.score):
            trial.message = f"`{self.objective.name}` is not finite: {trial.score}."
            trial.score = np.nan if trial.score is None else trial.score
            trial.status = "INVALID"

    def update_trial(self, trial_id: str, metrics: dict[str, Any], step: int = 0) -> Any:
        """Takes a trial's metrics; refuses them by name if the objective is not among them."""
        require_objective(metrics, self.objective)  # before keras-tuner's lock, which it would keep
        return super().update_trial(trial_id, metrics, step=step)

    def end_trial(self, trial: Any) -> None:
        """Ends a trial, and says in a line if it failed."""
        super().end_trial(trial)
        ended = self.trials[getattr(trial, "trial_id", trial)]
        if ended.status == "FAILED":
            reason = (ended.message or "no message").strip().rpartition("\n")[2]
            self._say(f"Trial {ended.trial_id} failed, the search goes on: {reason}")
            self._end_after_failures(reason)

    def get_state(self) -> dict[str, Any]:
        """All that an exact continuation needs, as plain values."""
        parameters = None if self._parameters is None else self._parameters.tolist()
        return super().get_state() | {
            "objective": describe_objective(self.objective),
            "rounds": [each.to_json() for each in self._rounds],
            "surrogate": {"parameters": parameters, "trials": self._fitted_trials},
        }

    def set_state(self, state: dict[str, Any]) -> None:
        """Goes on from what `get_state` returned; refuses the state of another search."""
        if "rounds" not in state or "surrogate" not in state:
            raise ValueError(
                "The directory holds a search by another oracle, which this one cannot go on with. "
                "Choose another `project_name`, or `overwrite=True` to begin anew."
            )
        if state["objective"] != describe_objective(self.objective):
            raise ValueError(
                f"The directory holds a search for `objective`={state['objective']}. Received: "
                f"objective={describe_objective(self.objective)}. Choose another `project_name`, "
                "or `overwrite=True` to begin anew."
            )
        super().set_state(state)
        self._rounds = [Round.from_json(each) for each in state["rounds"]]
        parameters = state["surrogate"]["parameters"]
        self._parameters = None if parameters is None else np.array(parameters)
        self._fitted_trials = state["surrogate"]["trials"]
        self._scales, self._rows = None, {}

    def reload(self) -> None:
        """Goes on with the search in the directory."""
        super().reload()
        # keras-tuner saves before it takes a finished trial off the running ones: no second run.
        unfinished = ("RUNNING", "INVALID")
        self._retry_queue: list[str] = [
            trial_id for trial_id in self._retry_queue if self.trials[trial_id].status in unfinished
        ]

    def _check_consecutive_failures(self) -> None:
        """Nothing: keras-tuner raises here and keeps its lock; see `_end_after_failures`."""

    def _end_after_failures(self, reason: str) -> None:
        limit = self.max_consecutive_failed_trials
        last = [self.trials[trial_id].status for trial_id in self.end_order[-(limit or 0) :]]
        if limit and last == ["FAILED"] * limit:
            raise RuntimeError(
                f"{limit} trials in a row failed, which is `max_consecutive_failed_trials`. "
                f"The last one: {reason}"
            )

    def _is_hopeless(self) -> bool:
        ended = [self.trials[trial_id].status for trial_id in self.end_order[:HOPELESS]]
        return (
            len(ended) == HOPELESS
            and set(ended) == {"FAILED"}
            and not any(trial.status == "COMPLETED" for trial in self.trials.values())
        )

    def _stop(self, why: str) -> dict[str, Any]:
        self._say(f"The search ends after {len(self.start_order)} trials: {why}")
        return {"status": "STOPPED", "values": None}

    def _only_point(self, scales: Scales) -> dict[str, Any]:
        if self.start_order:
            return self._stop("the space has no hyperparameters to search over.")
        return {"status": "RUNNING", "values": scales.to_values(np.empty(0))}

    def _say(self, line: str) -> None:
        if self.sink is not None and line not in self._said:
            self._said.add(line)
            self.sink(line)

    def _scales_now(self) -> Scales:
        if self._scales is None or self._scales.size != len(self.hyperparameters.space):
            self._scales, self._rows = Scales(self.hyperparameters.space), {}
        return self._scales

    def _next_row(self, scales: Scales) -> np.ndarray | None:
        index = len(self.start_order)
        rng = np.random.default_rng([self.seed, index])
        rows, scores = self._trials_so_far(scales)
        coarse = coarse_count(len(scales), self.max_trials, self.coarse_trials)
        starts = round_starts(coarse, self.num_rounds, self.max_trials)
        number = int(np.searchsorted(starts, index, side="right")) - 1
        if number == 0 or np.isfinite(scores).sum() < 2:
            self._rounds = self._rounds or [Round(0, 0, ())]
            candidates = self._coarse(scales, coarse, index)
        else:
            candidates = self._fine(scales, rows, scores, number, rng)
        return scales.first_untried(candidates, rows, rng, LISTED)

    def _trials_so_far(self, scales: Scales) -> tuple[np.ndarray, np.ndarray]:
        """Rows and scores, smaller better; infinite for failed trials, NaN for running ones."""
        sign = -1.0 if self.objective.direction == "max" else 1.0
        rows, scores = np.empty((len(self.start_order), len(scales))), []
        for i, trial_id in enumerate(self.start_order):
            trial = self.trials[trial_id]
            known = self._rows.get(trial_id)
            if known is None or known[0] != trial.status:
                known = trial.status, scales.to_unit(trial.hyperparameters.values)
                self._rows[trial_id] = known
            rows[i] = known[1]
            running = trial.status == "RUNNING"
            completed = trial.status == "COMPLETED"
            scores.append(np.nan if running else sign * trial.score if completed else np.inf)
        return rows, np.array(scores)

    def _coarse(self, scales: Scales, count: int, index: int) -> np.ndarray:
        rng = np.random.default_rng([self.seed, index // count, 1])
        design = coarse_design(count, len(scales), rng)
        return scales.switch_off(scales.snap(design[index % count][None]))

    def _fine(
        self,
        scales: Scales,
        rows: np.ndarray,
        scores: np.ndarray,
        number: int,
        rng: np.random.Generator,
    ) -> np.ndarray:
        index, telling = len(scores), most_telling(scores, LEARNED_FROM)
        rows, scores = rows[telling], scores[telling]
        surrogate, means = self._learn(scales, rows, scores)
        ended = ~np.isnan(scores)
        if number > self._rounds[-1].number:
            lengths, unordered = surrogate.lengths, scales.unordered
            found = boxes_around(rows[ended], means[ended], lengths, unordered, number)
            boxes = named_boxes(found, scales.names)
            self._rounds.append(Round(number, index, boxes))
        boxes = self._rounds[-1].boxes
        if index % WHOLE_SPACE_EVERY == 0:
            boxes = ({},)
        return propose(scales, surrogate, rows, means, sides(boxes, scales.names), rng)

    def _learn(
        self, scales: Scales, rows: np.ndarray, scores: np.ndarray
    ) -> tuple[Surrogate, np.ndarray]:
        """The surrogate after all trials, the running ones as good as expected, and its means."""
        ended = ~np.isnan(scores)
        features, owners = scales.features(rows)
        known = standardise(scores[ended])
        due = len(self.end_order) >= REFIT_GROWTH * self._fitted_trials
        same_space = self._parameters is not None and len(self._parameters) == len(scales) + 2
        evaluations = max(min(30, 3000 // len(known)), 5) if due or not same_space else 0
        start = self._parameters if same_space else None
        surrogate = fit_surrogate(features[ended], owners, known, start, evaluations)
        if evaluations:
            self._parameters, self._fitted_trials = surrogate.parameters, len(self.end_order)
        if not ended.all():
            everything = np.empty(len(scores))
            everything[ended] = known
            everything[~ended] = surrogate.predict(features[~ended])[0]
            surrogate = condition(surrogate.parameters, features, owners, everything)
        return surrogate, surrogate.fitted


def _check(
    max_trials: int | None,
    rounds: int,
    coarse_trials: int | None,
    seed: int | None,
    max_consecutive_failed_trials: int | None,
) -> None:
    for name, value, least, may_be_none in (
        ("max_trials", max_trials, 1, True),
        ("rounds", rounds, 1, False),
        ("coarse_trials", coarse_trials, 1, True),
        ("seed", seed, 0, True),
        ("max_consecutive_failed_trials", max_consecutive_failed_trials, 1, True),
    ):
        if value is None and may_be_none:
            continue
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
            raise ValueError(f"`{name}` must be an integer >= {least}. Received: {name}={value!r}.")
