"""What a gradient check found: plain values, and the text a person reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from kerasrecipes.data.plain import plain

GREAT, OK = 1e-7, 1e-3  # the course's thresholds of the distance


class Element(NamedTuple):
    """One compared coordinate.

    Attributes:
        variable: Path of the variable.
        index: Its place in the variable; `(k,)` for the k-th random direction.
        analytic: What automatic differentiation says.
        numeric: The central difference of the cost.
        excess: The disagreement in units of what rounding explains; above 1 is too much.
    """

    variable: str
    index: tuple[int, ...]  # type: ignore[assignment]  # hides tuple.index
    analytic: float
    numeric: float
    excess: float


@dataclass(frozen=True)
class VariableCheck:
    """The check of one variable.

    Attributes:
        distance: `||a - n|| / (||a|| + ||n||)` over its coordinates, kinks left out.
        verdict: `great`, `ok` or `bad`: see `GradientCheck`.
        noise: The distance that rounding alone explains.
        passed: Whether no coordinate disagrees beyond rounding and kinks.
        checked: How many coordinates (or directions) were compared.
        kinks: How many of them lie on a kink of the cost.
        better_epsilon: A step that measures this variable at least ten times more exactly, where
            `epsilon` is too small or too large for it; else None.
    """

    distance: float
    verdict: str
    noise: float
    passed: bool
    checked: int
    kinks: int
    better_epsilon: float | None = None


@dataclass(frozen=True)
class GradientCheck:
    """The result of `kr.gradient_check` and `kr.check_gradients`.

    Attributes:
        distance: The course's ratio `||a - n||_2 / (||a||_2 + ||n||_2)` of the analytic gradient
            `a` and the numeric one `n`, over all coordinates that are not on a kink.
        verdict: `great` below 1e-7, `ok` below 1e-3, else `bad`. A distance that rounding alone
            explains is never `bad`.
        variables: The same for each variable, by path.
        worst: The coordinates that disagree most, the worst first (at most 10).
        kinks: The coordinates where the cost is not differentiable (ReLU, max pooling, L1 at 0):
            the gradient agrees with the differences a few steps away, but not on the kink itself,
            or the two one-sided differences disagree there.
        noise: The distance that rounding alone explains.
        passed: Whether nothing disagrees beyond what rounding and kinks explain. Stricter than
            the verdict: a single wrong bias among a million weights fails it.
        epsilon: The step of the differences.
        method: `exact` (every element) or `directional` (random directions).
        false_pass: The probability, at most, that a variable passes although its gradient is off
            by 1 % of its norm. 0 if every element was compared.
        seconds: Wall time of the whole check.
    """

    distance: float
    verdict: str
    variables: Mapping[str, VariableCheck]
    worst: tuple[Element, ...]
    kinks: tuple[Element, ...]
    noise: float
    passed: bool
    epsilon: float
    method: str
    false_pass: float
    seconds: float

    def __bool__(self) -> bool:
        return self.passed

    def __str__(self) -> str:
        width = max((len(name) for name in self.variables), default=8)
        head = (
            f"gradient check ({self.method}, epsilon {self.epsilon:g}): "
            f"{'passed' if self.passed else 'FAILED'}, {self.verdict}, "
            f"distance {self.distance:.2g} (rounding explains {self.noise:.2g}), "
            f"kinks {len(self.kinks)}"
        )
        rows = [
            f"  {name:<{width}}  {'passed' if row.passed else 'FAILED'}  {row.verdict:<5}  "
            f"distance {row.distance:.2g}  checked {row.checked}  kinks {row.kinks}"
            for name, row in self.variables.items()
        ]
        wrong = [
            f"  {element.variable}{list(element.index)}: analytic {element.analytic:.6g}, "
            f"numeric {element.numeric:.6g}"
            for element in self.worst
            if element.excess > 1
        ]
        disagreements = ["largest disagreements:", *wrong] if wrong else []
        return "\n".join([head, *self._remarks(), *rows, *disagreements])

    def to_dict(self) -> dict[str, Any]:
        """Returns all of it as plain values for strict JSON; NaN and infinity are None."""
        return plain(
            {**vars(self), "variables": {name: vars(row) for name, row in self.variables.items()}}
        )

    def _remarks(self) -> Iterator[str]:
        """On what the check cannot see, and on steps that do not suit."""
        if self.method == "directional":
            yield (
                f"  an error of 1 % in a variable passes with a probability of "
                f"{self.false_pass:.1g} at most"
            )
        for name, row in self.variables.items():
            if row.better_epsilon is not None:
                too = "small" if row.better_epsilon > self.epsilon else "large"
                yield (
                    f"  {name}: epsilon {self.epsilon:g} is too {too} for its scale; "
                    f"check it with epsilon={row.better_epsilon:g}"
                )


def judge(distance: float, passed: bool) -> str:
    """The course's verdict; what rounding and kinks explain (`passed`) is at worst `ok`."""
    if distance < GREAT:
        return "great"
    return "ok" if distance < OK or passed else "bad"
