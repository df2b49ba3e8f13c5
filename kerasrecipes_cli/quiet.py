"""Loading Keras without the chatter of its backend on the terminal."""

from __future__ import annotations

import importlib.abc
import logging
import os
import sys
import tempfile
from typing import Any


class _NotInstalled(importlib.abc.MetaPathFinder):
    """Makes a package look as if it were not installed.

    Keras looks for TensorFlow on every backend, to seed it, and would spend seconds on its import.
    """

    def __init__(self, package: str) -> None:
        self.package = package

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        """Refuses the package and its modules."""
        if name.partition(".")[0] == self.package:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def load_keras() -> None:
    """Imports Keras and starts its backend, what they say on standard error kept back.

    TensorFlow writes start-up notes (no GPU, other instruction sets) past every logging setting. If
    the import fails they are shown: then they may matter.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    logging.getLogger("tensorflow").setLevel(logging.ERROR)  # retracing is what trials of models do
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as said:
        os.dup2(said.fileno(), 2)
        try:
            import keras

            if keras.backend.backend() != "tensorflow" and "tensorflow" not in sys.modules:
                sys.meta_path.insert(0, _NotInstalled("tensorflow"))
            keras.ops.convert_to_numpy(keras.ops.zeros(()))
        except BaseException:
            said.seek(0)
            os.write(kept, said.read())
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)
