"""The weights of a saved model: arrays that lie in the file itself, no larger than it says."""

from __future__ import annotations

import io
import math
import zipfile
from collections.abc import Iterator
from typing import Any

from kerasrecipes.data import DataError
from kerasrecipes.data.memory import require_memory

H5 = "model.weights.h5"
MOST_EXPANSION, FREE_EXPANSION_BYTES = 1000, 1 << 28


def check_weights(archive: zipfile.ZipFile, file: str) -> None:
    """Refuses weights that lie in other files, or that claim more than is stored.

    Args:
        archive: Of the model, its members checked already.
        file: Name of the file, for the messages.

    Raises:
        DataError: If an entry is a link, a virtual or an external array, or if the declared sizes
            do not fit what is stored, or the memory.
    """
    if H5 not in archive.namelist():
        return  # `.npz`, which Keras reads without pickle, member by member
    import h5py

    declared = 0
    with h5py.File(io.BytesIO(archive.read(H5)), "r") as weights:
        for place, array in _arrays(weights, file):
            if array.external or array.is_virtual:
                raise DataError(_elsewhere(file, place))
            size = math.prod(array.shape or ()) * array.dtype.itemsize
            if size > FREE_EXPANSION_BYTES + MOST_EXPANSION * array.id.get_storage_size():
                raise DataError(
                    f"`{file}` claims {size / 1e9:.1f} GB for the weights `{place}` and stores "
                    f"{array.id.get_storage_size():,} bytes: the file is damaged or made to fail."
                )
            declared += size
    require_memory(declared, f"`{file}`")


def _arrays(weights: Any, file: str) -> Iterator[tuple[str, Any]]:
    """The arrays of an HDF5 file with their places, each group once; a link is refused."""
    import h5py

    waiting, seen = [("", weights)], {weights.id}
    while waiting:
        place, group = waiting.pop()
        for name in group:
            inner = f"{place}/{name}"
            if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                raise DataError(_elsewhere(file, inner))
            found = group[name]
            if isinstance(found, h5py.Dataset):
                yield inner, found
            elif isinstance(found, h5py.Group) and found.id not in seen:
                seen.add(found.id)
                waiting.append((inner, found))


def _elsewhere(file: str, place: str) -> str:
    return (
        f"`{file}` has weights `{place}` that lie elsewhere, such as in another file: Keras never "
        "saves such links, so do not trust it."
    )
