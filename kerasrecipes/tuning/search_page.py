"""The page of a search: its best settings, its history, what mattered, and where it looked."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np

from kerasrecipes.report import Fact, Page, Section, Table, figures
from kerasrecipes.report.content import Align, Cell
from kerasrecipes.report.figures import Dimension, Scores, canvas
from kerasrecipes.tuning.dimensions import dimensions, shown_name, shown_value
from kerasrecipes.tuning.importance_table import Importance, Share
from kerasrecipes.tuning.trials_table import TrialsTable

BEST_SHOWN = 5
Bar = tuple[str, float, float, float]


def search_page(table: TrialsTable, importance: Importance, title: str) -> Page:
    """Returns the page of a search.

    Args:
        table: From `trials_table`.
        importance: Of the same trials.
        title: Its heading.
    """
    shown, scores = by_importance(table, importance), as_scores(table)
    bars, pairs = as_bars(table, importance)
    known = any(math.isfinite(bar[1]) for bar in bars)
    drawn = [figures.importance_bars(bars, pairs, meaningful=importance.meaningful)] * known
    sections = (
        Section("Best settings", body=(_best_settings(table),)),
        Section("History", _rounds_in_words(table), (figures.search_history(scores),)),
        Section("What mattered", "\n\n".join(_told(importance)), drawn),
        Section("Each hyperparameter", body=(figures.slices(shown, scores),)),
        Section("All together", body=(figures.parallel_coordinates(shown, scores),)),
    )
    return Page(
        canvas.words(title, 100),
        _subtitle(table),
        tuple(_facts(table, importance)),
        sections,
        "Written by kerasrecipes from the trials of a keras-tuner search.",
    )


def as_scores(table: TrialsTable) -> Scores:
    """The scores as the figures take them, each trial with the number of its round."""
    first = np.array([each.first_trial for each in table.rounds], dtype=int)
    rounds = np.searchsorted(first, table.started, side="right") - 1
    return Scores(table.scores, table.objective, table.direction, np.maximum(rounds, 0))


def by_importance(table: TrialsTable, importance: Importance) -> tuple[Dimension, ...]:
    """The hyperparameters, the most important first; those of the space where it is not known."""
    found = dict(zip(table.names, dimensions(table), strict=True))
    return tuple(found[row.name] for row in importance.rows if row.name in found)


def as_bars(table: TrialsTable, importance: Importance) -> tuple[list[Bar], list[Bar]]:
    """Shares and pairs as the figure takes them, under the names that a reader knows."""
    names = {name: _name(table, name) for name in table.names}
    couples = itertools.permutations(table.names, 2)
    names |= {f"{a} × {b}": f"{names[a]} × {names[b]}" for a, b in couples}

    def bar(share: Share) -> Bar:
        return (names.get(share.name, share.name), share.importance, share.low, share.high)

    pairs = [share for share in importance.interactions if share.importance >= 0.01]
    return [bar(share) for share in importance.rows], [bar(share) for share in pairs]


def _subtitle(table: TrialsTable) -> str:
    trials, names = len(table.scores), len(table.names)
    better = "higher" if table.direction == "max" else "lower"
    return (
        f"{trials:,} completed trial{'s' * (trials != 1)}, {names} hyperparameter"
        f"{'s' * (names != 1)}; a {better} {_objective(table)} is better."
    )


def _facts(table: TrialsTable, importance: Importance) -> Sequence[Fact]:
    best = table.best
    which = f"{_objective(table)} of trial {table.trial_ids[best]}"
    facts = [
        Fact("Best score", canvas.short(float(table.scores[best])), which),
        Fact("Trials", f"{len(table.scores):,}", _left_out(table)),
    ]
    if importance.rows and not math.isnan(importance.explained):
        first = importance.rows[0]
        if importance.meaningful:
            share = f"{canvas.percent(first.importance)} of the differences"
            facts.append(Fact("Matters most", canvas.words(_name(table, first.name), 60), share))
        else:
            facts.append(Fact("Matters most", "not known", "the trials do not tell", "warn"))
    return facts


def _left_out(table: TrialsTable) -> str:
    return f"left out: {table.left_out_in_words}" if table.left_out else "completed"


def _best_settings(table: TrialsTable) -> Table:
    """A row a hyperparameter, a column for each of the best trials."""
    order = np.argsort(table.costs, kind="stable")[:BEST_SHOWN]
    rows: list[tuple[Cell, ...]] = [
        (_objective(table), *(canvas.short(float(table.scores[trial])) for trial in order))
    ]
    for name in table.names:
        cells = (_cell(table, name, int(trial)) for trial in order)
        rows.append((_name(table, name), *cells))
    columns = ("", *(f"trial {table.trial_ids[trial]}" for trial in order))
    align: list[Align] = ["left", *["right" for _ in order]]  # type: ignore[list-item]
    caption = "The best trial." if len(order) == 1 else f"The {len(order)} best trials."
    return Table(columns, rows, caption, align, (0,))


def _cell(table: TrialsTable, name: str, trial: int) -> str | None:
    values = table.values[trial]
    if name not in values:
        return None
    return canvas.words(shown_value(name, table.parameters[name][0], values[name]), 40)


def _name(table: TrialsTable, name: str) -> str:
    return canvas.words(shown_name(name, table.parameters[name][0]), 100)


def _objective(table: TrialsTable) -> str:
    return canvas.words(table.objective, 60)


def _rounds_in_words(table: TrialsTable) -> str:
    if len(table.rounds) < 2:
        return ""
    starts = ", ".join(str(each.first_trial + 1) for each in table.rounds[1:])
    return (
        "Coarse to fine: the first round looks at the whole space, each later one around the best "
        f"of those before. Later rounds began with the trials {starts} by the order of starts."
    )


def _told(importance: Importance) -> Sequence[str]:
    told = []
    if not math.isnan(importance.explained):
        share = canvas.percent(max(0.0, importance.explained))
        what = "the ranks of the scores" if importance.by_rank else "the scores"
        told.append(
            "Functional ANOVA over a random forest fit on the trials: the share of the variance of "
            f"{what} that each hyperparameter makes. The forest predicts {share} of that variance "
            "in trials that it has not seen."
        )
    return [*told, *(canvas.words(note, 400) for note in importance.notes)]
