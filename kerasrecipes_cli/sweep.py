"""`kerasrecipes sweep`: a search with its processes kept alive, and what it found."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kerasrecipes_cli.errors import OptionError
from kerasrecipes_cli.quiet import load_keras

if TYPE_CHECKING:
    from kerasrecipes.tuning.distributed.results import SweepResult


def sweep_command(
    script: str, arguments: Sequence[str], as_json: bool, options: dict[str, Any]
) -> None:
    """Runs the sweep and prints the best; exit status 1 where no trial was completed.

    Args:
        script: A Python script that makes a tuner and calls its `search`.
        arguments: Of its command line.
        as_json: Print JSON and nothing else.
        options: Of `kerasrecipes.tuning.launch_workers`, with `workers` for its `n`.

    Raises:
        OptionError: If something of this cannot be used.
    """
    workers = options.pop("workers")
    _check(script, workers, options)
    load_keras()
    from kerasrecipes.data.visible import visible
    from kerasrecipes.tuning import launch_workers
    from kerasrecipes.tuning.distributed.errors import SearchFailedError, StoreError, SweepError
    from kerasrecipes_cli.sweep_display import SweepDisplay

    with SweepDisplay(quiet=as_json) as display:
        try:
            found = launch_workers(workers, script, arguments, watch=display.show, **options)
        except (SearchFailedError, SweepError) as error:
            print(f"failed: {visible(' '.join(str(error).split()))}", file=sys.stderr)
            sys.exit(1)
        except (StoreError, ImportError) as error:
            raise OptionError(str(error)) from error
        except KeyboardInterrupt:
            print(
                f"interrupted: {display.ended} trials are saved; the same command goes on.",
                file=sys.stderr,
            )
            sys.exit(2)
    _show(found, as_json)
    sys.exit(0 if found.best else 1)


def _check(script: str, workers: int, options: dict[str, Any]) -> None:
    if not Path(script).is_file():
        raise OptionError(f"`{script}` does not exist: give the path of a Python script.")
    seconds = options["deadline_seconds"]
    if not 0 < seconds < math.inf:
        raise OptionError(f"--deadline must be above 0, and is {seconds:g}.")
    if options["runner"] == "ray" and not workers:
        raise OptionError("--ray needs --workers: the number of Ray tasks.")


def _show(found: SweepResult, as_json: bool) -> None:
    if as_json:
        print(json.dumps(found.to_dict(), indent=2, ensure_ascii=False, allow_nan=False))
        return
    from kerasrecipes_cli.console import Console
    from kerasrecipes_cli.sweep_display import result_lines

    console = Console(highlight=False, emoji=False)
    for line in result_lines(found):
        console.print(line, soft_wrap=True, markup=False)
