"""The frame around a recipe: options before, files and exit status after."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import inspect
import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import keras

from kerasrecipes import devices
from kerasrecipes.lessons.options import Options, read_options
from kerasrecipes.lessons.result_files import write_files
from kerasrecipes.lessons.telling import Lesson
from kerasrecipes.lessons.terminal import Terminal


def lesson(tell: Callable[[Lesson], None]) -> Callable[..., int]:
    """Makes a recipe's `main` out of a function that tells a lesson.

    The `main` that is made reads the options of the command line (`--quick`, `--seed`, `--out`,
    `--device`, `--mixed-precision`, `--jit`, `--data-parallel`, `--json`), seeds everything random,
    runs the function on the devices that were asked for, and writes `report.html`, `result.json`
    and the figures into `--out`. It returns 0 if all claims hold, 1 if one does not, and 2 after
    Ctrl-C.

    Args:
        tell: Function of a `Lesson`, in a module whose docstring says what the recipe is for.

    Returns:
        Function `main(arguments=None) -> int`; `arguments` is a list of strings, by default those
        of the process.

    Raises:
        ValueError: When it runs, if the function makes no claim: a recipe checks what it says.

    Example:
    >>> import io, tempfile
    >>> @lesson
    ... def main(lesson):
    ...     lesson.claim("one is one", 1 == 1, "no difference")
    >>> with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
    ...     status = main(["--quick", "--out", folder])
    >>> status
    0
    """

    @functools.wraps(tell)
    def main(arguments: Sequence[str] | None = None) -> int:
        file, docstring = tell.__globals__["__file__"], tell.__globals__["__doc__"]
        told = begin(Path(file).stem, docstring, arguments)
        try:
            with told.placed:
                tell(told)
                return end(told, Path(file).read_bytes())
        except KeyboardInterrupt:
            print("interrupted: the claims were not judged.", file=sys.stderr)
            return 2

    return main


def begin(name: str, docstring: str, arguments: Sequence[str] | None = None) -> Lesson:
    """Begins a lesson outside a script, as a notebook does; `end` is its last cell.

    Args:
        name: Name of the recipe, e.g. `"dropout"`.
        docstring: What it is for; the first line is the title of its page.
        arguments: The options, as on a command line; `None` takes those of the process.

    Returns:
        The `Lesson`.

    Raises:
        SystemExit: After `--help`; with status 2 and one line, if an argument is wrong or there is
            no such device.

    Example:
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     told = begin("ones", "Ones: they are one.", ["--quick", "--out", folder])
    ...     told.placed.close()  # `end` does it too
    >>> told.pick(quick=10, full=1_000)
    10
    """
    docstring = inspect.cleandoc(docstring)
    options = read_options(name, docstring, arguments)
    keras.utils.set_random_seed(options.seed)
    told = Lesson(name, docstring, options, Terminal(silent=options.json))
    try:
        told.placed.enter_context(_devices(options))
    except devices.DeviceError as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    return told


def _devices(options: Options) -> contextlib.AbstractContextManager:
    return devices.use(
        options.device,
        mixed_precision=options.mixed_precision,
        jit=options.jit,
        data_parallel=options.data_parallel,
    )


def end(lesson: Lesson, source: bytes = b"") -> int:
    """Ends a lesson: writes its files, and says whether the claims hold.

    Args:
        lesson: What `begin` gave.
        source: The script; its digest tells to which version the numbers belong.

    Returns:
        0 if all claims hold, else 1.

    Raises:
        ValueError: If there is no claim: a recipe checks what it says.
        OSError: If a file cannot be written.

    Example:
    >>> import io, tempfile
    >>> with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
    ...     told = begin("ones", "Ones: they are one.", ["--out", folder])
    ...     told.claim("one is two", 1 == 2)
    ...     status = end(told)
    >>> status
    1
    """
    if not lesson.claims:
        raise ValueError(
            "A recipe must make a claim, or it checks nothing. Received: no claim in "
            f"{lesson.name!r}. Call `lesson.claim`."
        )
    result = write_files(lesson, _facts(lesson, source))
    lesson.placed.close()
    if lesson.options.json:
        json.dump(result, sys.stdout, indent=1, ensure_ascii=False)
        sys.stdout.write("\n")
    broken = sum(not claim.holds for claim in lesson.claims)
    what = _in_words(len(lesson.claims), broken)
    lesson.terminal.end(f"{what}, {result['seconds']:.0f} s: {lesson.options.out / 'report.html'}")
    return 0 if result["holds"] else 1


def _in_words(claims: int, broken: int) -> str:
    if claims == 1:
        return "the claim does NOT hold" if broken else "the claim holds"
    return f"{broken} of {claims} claims do NOT hold" if broken else f"all {claims} claims hold"


def _facts(lesson: Lesson, source: bytes) -> dict[str, Any]:
    """What the numbers depend on: the script, how it was called, the versions, the device."""
    return {
        "source_sha256": hashlib.sha256(source).hexdigest(),
        "quick": lesson.options.quick,
        "seed": lesson.options.seed,
        "backend": keras.backend.backend(),
        "keras": keras.__version__,
        "device": str(devices.current()),
        "seconds": round(time.perf_counter() - lesson.began, 1),
    }
