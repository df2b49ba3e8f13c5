"""The weights of trials that were trained together, in one file for all of them."""

from __future__ import annotations

import contextlib
import json
import os
import warnings
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from kerasrecipes.checkpoints import whole_file

PATTERN = "members_*.npz"


class MemberStore:
    """Weights by trial, in `.npz` files of a search's folder.

    Args:
        folder: The project folder of a tuner.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self._found: dict[str, tuple[Path, int]] = {}

    def save(self, trial_ids: Sequence[str], weights: Sequence[Sequence[np.ndarray]]) -> None:
        """Writes the weights of trials of one structure; the file appears whole or not at all.

        Args:
            trial_ids: One for each.
            weights: For each the arrays of `model.get_weights()`.
        """
        stacked = {
            f"weight_{number}": np.stack([each[number] for each in weights])
            for number in range(len(weights[0]))
        }
        path = self.folder / f"members_{trial_ids[0]}_{len(trial_ids)}.npz"
        self.folder.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as file:
            names = np.array(json.dumps(list(trial_ids)))
            np.savez(file, allow_pickle=False, trial_ids=names, **stacked)
        self._found |= {trial_id: (path, row) for row, trial_id in enumerate(trial_ids)}

    def load(self, trial_id: str) -> list[np.ndarray] | None:
        """The weights of a trial, or None if it is in no file."""
        if trial_id not in self._found:
            self._look()
        if trial_id not in self._found:
            return None
        path, row = self._found[trial_id]
        with np.load(path, allow_pickle=False) as file:
            count = len(file.files) - 1
            return [file[f"weight_{number}"][row] for number in range(count)]

    def _look(self) -> None:
        paths = sorted(self.folder.glob(PATTERN), key=lambda path: path.stat().st_mtime_ns)
        for path in paths:  # a trial that was run again is in a later file
            try:
                with np.load(path, allow_pickle=False) as file:
                    trial_ids = json.loads(str(file["trial_ids"]))
            except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
                aside = path.with_name(f"{path.name}.corrupted")
                with contextlib.suppress(OSError):  # a folder that cannot be written
                    os.replace(path, aside)
                warnings.warn(
                    f"`{path}` cannot be read ({type(error).__name__}): it was set aside as "
                    f"`{aside.name}`. The weights of its trials are lost, their scores are not.",
                    stacklevel=2,
                )
                continue
            self._found |= {trial_id: (path, row) for row, trial_id in enumerate(trial_ids)}
