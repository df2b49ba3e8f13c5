"""A diagnosis as a report shows it: the answer, the findings, a figure for their evidence."""

from __future__ import annotations

from collections.abc import Iterator

from kerasrecipes.diagnosis import Diagnosis
from kerasrecipes.diagnosis.rules.gradients import by_kernel
from kerasrecipes.diagnosis.trace import Run, Trace
from kerasrecipes.report import figures
from kerasrecipes.report.content import Fact, Figure, Findings, Section, Table, Tone

TONES: dict[str, Tone] = {"error": "bad", "warning": "warn"}
# Which figure shows the evidence of which finding.
COST = {
    "cost-at-priors", "cost-not-falling", "cost-oscillates", "diverged", "still-falling",
    "constant-predictions", "large-initial-cost", "target-scale", "not-finite", "high-bias",
    "one-batch-not-learned",
}  # fmt: skip
DEPTH = {"vanishing-gradients", "exploding-gradients", "no-gradient"}
UPDATES = {"small-updates", "large-updates", "cost-at-priors", "still-falling", "diverged"}


def diagnosis_facts(diagnosis: Diagnosis) -> tuple[Fact, ...]:
    """The cards of a diagnosis: whether it is healthy, the likeliest cause, what to do first.

    Args:
        diagnosis: From `kerasrecipes.diagnose`, or of the callback `Doctor`.

    Returns:
        One `Fact` for a healthy program, else three, for the answer of a page.

    Example:
        >>> [fact.value for fact in diagnosis_facts(Diagnosis())]
        ['Healthy']
    """
    counts = {
        severity: sum(finding.severity == severity for finding in diagnosis.findings)
        for severity in ("error", "warning", "note")
    }
    told = ", ".join(
        f"{count} {severity}{'s' * (count != 1)}" for severity, count in counts.items() if count
    )
    if diagnosis.healthy:
        return (Fact("Diagnosis", "Healthy", told or "nothing found", "good"),)
    first = diagnosis.findings[0]
    tone = TONES[first.severity]
    return (
        Fact("Diagnosis", told, "not healthy", tone),
        Fact("Likeliest cause", f"{first.cause.replace('_', ' ')}, by {first.code}", tone=tone),
        Fact("What to do first", first.advice, first.reference),
    )


def diagnosis_section(diagnosis: Diagnosis, trace: Trace | None = None) -> Section:
    """The section of a diagnosis: its findings, and figures of the evidence behind them.

    Args:
        diagnosis: From `kerasrecipes.diagnose`, or of the callback `Doctor`.
        trace: The evidence; without it there are no figures.

    Returns:
        A `Section`.

    Example:
        >>> diagnosis_section(Diagnosis()).text
        'Healthy: no error and no warning.'
    """
    if diagnosis.healthy:
        text = "Healthy: no error and no warning."
    else:
        harmful = sum(finding.severity != "note" for finding in diagnosis.findings)
        text = f"{harmful} finding{'s' * (harmful != 1)} beyond notes, the most severe first."
    text += "".join(f"\n\nLeft out: {reason}." for reason in diagnosis.left_out)
    drawn = tuple(_figures(diagnosis, trace)) if trace else ()
    return Section(
        "Diagnosis", text, (Findings(diagnosis.findings), *_prescribed(diagnosis), *drawn)
    )


def _prescribed(diagnosis: Diagnosis) -> Iterator[Table]:
    """The changes that mended the program; no table where there are none."""
    changes = diagnosis.prescription()
    if changes:
        yield Table(
            ("change", "cause", "skill with it", "as it is"),
            [
                (one.line, one.cause.replace("_", " "), round(one.skill, 3), round(one.before, 3))
                for one in changes
            ],
            caption="Prescription: a copy retrained with one thing changed. 0 is guessing, 1 is "
            "perfect, on dev where there is one.",
            align=("left", "left", "right", "right"),
        )


def _figures(diagnosis: Diagnosis, trace: Trace) -> Iterator[Figure]:
    codes = {finding.code for finding in diagnosis.findings}
    run = trace.run
    if run and codes & COST and (len(run.costs) or len(run.batch_costs)):
        by_epoch = len(run.costs) > 2 or not len(run.batch_costs)
        yield figures.cost_against_priors(
            run.costs if by_epoch else run.batch_costs,
            run.prior_cost,
            unit="epoch" if by_epoch else "batch",
        )
    if run:
        yield from _by_layer(codes, run)
    if trace.trials:
        yield _trials(trace)


def _by_layer(codes: set[str], run: Run) -> Iterator[Figure]:
    norms, ratios = by_kernel(dict(run.gradient_norms)), by_kernel(dict(run.update_ratios))
    if codes & DEPTH and norms:
        yield figures.layer_values(
            _layers(norms),
            quantity="gradient norm",
            caption="The gradient's norm by layer, the input's side on top: a straight slope is "
            "a gradient that vanishes, or explodes, geometrically.",
            name="gradient-norms",
        )
    if codes & UPDATES and ratios:
        yield figures.layer_values(
            _layers(ratios),
            quantity="update to weight",
            usual=1e-3,
            caption="Norm of the update over norm of the weights. Far left of the dashed line "
            "the rate is too low, far right too high.",
            name="update-ratios",
        )
    for sign in ("dead", "saturated"):
        if f"{sign}-units" in codes:
            yield figures.shares(
                {layer: getattr(units, sign) for layer, units in run.units.items()},
                quantity=f"{sign} units",
                limit=0.5,
                caption=f"The share of {sign} units of each layer; dashed, half of them.",
                name=f"{sign}-units",
            )


def _trials(trace: Trace) -> Figure:
    """The skill of each retraining, the program as it is first."""
    made = [("as it is", trace.baseline)] if trace.baseline else []
    made += [(trial.change, trial) for trial in trace.trials]
    skills = {
        change: trial.skill.train if trial.skill.dev is None else trial.skill.dev
        for change, trial in made
        if trial is not None
    }
    best = max(skills, key=lambda change: skills[change], default=None)
    return figures.shares(
        skills,
        quantity="skill",
        highlight=best,
        caption="Retrained with one thing changed: 0 % is guessing, 100 % is perfect.",
        name="trials",
    )


def _layers(values: dict[str, float]) -> dict[str, float]:
    """The names without what they share, such as the model's name and `/kernel`."""
    short = {path.removesuffix("/kernel").rsplit("/", 1)[-1]: path for path in values}
    if len(short) < len(values):
        return values
    return {layer: values[path] for layer, path in short.items()}
