"""Loading a `.keras` file without running anything that is in it."""

from __future__ import annotations

import os
import warnings
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from kerasrecipes.data import DataError
from kerasrecipes.model_files.archive import check_archive
from kerasrecipes.model_files.config import check_config
from kerasrecipes.model_files.weights import check_weights

if TYPE_CHECKING:
    import keras

MESSAGE_LENGTH = 200


def load_model_file(path: str | os.PathLike[str], *, allow_code: bool = False) -> keras.Model:
    """Loads a `.keras` file, after a look at everything in it that could do more than compute.

    Keras's safe mode refuses Python code. Before Keras sees the file, this refuses besides: members
    outside the archive, links, and declared sizes that do not fit the memory; classes and functions
    that are no part of a model; paths to other files, in the configuration and in the weights.

    Args:
        path: A `.keras` file. Older formats (`.h5`, SavedModel) are refused.
        allow_code: Bool. Whether layers that hold Python code (`Lambda`, wrapped PyTorch and JAX
            modules) and paths of vocabularies may be loaded; **the code is run**. Default: False.

    Returns:
        The model, compiled if it was saved so.

    Raises:
        DataError: In one line, what keeps the file from being loaded.

    Example:
        >>> load_model_file("model.h5")
        Traceback (most recent call last):
            ...
        kerasrecipes.data.errors.DataError: `model.h5` is no `.keras` file, and no other format ...
    """
    import keras

    file = Path(path)
    _check_kind(file)
    try:
        with zipfile.ZipFile(file) as archive:
            check_archive(archive, file)
            check_config(archive.read("config.json"), file.name, allow_code=allow_code)
            check_weights(archive, file.name)
        with warnings.catch_warnings():
            # Of an optimizer that never took a step, which nothing here needs.
            warnings.filterwarnings("ignore", "Skipping variable loading for optimizer")
            model = keras.saving.load_model(file, safe_mode=not allow_code)
    except DataError:
        raise
    except Exception as error:  # damaged bytes raise whatever they lead to
        reason = " ".join(str(error).split())[:MESSAGE_LENGTH] or type(error).__name__
        raise DataError(f"`{file}` cannot be loaded ({reason}): save the model again.") from error
    if not isinstance(model, keras.Model):
        raise DataError(f"`{file}` holds {type(model).__name__}, and no model: save a model.")
    return model


def _check_kind(file: Path) -> None:
    if file.suffix.lower() != ".keras":
        raise DataError(
            f"`{file}` is no `.keras` file, and no other format is loaded: older ones can hold "
            "code that nothing tells from the rest. Load it where you trust it, and save it as "
            ".keras."
        )
    if not file.exists():
        raise DataError(f"`{file}` cannot be loaded: there is no such file. Check the path.")
    if not file.is_file():
        raise DataError(f"`{file}` cannot be loaded: it is no file. Give a file saved by Keras.")
