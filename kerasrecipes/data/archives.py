"""Arrays from .npz files, weighed before they are read."""

import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.lib import format as npy

from kerasrecipes.data.errors import DataError
from kerasrecipes.data.memory import require_memory

PARTS = ("train", "dev", "val", "valid", "validation", "test")
MOST_LISTED = 20
MEMORY_FACTOR = 2  # the array, and its float32 copy


def read_archive(path: "str | Path") -> dict[str, np.ndarray]:
    """Reads the inputs `x` and, where there are any, the targets `y` of an .npz file.

    Keys `x` and `y` (in either case), else `x_train`, `y_train`, `x_test`, ... joined in that
    order. The sizes that the file declares are compared with the free memory, and with the shapes
    in it, before anything is unpacked; nothing in it is ever run.

    Args:
        path: String or Path, of an existing file.

    Returns:
        `{"x": array}` or `{"x": array, "y": array}`, with as many rows each, and `"parts"` joined
        as an array of names if there were parts.

    Raises:
        DataError: If it is no .npz file, has no such keys, holds Python objects, or is too large.

    Example:
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "a.npz"
    >>> np.savez(path, x_train=np.zeros((3, 2)), x_test=np.ones((1, 2)))
    >>> read_archive(path)["x"].shape
    (4, 2)
    """
    path = Path(path)
    try:
        with zipfile.ZipFile(path) as archive:
            members = {i.filename.removesuffix(".npy"): i for i in archive.infolist()}
            wanted = _wanted(members, path.name)
            total = sum(members[key].file_size for keys in wanted.values() for key in keys)
            require_memory(MEMORY_FACTOR * total, f"`{path.name}`")
            for key in (key for keys in wanted.values() for key in keys):
                _check_member(archive, members[key], f"`{key}` of `{path.name}`")
        with np.load(path, allow_pickle=False) as arrays:
            return _join(arrays, wanted, path.name)
    except DataError:
        raise
    except Exception as error:  # damaged bytes raise whatever they lead to
        raise DataError(
            f"`{path.name}` is not a sound .npz file ({str(error)[:80]}): write it with "
            "`numpy.savez(path, x=x, y=y)`."
        ) from error


def _wanted(members: Mapping[str, zipfile.ZipInfo], file: str) -> dict[str, list[str]]:
    """Returns the keys to be joined to `x` and to `y`; the latter may be missing."""
    lower = {key.lower(): key for key in members}
    if "x" in lower:
        return {name: [lower[name]] for name in ("x", "y") if name in lower}
    parts = [part for part in PARTS if f"x_{part}" in lower]
    if not parts:
        raise DataError(
            f"`{file}` holds the arrays {_listed(sorted(members)) or '(none)'}: name the inputs "
            "`x` and the targets `y` (or `x_train`, `y_train`, `x_test`, `y_test`)."
        )
    with_targets = [part for part in parts if f"y_{part}" in lower]
    if with_targets and with_targets != parts:
        alone = next(part for part in parts if part not in with_targets)
        raise DataError(f"`{file}` holds `x_{alone}` without `y_{alone}`: add it or leave it out.")
    wanted = {"x": [lower[f"x_{part}"] for part in parts]}
    return wanted | {"y": [lower[f"y_{part}"] for part in parts]} if with_targets else wanted


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - MOST_LISTED:,} more" if len(names) > MOST_LISTED else ""
    return ", ".join(names[:MOST_LISTED]) + more


def _check_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, what: str) -> None:
    """Compares the shape that an array claims with the bytes that are there."""
    with archive.open(member) as file:
        version = npy.read_magic(file)
        read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, _, dtype = read(file)
        start = file.tell()
    if dtype.hasobject:
        raise DataError(
            f"{what} holds Python objects, which could run any program when read: save plain "
            'numbers or text, for example `x.astype("float32")` or `y.astype(str)`.'
        )
    size = dtype.itemsize
    for length in shape:
        size *= int(length)
    if start + size != member.file_size:
        raise DataError(
            f"{what} claims shape {shape} of {dtype}, {size:,} bytes, but "
            f"{member.file_size - start:,} are there: the file is damaged, write it again."
        )


def _join(arrays: Mapping, wanted: dict[str, list[str]], file: str) -> dict[str, np.ndarray]:
    joined = {}
    for name, keys in wanted.items():
        parts = [np.asarray(arrays[key]) for key in keys]
        shapes = {part.shape[1:] for part in parts}
        if any(not part.ndim for part in parts):
            raise DataError(
                f"`{name}` of `{file}` is a single value: give one row for each example."
            )
        if len(shapes) > 1:
            raise DataError(
                f"{' and '.join(f'`{key}`' for key in keys)} of `{file}` have examples of "
                f"different shapes {', '.join(map(str, sorted(shapes)))}: make them equal."
            )
        joined[name] = parts[0] if len(parts) == 1 else np.concatenate(parts)
    if len(wanted["x"]) > 1:
        joined["parts"] = np.array(wanted["x"])
    return joined
