"""A script run with our parts installed.

`python -m kerasrecipes.tuning.distributed.run_script SCRIPT ARGUMENTS` runs it as
`python SCRIPT ARGUMENTS` would. It need not import kerasrecipes.
"""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

from kerasrecipes.tuning.distributed.errors import (
    ChiefLostError,
    SearchFailedError,
    StoreError,
    SweepError,
)
from kerasrecipes.tuning.distributed.parent import end_with_parent
from kerasrecipes.tuning.distributed.seam import install

REFUSED = 2  # exit status of a search that cannot go on; starting it again would not help


def main(arguments: list[str]) -> None:
    """Installs our parts, then runs the script; errors of the search are one line."""
    end_with_parent()
    install()
    script = arguments[0]
    sys.argv = arguments
    sys.path[0] = str(Path(script).resolve().parent)
    try:
        runpy.run_path(script, run_name="__main__")
    except (ChiefLostError, SearchFailedError, StoreError, SweepError) as error:
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr, flush=True)
        sys.exit(REFUSED)


if __name__ == "__main__":
    main(sys.argv[1:])
