"""What the Basic Recipe says to try, as changes of the settings, likeliest first."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from typing import NamedTuple

from kerasrecipes.diagnosis import BiasVariance
from kerasrecipes.recipe.problem import Problem
from kerasrecipes.recipe.settings import Settings

MOST_UNITS, MOST_LAYERS, MOST_FILTERS, MOST_L2 = 256, 3, 32, 10.0
LEAST_KEEP_PROB, MOST_EPOCHS = 0.5, 360
MEMBERS = 5


class Evidence(NamedTuple):
    """What the best step so far has shown.

    Attributes:
        settings: Its settings.
        reading: Its `BiasVariance`.
        still_falling: Whether its dev cost was lowest in the last tenth of its epochs.
    """

    settings: Settings
    reading: BiasVariance
    still_falling: bool


class Remedy(NamedTuple):
    """A named change of the settings; `change` returns `None` where it does not apply."""

    name: str
    why: str
    change: Callable[[Evidence, Problem], Settings | None]


class Proposal(NamedTuple):
    """What to try next, and the evidence that speaks for it."""

    name: str
    reason: str
    settings: Settings


def propose(
    evidence: Evidence,
    problem: Problem,
    tried: set[Settings],
    *,
    failed: Collection[str] = (),
    same_structure: bool = False,
) -> Proposal | None:
    """The next untried remedy against the larger trouble, or `None` when nothing is left.

    High bias is treated first, as the Basic Recipe has it; when its remedies are used up, or the
    gaps are too small for the dev set to tell, the larger gap decides. A remedy that did not help
    comes again, on what has been reached since, only after all others.

    Args:
        evidence: What the best step has shown.
        problem: The data.
        tried: Settings that have been trained.
        failed: Names of remedies whose last trial was not kept.
        same_structure: Whether only what does not change the network may be proposed.
    """
    again = None
    for aim in _aims(evidence.reading):
        for remedy in REMEDIES[aim]:
            settings = remedy.change(evidence, problem)
            if settings is None or settings in tried:
                continue
            if same_structure and settings.structure != evidence.settings.structure:
                continue
            proposal = Proposal(remedy.name, _reason(aim, remedy, evidence.reading), settings)
            if remedy.name not in failed:
                return proposal
            again = again or proposal
    return again


def _aims(reading: BiasVariance) -> Iterator[str]:
    """What to treat, in order."""
    order = ["bias", "variance"]
    larger = reading.variance.value > reading.bias.value
    if reading.verdict == "high variance" or (reading.verdict == "inconclusive" and larger):
        order.reverse()
    for aim in order:
        gap = getattr(reading, aim)
        if gap.size == "high" or gap.value > reading.tolerance:
            yield aim
    yield "doubt"


def _reason(aim: str, remedy: Remedy, reading: BiasVariance) -> str:
    if aim == "doubt":
        if reading.verdict == "inconclusive":
            return f"the dev set is too small to tell: {remedy.why}"
        return f"{reading.verdict} is left, its own remedies are used up: {remedy.why}"
    gap = getattr(reading, aim)
    above, below = ("human", "train") if aim == "bias" else ("train", "dev")
    sure = "high" if gap.size == "high" else "probably high"
    return (
        f"{aim} {gap.value:.1%} [{gap.low:.1%}, {gap.high:.1%}] from {above} to {below} error is "
        f"{sure}: {remedy.why}"
    )


def _convolution(evidence: Evidence, problem: Problem) -> Settings | None:
    settings = evidence.settings
    if problem.image_shape is None or settings.architecture == "convolutional":
        return None
    if min(problem.image_shape[:2]) < 6:
        return None
    return replace(
        settings,
        architecture="convolutional",
        hidden_layers=1,
        units=64,
        normalize=True,
        optimizer="adam",
        batch_size=64,
        epochs=20,
    )


def _bigger(evidence: Evidence, problem: Problem) -> Settings | None:
    settings = evidence.settings
    if settings.architecture == "convolutional":
        if settings.filters >= MOST_FILTERS:
            return None
        return replace(settings, filters=2 * settings.filters, units=2 * settings.units)
    if settings.hidden_layers == 0:
        return replace(settings, hidden_layers=1)
    if settings.units >= MOST_UNITS:
        return None
    layers = min(settings.hidden_layers + 1, MOST_LAYERS)
    return replace(settings, units=min(4 * settings.units, MOST_UNITS), hidden_layers=layers)


def _better_optimizer(evidence: Evidence, problem: Problem) -> Settings | None:
    settings = evidence.settings
    if settings.optimizer == "adam":
        return None
    return replace(settings, optimizer="adam", batch_size=min(settings.batch_size, 64))


def _longer(evidence: Evidence, problem: Problem) -> Settings | None:
    settings = evidence.settings
    if not evidence.still_falling or settings.epochs >= MOST_EPOCHS:
        return None
    return replace(settings, epochs=min(3 * settings.epochs, MOST_EPOCHS))


def _batch_norm(evidence: Evidence, problem: Problem) -> Settings | None:
    settings = evidence.settings
    if settings.normalize or not settings.hidden_layers or len(problem.train[1]) < 64:
        return None
    return replace(settings, normalize=True)


def _l2(evidence: Evidence, problem: Problem) -> Settings | None:
    settings = evidence.settings
    if settings.l2 >= MOST_L2:
        return None
    return replace(settings, l2=10 * settings.l2 or 1.0)


def _dropout(evidence: Evidence, problem: Problem) -> Settings | None:
    settings = evidence.settings
    if settings.keep_prob <= LEAST_KEEP_PROB or not settings.hidden_layers:
        return None
    return replace(settings, keep_prob=0.8 if settings.keep_prob == 1 else LEAST_KEEP_PROB)


def _augmentation(evidence: Evidence, problem: Problem) -> Settings | None:
    settings = evidence.settings
    if settings.augment or settings.architecture != "convolutional":
        return None
    return replace(settings, augment=True, epochs=round(1.5 * settings.epochs))


def _ensemble(evidence: Evidence, problem: Problem) -> Settings | None:
    settings = evidence.settings
    if settings.members > 1 or settings.linear:  # linear models all end in one place
        return None
    return replace(settings, members=MEMBERS)


IMAGES = Remedy(
    "convolutions",
    "the rows are images, and filters shared by all positions need fewer weights.",
    _convolution,
)
AUGMENTATION = Remedy(
    "augmentation",
    "more data would help most; turned and shifted images stand in for them.",
    _augmentation,
)
REMEDIES: dict[str, tuple[Remedy, ...]] = {
    "bias": (
        IMAGES,
        Remedy("bigger network", "a bigger network fits the training set better.", _bigger),
        Remedy("train longer", "the dev cost was still falling when training ended.", _longer),
        Remedy("Adam", "a better optimizer gets further in as many passes.", _better_optimizer),
        Remedy(
            "batch norm", "another architecture: batch norm on every hidden layer.", _batch_norm
        ),
    ),
    "variance": (
        IMAGES,
        AUGMENTATION,
        Remedy("L2", "weights kept small make a smoother function.", _l2),
        Remedy("dropout", "no unit may rely on any other one.", _dropout),
        Remedy("ensemble", "an average of networks from other seeds varies less.", _ensemble),
    ),
    "doubt": (
        AUGMENTATION,
        Remedy("L2", "small weights are the safer guess.", _l2),
        Remedy("ensemble", "an average of networks is the safer guess.", _ensemble),
    ),
}
