"""The state of Keras's `CSVLogger`: its file up to now, and how the next row is written."""

from __future__ import annotations

import csv
import os
from pathlib import Path
from typing import Any

import keras
import numpy as np

from kerasrecipes.checkpoints import write_bytes


def csv_logger_state(logger: keras.callbacks.CSVLogger) -> dict[str, Any]:
    """All that was written so far, and the columns.

    Args:
        logger: In `fit`. The bytes of a file on this machine are read back; of anything else, as a
            pipe, the state holds the columns alone.
    """
    if logger.csv_file is not None and not logger.csv_file.closed:
        logger.csv_file.flush()
    path = Path(logger.filename)
    return {
        "content": np.fromfile(path, "uint8") if path.is_file() else None,
        "keys": None if logger.keys is None else list(logger.keys),
        "append_header": logger.append_header,
        "has_begun": logger.writer is not None,
    }


def restore_csv_logger(logger: keras.callbacks.CSVLogger, state: dict[str, Any]) -> None:
    """Puts the file back to what it was, in one step, and goes on below its last row.

    By then `on_train_begin` has emptied the file, or left in it the rows that were written after
    the state was taken.

    Raises:
        OSError: If the file cannot be written; the state is as good as before.
    """
    if state["content"] is not None:
        try:
            _put_back(logger, np.asarray(state["content"], "uint8").tobytes())
        except OSError as error:
            raise OSError(
                error.errno,
                f"CSVLogger's file `{logger.filename}` cannot be put back to where it was "
                f"({error.strerror or error}). Make room for it or make it writable, and start "
                "again",
            ) from error
    logger.keys, logger.append_header = state["keys"], state["append_header"]
    logger.writer = None
    if state["has_begun"]:  # and its header is in the file
        names = ["epoch", *(state["keys"] or [])]
        logger.writer = csv.DictWriter(logger.csv_file, fieldnames=names, delimiter=logger.sep)


def _put_back(logger: keras.callbacks.CSVLogger, content: bytes) -> None:
    if logger.csv_file is not None:
        logger.csv_file.close()
    write_bytes(os.path.realpath(logger.filename), content)
    logger.csv_file = open(logger.filename, "a")  # noqa: SIM115, it closes it in on_train_end
