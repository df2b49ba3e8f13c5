"""Small data files, and finished runs on them that several tests share: made once a session.

Each run is told a target error of 1, so that it ends after its first training whatever the
machine: the budget is never what stops it.
"""

import atexit
import functools
import shutil
import tempfile
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tests.cli.command import Outcome, call

ONE_EPOCH = ("--budget-minutes", "0.0001")  # for tests that do not look at the model
ONE_TRAINING = ("--target-error", "1", "--budget-minutes", "5")
LABELS = ("<script>alert(1)</script>", "[bold]no[/bold]", "{{ 7 * 7 }}")
SIZE, TEXT = '<b>size "x"</b>', "a,b 'c' & {d}"


class Finished(NamedTuple):
    """A run: its directory, its data, and how the command ended."""

    directory: Path
    data: Path
    outcome: Outcome


@functools.cache
def finished(kind: str) -> Finished:
    """The run on `"table"`, `"images"` or `"numbers"`; look at it, do not write into it."""
    folder = Path(tempfile.mkdtemp(prefix="kerasrecipes-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    data = WRITERS[kind](folder)
    out = folder / "deep" / "run"
    outcome = call("run", data.name, "--out", "deep/run", *ONE_TRAINING, directory=folder)
    assert outcome.status == 0, outcome
    return Finished(out, data, outcome)


def table(rows: int = 600, seed: int = 0):
    """Text, dates, gaps, a name in every row, and names and labels that try to be markup."""
    import pandas

    generator = np.random.default_rng(seed)
    kind = generator.integers(0, 3, rows)
    size = np.where(generator.random(rows) < 0.1, np.nan, kind + generator.normal(0, 0.3, rows))
    text = np.array(["x & y", "<i>z</i>", "100 %"])[(kind + generator.integers(0, 2, rows)) % 3]
    return pandas.DataFrame(
        {
            SIZE: size,
            TEXT: text,
            "when": pandas.date_range("2020-01-01", periods=rows).strftime("%Y-%m-%d"),
            "flag": generator.random(rows) < 0.5,
            "name": [f"person {i}" for i in range(rows)],
            "label": np.array(LABELS)[kind],
        }
    )


def _write_table(folder: Path) -> Path:
    path = folder / "<img src=x> & table.csv"
    table().to_csv(path, index=False)
    return path


def _write_images(folder: Path) -> Path:
    generator = np.random.default_rng(0)
    y = generator.integers(0, 2, 600)
    x = generator.integers(0, 100, (600, 6, 6)) + 100 * y[:, None, None]
    np.savez(folder / "images.npz", x=x.astype("uint8"), y=y + 3)
    return folder / "images.npz"


def _write_numbers(folder: Path) -> Path:
    import pandas

    generator = np.random.default_rng(0)
    x = generator.normal(size=(600, 3))
    price = 1000 + 50 * x @ [1.0, 2.0, -1.0] + generator.normal(size=600)
    frame = pandas.DataFrame({"p": x[:, 0], "q": x[:, 1], "r": x[:, 2], "price": price})
    frame.to_parquet(folder / "numbers.parquet")
    return folder / "numbers.parquet"


WRITERS = {"table": _write_table, "images": _write_images, "numbers": _write_numbers}
