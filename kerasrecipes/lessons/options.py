"""The options of every recipe; plain Python, so that help can be shown before Keras is loaded."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn


@dataclass(frozen=True)
class Options:
    """How a recipe is to run.

    Args:
        quick: Bool. Smaller data and fewer steps, under 20 s on 2 cores; the claims are the same.
        seed: Int >= 0. The first of the seeds.
        out: Directory of the files: `report.html`, `result.json`, the figures.
        device: `"auto"`, `"cpu"` or `"gpu"`.
        mixed_precision: `None`, `True`, `"float16"` or `"bfloat16"`.
        jit: `True` or `False`: XLA, or not; `None` leaves it to Keras.
        data_parallel: Bool. Each batch is split over all visible devices.
        json: Bool. Print the result as JSON and nothing else.
    """

    quick: bool
    seed: int
    out: Path
    device: str = "auto"
    mixed_precision: bool | str | None = None
    jit: bool | None = None
    data_parallel: bool = False
    json: bool = False


def read_options(name: str, docstring: str, arguments: Sequence[str] | None = None) -> Options:
    """Reads the command line of a recipe.

    Args:
        name: Name of the recipe, e.g. `"dropout"`.
        docstring: Shown as its help.
        arguments: The arguments; `None` takes those of the process.

    Returns:
        The `Options`.

    Raises:
        SystemExit: After `--help`, with status 0; with status 2 and one line, if an argument is
            wrong or the directory cannot be made.

    Example:
    >>> read_options("dropout", "Dropout.", ["--seed", "3", "--out", "/tmp"]).seed
    3
    """
    made = parser(name, docstring)
    options = Options(**vars(made.parse_args(arguments)))
    try:
        options.out.mkdir(parents=True, exist_ok=True)  # now, not after two minutes of work
    except OSError as error:
        made.error(f"--out cannot be made into a directory: {error}")
    return options


class Parser(argparse.ArgumentParser):
    """A parser that says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        """Ends with exit status 2."""
        self.exit(2, f"error: {message}: see `{self.prog} --help`.\n")


def parser(name: str, docstring: str) -> Parser:
    """The parser of a recipe's command line; its help is the docstring and the options."""
    made = Parser(
        f"kerasrecipes recipe {name}",
        description=docstring,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("--quick", action="store_true", help="under 20 s on 2 cores; same claims")
    made.add_argument("--seed", type=_seed, default=0, help="the first of the seeds; default 0")
    made.add_argument(
        "--out",
        type=_directory,
        default=Path("runs", f"recipe-{name}"),
        metavar="DIR",
        help="where report.html, result.json and figures go; default runs/recipe-NAME",
    )
    made.add_argument("--device", choices=("auto", "cpu", "gpu"), default="auto")
    made.add_argument(
        "--mixed-precision",
        nargs="?",
        const=True,
        choices=("float16", "bfloat16"),
        help="compute in 16 bits; which ones is left to the device if not said (float16 is for "
        "GPUs: a CPU takes many times as long)",
    )
    made.add_argument(
        "--jit", action=argparse.BooleanOptionalAction, help="XLA or not; default: Keras decides"
    )
    made.add_argument(
        "--data-parallel", action="store_true", help="split each batch over all visible devices"
    )
    made.add_argument("--json", action="store_true", help="print JSON and nothing else")
    return made


def _directory(text: str) -> Path:
    if not text.strip():
        raise argparse.ArgumentTypeError("must name a directory, and is empty")
    return Path(text)


def _seed(text: str) -> int:
    if not (text.isdecimal() and int(text) < 2**31):
        raise argparse.ArgumentTypeError(f"must be a number from 0 to {2**31 - 1}, not {text!r}")
    return int(text)
