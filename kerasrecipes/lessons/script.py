"""The frame around a recipe: options before, files and exit status after."""

from __future__ import annotations

import functools
import hashlib
import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import keras

from kerasrecipes.lessons.lesson import Lesson
from kerasrecipes.lessons.options import read_options
from kerasrecipes.lessons.result_files import write_files
from kerasrecipes.lessons.terminal import Terminal


def lesson(tell: Callable[[Lesson], None]) -> Callable[..., int]:
    """Makes a recipe's `main` out of a function that tells a lesson.

    The `main` that is made reads the options of the command line (`--quick`, `--seed`, `--out`,
    `--device`, `--mixed-precision`, `--jit`, `--data-parallel`, `--json`), seeds everything random,
    runs the function on the devices that were asked for, and writes `report.html`, `result.json`
    and the figures into `--out`. It returns 0 if all claims hold, else 1.

    Args:
        tell: Function of a `Lesson`, in a module whose docstring says what the recipe is for.

    Returns:
        Function `main(arguments=None) -> int`; `arguments` is a list of strings, by default those
        of the process.

    Raises:
        ValueError: When it runs, if the function makes no claim: a recipe checks what it says.

    Example:
        @kr.lesson
        def main(lesson):
            value = kr.exponentially_weighted_average([1.0, 1.0], beta=0.9)[-1]
            lesson.claim("the average of ones is one", abs(value - 1) < 1e-6, f"{value:.6f}")

        if __name__ == "__main__":
            sys.exit(main())
    """

    @functools.wraps(tell)
    def main(arguments: Sequence[str] | None = None) -> int:
        file, docstring = tell.__globals__["__file__"], tell.__globals__["__doc__"]
        name = Path(file).stem
        options = read_options(name, docstring, arguments)
        terminal = Terminal(silent=options.json)
        told = Lesson(options, terminal)
        begun = time.perf_counter()
        keras.utils.set_random_seed(options.seed)
        tell(told)
        if not told.claims:
            raise ValueError(f"A recipe must make a claim, or it checks nothing. Received: {name}.")
        facts = {**_facts(file, options), "seconds": round(time.perf_counter() - begun, 1)}
        result = write_files(told, name, docstring, facts)
        _end(terminal, result, options)
        return 0 if result["holds"] else 1

    return main


def _facts(file: str, options: Any) -> dict[str, Any]:
    """What the numbers depend on: the script, how it was called, the versions, the device."""
    return {
        "source_sha256": hashlib.sha256(Path(file).read_bytes()).hexdigest(),
        "quick": options.quick,
        "seed": options.seed,
        "backend": keras.backend.backend(),
        "keras": keras.__version__,
        "device": options.device,
    }


def _end(terminal: Terminal, result: dict[str, Any], options: Any) -> None:
    if options.json:
        json.dump(result, sys.stdout, indent=1, ensure_ascii=False)
        sys.stdout.write("\n")
    count = sum(not claim["holds"] for claim in result["claims"])
    what = f"{count} of {len(result['claims'])} claims do NOT hold" if count else "the claim holds"
    terminal.end(f"{what}, {result['seconds']:.0f} s: {options.out / 'report.html'}")
