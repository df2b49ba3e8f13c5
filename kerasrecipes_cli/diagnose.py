"""`kerasrecipes diagnose`: what is wrong with a saved model's training."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kerasrecipes_cli.errors import OptionError
from kerasrecipes_cli.quiet import load_keras
from kerasrecipes_cli.saved_model import prepare, targets
from kerasrecipes_cli.working import working

if TYPE_CHECKING:
    from kerasrecipes.diagnosis import Diagnosis

USUAL_SECONDS = 15.0  # the budget of `diagnose`
HELD_OUT = 5  # every fifth example, in a random order


def diagnose_command(
    model: str,
    data: str,
    target: str | None,
    options: dict[str, Any],
    as_json: bool,
    report: str | None,
    *,
    allow_code: bool = False,
) -> None:
    """Prints the diagnosis; exit status 1 where there is an error or a warning.

    Args:
        model: A compiled `.keras` file, or the directory of a run.
        data: Name of a data set, or a file.
        target: Column to predict; None for the usual one.
        options: Of `kerasrecipes.diagnose`.
        as_json: Print JSON and nothing else.
        report: HTML file to write; None for none.
        allow_code: Whether the model may hold layers with Python code, which is run.

    Raises:
        OptionError: If something of this cannot be used.
    """
    if report is not None:
        _check_report(Path(report))
    with working("loading Keras"):
        load_keras()
    import kerasrecipes
    from kerasrecipes.data.visible import visible

    network, x, y = prepare(Path(model), data, target, allow_code=allow_code)
    if not network.compiled:
        raise OptionError(
            f"`{model}` was saved without being compiled: the doctor needs its loss and optimizer. "
            "Call model.compile before model.save."
        )
    train, dev = _parts(len(x))
    y = targets(network, y)
    try:
        with working("diagnosing", seconds=options.get("seconds", USUAL_SECONDS)):
            found = kerasrecipes.diagnose(
                network, x[train], y[train], validation_data=(x[dev], y[dev]), **options
            )
    except (ValueError, TypeError) as error:
        raise OptionError(visible(str(error))) from error
    _show(found, as_json)
    if report is not None:
        _write(found, Path(report), model, data)
        print(f"report: {report}", file=sys.stderr if as_json else sys.stdout)
    sys.exit(0 if found.healthy else 1)


def _check_report(path: Path) -> None:
    if path.suffix != ".html" or path.is_dir() or not path.parent.is_dir():
        raise OptionError(
            f"--report must name an .html file in a directory that exists, and is `{path}`."
        )


def _parts(examples: int) -> tuple[np.ndarray, np.ndarray]:
    """Train in the order of the data, and a random fifth held out."""
    if examples < HELD_OUT:
        raise OptionError(f"DATA has {examples} examples: the doctor needs at least {HELD_OUT}.")
    order = np.random.default_rng(0).permutation(examples)
    held_out = examples // HELD_OUT
    return np.sort(order[held_out:]), np.sort(order[:held_out])


def _show(found: Diagnosis, as_json: bool) -> None:
    if as_json:
        print(json.dumps(found.to_dict(), indent=2, ensure_ascii=False, allow_nan=False))
        return
    from kerasrecipes_cli.console import Console
    from kerasrecipes_cli.diagnosis_display import show_diagnosis

    show_diagnosis(found, Console(highlight=False))


def _write(found: Diagnosis, path: Path, model: str, data: str) -> None:
    import keras

    from kerasrecipes.report import Page, diagnosis_facts, diagnosis_section, write

    page = Page(
        title=Path(model).name,
        subtitle=f"What the doctor says of it, trained on {data}.",
        answer=diagnosis_facts(found),
        sections=(diagnosis_section(found, found.trace),),
        footer=f"Keras {keras.__version__} on {keras.backend.backend()}",
    )
    try:
        write(page, path)
    except OSError as error:
        raise OptionError(f"--report `{path}` cannot be written ({error.strerror}).") from error
