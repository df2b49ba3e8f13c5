"""Which planted gradient bugs the check catches, and which right layers it leaves in peace.

`python benchmarks/gradient_bugs.py [--quick] [--write]` checks every bug of the table, and the same
layer with the right gradient, by `exact` and by `directional` (three seeds, one with `--quick`),
then every trainable Keras layer, loss, activation and build of model. `--write` puts the tables
into docs/gradient_check.md. The last line counts; the exit status is 1 if anything is amiss.
"""

import argparse
import platform
import sys
from pathlib import Path
from typing import NamedTuple

import keras
from gradient_cases.every_layer import EXCLUDED, LAYERS
from gradient_cases.every_loss import EXCLUDED_LOSSES, every_activation, every_loss
from gradient_cases.every_model import MODELS
from gradient_cases.planted import BUGS, CAST, blamed, expected_blame, planted_model

import kerasrecipes as kr

PAGE = Path(__file__).resolve().parents[1] / "docs" / "gradient_check.md"
GRANTED = 1e-6  # relative error that a coordinate may have beside rounding


class Row(NamedTuple):
    """One line of a table, and whether it says what it should."""

    cells: tuple[str, ...]
    good: bool


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="one seed, a third of the rows")
    parser.add_argument("--write", action="store_true", help="put the tables into the page")
    options = parser.parse_args(arguments)
    every = 3 if options.quick else 1
    seeds = range(1) if options.quick else range(3)
    bugs = [bug_row(bug, seeds) for bug in list(BUGS.values())[::every]]
    honest = [honest_row(f"layer: {n}", build()) for n, build in list(LAYERS.items())[::every]]
    honest += [honest_row(f"model: {n}", build()) for n, build in list(MODELS.items())[::every]]
    for kind, build in (("loss", every_loss), ("activation", every_activation)):
        honest += part_rows(kind, build())
    columns = (
        "bug",
        "to blame",
        "exact",
        "distance",
        "directional",
        "missed by chance",
        "sound twin",
    )
    tables = {
        "bugs": table(columns, bugs),
        "honest": table(("checked", "numbers", "kinks", "distance", "rounding", "result"), honest),
        "excluded": table(("left out", "why"), excluded_rows()),
    }
    print("\n\n".join([*tables.values(), refusal()]))
    if options.write:
        write(tables)
    caught, left = sum(row.good for row in bugs), sum(row.good for row in honest)
    print(
        f"{caught} of {len(bugs)} bugs caught, blamed on the right variables alone, their sound "
        f"twins passed; {left} of {len(honest)} honest checks passed"
    )
    return 0 if caught == len(bugs) and left == len(honest) else 1


def bug_row(bug, seeds):
    exact, right = (check_of(bug, sound) for sound in (False, True))
    random = [check_of(bug, False, method="directional", seed=seed) for seed in seeds]
    right_too = check_of(bug, True, method="directional")
    expected = expected_blame(bug)
    found = sum(blamed(check) == expected for check in random)
    good = blamed(exact) == expected and found == len(seeds) and bool(right and right_too)
    cells = (
        bug.name,
        ", ".join(f"`{name}`" for name in expected),
        "caught" if blamed(exact) == expected else f"MISSED: blamed {blamed(exact)}",
        f"{smallest_distance(exact):.1e}",
        f"{found} of {len(seeds)}",
        f"{max(map(chance, random)):.0e}",
        f"passed, {right.distance:.0e}" if right and right_too else "BLAMED",
    )
    return Row(cells, good)


def check_of(bug, sound, **options):
    return kr.gradient_check(*planted_model(bug, sound), **options)


def smallest_distance(check):
    return min((v.distance for v in check.variables.values() if not v.passed), default=0.0)


def chance(check):
    """Probability that four random directions miss the error of the least wrong variable.

    Within a tolerance `t`, an error `e` of a gradient is overlooked along one direction with
    probability `0.82 t / ||e||` at most, by Ball's theorem on slices of the cube.
    """
    wrong = [v for v in check.variables.values() if not v.passed]
    shares = [0.82 * (GRANTED + 16 * v.noise) / max(2 * v.distance, 1e-300) for v in wrong]
    return min(1.0, max(shares, default=1.0)) ** 4


def honest_row(name, trial):
    check = kr.gradient_check(trial.model, trial.x, trial.y, **trial.options)
    checked = sum(variable.checked for variable in check.variables.values())
    return verdict_row(name, checked, len(check.kinks), check)


def part_rows(kind, trial):
    """One row for each loss or activation, of the variables of its own dense layer."""
    check = kr.gradient_check(trial.model, trial.x, trial.y, **trial.options)
    names = dict.fromkeys(path.split("/")[-2] for path in check.variables)
    for name in names:
        mine = [v for path, v in check.variables.items() if path.split("/")[-2] == name]
        worst = max(mine, key=lambda variable: (not variable.passed, variable.distance))
        numbers, kinks = sum(v.checked for v in mine), sum(v.kinks for v in mine)
        if name != "before":
            yield verdict_row(f"{kind}: {name}", numbers, kinks, worst)


def verdict_row(name, checked, kinks, check):
    result = "passed" if check.passed else "BLAMED"
    numbers = (f"{checked}", f"{kinks}", f"{check.distance:.0e}", f"{check.noise:.0e}")
    return Row((name, *numbers, result), check.passed)


def excluded_rows():
    left_out = {f"layer: {n}": why for n, why in EXCLUDED.items()}
    left_out |= {f"loss: {n}": why for n, why in EXCLUDED_LOSSES.items()}
    return [Row((name, why), True) for name, why in left_out.items()]


def refusal():
    try:
        return f"{CAST.name}: NOT refused, {check_of(CAST, False)}"
    except ValueError as error:
        return f"{CAST.name}: refused. {error}"


def table(columns, rows):
    head = [f"| {' | '.join(columns)} |", "|" + "---|" * len(columns)]
    return "\n".join([*head, *(f"| {' | '.join(row.cells)} |" for row in rows)])


def write(tables):
    """Puts each table between its marks in the page, the rest as it was."""
    page = PAGE.read_text(encoding="utf-8")
    backend = f"Keras {keras.__version__}, {keras.backend.backend()}, {platform.machine()}"
    for name, text in tables.items():
        begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
        before, _, rest = page.partition(begin)
        said = f"`python benchmarks/gradient_bugs.py --write`, {backend}:"
        page = f"{before}{begin}\n{said}\n\n{text}\n{end}{rest.partition(end)[2]}"
    PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
