"""Reading a data set by its name or from a file."""

import difflib
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from kerasrecipes.data.archives import read_archive
from kerasrecipes.data.catalog import NAMES, load_named
from kerasrecipes.data.errors import DataError
from kerasrecipes.data.examples import Examples
from kerasrecipes.data.inputs import as_inputs
from kerasrecipes.data.tables import read_table
from kerasrecipes.data.target import as_target

if TYPE_CHECKING:
    import pandas

FILES = (".csv", ".npz", ".parquet")
USUAL_TARGETS = ("target", "label", "class", "y")


def read(name_or_path: "str | Path", target: str | None = None, *, task: str = "auto") -> Examples:
    """Reads examples as they are: nothing is fitted, and every guess is told in a note.

    Args:
        name_or_path: `"digits"`, `"breast_cancer"`, `"wine"`, `"diabetes"`, `"iris"`, `"mnist"`,
            `"fashion_mnist"`, `"cifar10"`, or the path of a .csv, .npz or .parquet file.
        target: String. The column of a table to predict. Default: the one named target, label,
            class or y (in any case), else the last.
        task: `"auto"` (default: told from the target), `"classification"` or `"regression"`.

    Returns:
        Examples: inputs, targets, the task, names, and notes for a person.

    Raises:
        DataError: In one line, what keeps the data from being used and what to do.
        ValueError: If `task` is unknown.

    Example:
    >>> examples = read("digits")
    >>> examples.x.shape, examples.image_shape, examples.task
    ((1797, 64), (8, 8, 1), 'classification')
    """
    if str(name_or_path) in NAMES:
        return _read_named(str(name_or_path), target, task)
    path = existing_file(name_or_path)
    try:
        if path.suffix.lower() == ".npz":
            return _read_archive(path, target, task)
        return _read_table(path, target, task)
    except OSError as error:
        raise DataError(f"`{path}` cannot be read ({error.strerror or error}).") from error


def read_inputs(path: "str | Path") -> "np.ndarray | pandas.DataFrame":
    """Reads the inputs alone, as for new rows whose targets are not known.

    Args:
        path: String or Path of a .csv, .npz or .parquet file. A column or an array of targets may
            be there: a table keeps all its columns, empty ones too, an archive gives its `x`.

    Returns:
        DataFrame `(m, columns)` or array of rows or images, as `Examples.x`.

    Raises:
        DataError: If the file cannot be used.

    Example:
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "new.npz"
    >>> np.savez(path, x=np.ones((2, 3)))
    >>> read_inputs(path).shape
    (2, 3)
    """
    file = existing_file(path)
    try:
        if file.suffix.lower() == ".npz":
            return as_inputs(read_archive(file)["x"], "x").x
        return read_table(file, empty_columns=True)[0]
    except OSError as error:
        raise DataError(f"`{file}` cannot be read ({error.strerror or error}).") from error


def existing_file(name_or_path: "str | Path") -> Path:
    """Returns the path of a data file, or says what is wrong with the name.

    Args:
        name_or_path: String or Path.

    Returns:
        Path of an existing file with a known ending.

    Raises:
        DataError: If it is neither a known name nor such a file.

    Example:
    >>> existing_file("digit")
    Traceback (most recent call last):
        ...
    kerasrecipes.data.errors.DataError: `digit` is no data set known by name: did you mean
    `digits`?..."""
    path = Path(name_or_path).expanduser()
    if path.is_dir():
        raise DataError(f"`{path}` is a directory: give one {_listed(FILES)} file in it.")
    if not path.exists():
        raise DataError(_missing(str(name_or_path), path))
    if not path.is_file():
        raise DataError(f"`{path}` is no file but a pipe or a device: save the data to a file.")
    if path.suffix.lower() not in FILES:
        raise DataError(
            f"`{path.name}` has the ending {path.suffix or '(none)'}, and only {_listed(FILES)} "
            "files are read: save it as one of them."
        )
    return path


def _missing(name: str, path: Path) -> str:
    if path.suffix or len(path.parts) > 1:
        beside = path.parent.iterdir() if path.parent.is_dir() else ()
        near = difflib.get_close_matches(path.name, [file.name for file in beside], 1)
        hint = f" Did you mean `{path.parent / near[0]}`?" if near else " Check the path."
        return f"there is no file `{path}`.{hint}"
    near = difflib.get_close_matches(name.lower().replace("-", "_"), NAMES, 1, cutoff=0.5)
    hint = f"did you mean `{near[0]}`? Known are" if near else "known are"
    return (
        f"`{name}` is no data set known by name: {hint} {', '.join(NAMES)}; or give the path of a "
        f"{_listed(FILES)} file."
    )


def _listed(names: Iterable[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} or {last}"


def _read_named(name: str, target: str | None, task: str) -> Examples:
    _refuse_target(name, target)
    found = load_named(name)
    inputs = as_inputs(found.x)
    y, chosen, _ = as_target(found.y, "y", found.task if task == "auto" else task)
    return Examples(
        name, inputs.x, y, chosen, found.image_shape or inputs.image_shape, found.feature_names
    )


def _read_archive(path: Path, target: str | None, task: str) -> Examples:
    _refuse_target(path.name, target)
    arrays = read_archive(path)
    if "y" not in arrays:
        raise DataError(f"`{path.name}` holds inputs `x` but no targets: add an array `y`.")
    x, y = arrays["x"], arrays["y"]
    if len(x) != len(y):
        raise DataError(
            f"`x` of `{path.name}` has {len(x):,} rows and `y` has {len(y):,}: each example needs "
            "one target, so make them equal."
        )
    inputs = as_inputs(x)
    y, chosen, notes = as_target(y, "y", task)
    if "parts" in arrays:
        notes = (f"{', '.join(arrays['parts'])} were joined: the split is made anew.", *notes)
    names = () if inputs.image_shape else tuple(f"x{i}" for i in range(inputs.x.shape[1]))
    return Examples(path.stem, inputs.x, y, chosen, inputs.image_shape, names, "y", notes)


def _read_table(path: Path, target: str | None, task: str) -> Examples:
    frame, notes = read_table(path)
    name, guessed = _target_column(frame, target, path.name)
    present = frame[name].notna()
    missing = len(frame) - int(present.sum())
    if missing:
        frame = frame[present].reset_index(drop=True)
        guessed += (f"{missing:,} rows without a value of `{name}` were left out.",)
    y, chosen, target_notes = as_target(frame[name], name, task)
    x = frame.drop(columns=name)
    if not x.shape[1]:
        raise DataError(
            f"`{path.name}` has no column beside the target `{name}`: add some to predict it from."
        )
    names = tuple(x.columns)
    return Examples(path.stem, x, y, chosen, None, names, name, (*notes, *guessed, *target_notes))


def _target_column(
    frame: "pandas.DataFrame", target: str | None, file: str
) -> tuple[str, tuple[str, ...]]:
    columns = list(frame.columns)
    if target is not None:
        if target not in columns:
            near = sorted(columns, key=lambda name: -_likeness(name, target))
            shown = ", ".join(near[:20]) + (f" and {len(near) - 20} more" if len(near) > 20 else "")
            raise DataError(
                f"`{file}` has no column `{target}` to predict: choose one of its columns {shown}."
            )
        return target, ()
    for usual in USUAL_TARGETS:
        for name in columns:
            if name.lower() == usual:
                return name, (f"`{name}` is taken as the target, for its name.",)
    return columns[-1], (
        f"`{columns[-1]}`, the last column, is taken as the target: name another with `target`.",
    )


def _likeness(name: str, target: str) -> float:
    return difflib.SequenceMatcher(None, name.lower(), target.lower()).ratio()


def _refuse_target(name: str, target: str | None) -> None:
    if target is not None:
        raise DataError(
            f"`target` chooses a column of a table, and `{name}` is none: leave it out. "
            f"Received: target={target!r}."
        )
