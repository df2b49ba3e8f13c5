"""Bias, variance, and whether train and dev belong together."""

from __future__ import annotations

from collections.abc import Iterator

from kerasrecipes.diagnosis.cost_course import AT_PRIORS, progress, still_falls
from kerasrecipes.diagnosis.finding import Finding
from kerasrecipes.diagnosis.learning import LEARNED, LEARNED_WELL, harm, is_finished
from kerasrecipes.diagnosis.trace import Trace

GAP = 0.2  # of the way from guessing to perfect
DRIFT = 1e-3  # the p-value of a test that is made once
SHARED = 0.01
RECIPE = "course 2, Basic recipe for machine learning"


def high_bias(trace: Trace) -> Iterator[Finding]:
    """A network that does not fit its own training set, though its cost has settled.

    Sign: skill on train below 0.25 (a warning) or 0.75 (a note), the cost past the priors by 5 % of
    the way and no longer falling.
    Cause: the layers: too few, or too narrow.
    What else could cause it: strong penalties or dropout; an optimizer that settled early; noise
    in the targets that nobody could predict.
    """
    run = trace.run
    if run is None or run.skill is None or not is_finished(trace):
        return
    reached = progress(run)
    settled = (reached is None or reached >= AT_PRIORS) and not still_falls(run)
    if run.skill.train < LEARNED_WELL and settled:
        held_back = max((layer.dropout for layer in trace.program.layers), default=0.0) >= 0.5
        yield Finding(
            "high-bias",
            cause="regularization" if held_back else "layers",
            severity=harm(trace) if run.skill.train < LEARNED else "note",
            evidence={"train_skill": run.skill.train, "parameters": trace.program.parameters},
            advice="Drop fewer units: Dropout(0.2), and none behind narrow layers."
            if held_back
            else "Use a bigger network: more units, or one hidden layer more.",
            reference=RECIPE,
        )


def high_variance(trace: Trace) -> Iterator[Finding]:
    """A network that does far better on train than on dev.

    Sign: the skills differ by more than 0.2 of the way from guessing to perfect. A warning where
    train learned (0.25) and dev did not; a note where dev does well too, as overfitting nets may.
    Cause: where a test tells train from dev, that difference, as `drifted` says; else
    regularization, and the data where there are fewer examples than parameters.
    What else could cause it: a dev set of a few examples.
    """
    gap = _gap(trace)
    if gap is None or _drifts(trace):
        return
    examples = trace.inputs.examples if trace.inputs else 0
    causes = [("regularization", "Add Dropout(0.3), or kr.regularizers.L2 on the kernels.")]
    if 0 < examples < trace.program.parameters:
        causes.append(("data", "Get more examples, or augment those there are."))
    for cause, advice in causes:
        yield Finding(
            "high-variance",
            cause=cause,
            severity=harm(trace),
            evidence=gap | {"examples": examples, "parameters": trace.program.parameters},
            advice=advice,
            reference=RECIPE,
        )


def drifted(trace: Trace) -> Iterator[Finding]:
    """Train and dev from different distributions.

    Sign: a p-value below 0.001. A warning only where the gap is seen too (train learned, dev did
    not): large samples show drifts that do no harm.
    Cause: the preprocessing, if dev was not scaled as train was; beside it the data.
    What else could cause it: data in order of time, split in that order.
    """
    if not _drifts(trace):
        return
    gap = _gap(trace)
    scaled = ("preprocessing", "Transform dev with the numbers of train: (x_dev - mean) / std.")
    mixed = ("data", "Shuffle before splitting: kr.data.train_dev_test_split(x, y).")
    for cause, advice in (scaled, mixed) if gap else (mixed,):
        yield Finding(
            "train-dev-drift",
            cause=cause,
            severity=harm(trace) if gap else "note",
            evidence={"p_value": trace.drift, "limit": DRIFT} | (gap or {}),
            advice=advice,
            reference="course 2, Train / Dev / Test sets",
        )


def shared_examples(trace: Trace) -> Iterator[Finding]:
    """Examples of dev that are in train too.

    Sign: more than 1 % of dev. A note: it makes the dev error look better, which harms no training.
    Cause: the data.
    What else could cause it: inputs of a few values, which repeat by themselves.
    """
    if trace.shared_examples is not None and trace.shared_examples > SHARED:
        yield Finding(
            "shared-examples",
            cause="data",
            severity="note",
            evidence={"share_of_dev": trace.shared_examples, "limit": SHARED},
            advice="Drop repeated rows before splitting; give the same group to one part: "
            "kr.data.train_dev_test_split(x, y, groups=...).",
            reference="course 2, Train / Dev / Test sets",
        )


def _drifts(trace: Trace) -> bool:
    return trace.drift is not None and trace.drift < DRIFT


def _gap(trace: Trace) -> dict[str, float] | None:
    """The skills, where train learned and dev is far behind."""
    skill = trace.run.skill if trace.run else None
    if skill is None or skill.dev is None or not is_finished(trace) or skill.train < LEARNED:
        return None
    if not skill.train - skill.dev > GAP:
        return None
    return {"train_skill": skill.train, "dev_skill": skill.dev}
