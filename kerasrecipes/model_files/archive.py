"""The members of a `.keras` archive: their names, their kinds, and the sizes that they declare."""

from __future__ import annotations

import stat
import zipfile
from collections import Counter
from pathlib import Path, PurePosixPath

from kerasrecipes.data import DataError
from kerasrecipes.data.memory import require_memory

CONFIG, WEIGHTS = "config.json", ("model.weights.h5", "model.weights.npz")
FILES = frozenset({CONFIG, "metadata.json", *WEIGHTS})
ASSETS = "assets"
MOST_TEXT_BYTES = 1 << 26  # of the configuration
TEXT_MEMORY_FACTOR = 10  # the text, and the objects made of it
WEIGHTS_MEMORY_FACTOR = 2  # the file in memory, and the arrays made of it
MOST_EXPANSION, FREE_EXPANSION_BYTES = 200, 1 << 28


def check_archive(archive: zipfile.ZipFile, file: Path) -> None:
    """Refuses an archive that reaches outside itself or unpacks to more than it should.

    Args:
        archive: Open for reading; nothing is unpacked.
        file: Its path.

    Raises:
        DataError: If a member has another name than Keras gives, lies outside the archive, is a
            link, is there twice or is encrypted; if the configuration or the weights are missing;
            or if the declared sizes do not fit the memory, or the size of the file.
    """
    members = archive.infolist()
    for member in members:
        _check_member(member, file.name)
    counts = Counter(member.filename for member in members)
    twice = [name for name, count in counts.items() if count > 1]
    if twice:
        raise DataError(f"`{file.name}` holds `{twice[0]}` twice: the file is not as Keras saves.")
    missing = {CONFIG} - counts.keys() or not counts.keys() & set(WEIGHTS)
    if missing:
        raise DataError(
            f"`{file.name}` is no model saved by Keras: it needs `{CONFIG}` and `{WEIGHTS[0]}`."
        )
    _check_sizes(members, file)


def _check_member(member: zipfile.ZipInfo, file: str) -> None:
    name = member.filename
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name:
        raise DataError(
            f"`{file}` holds `{name}`, a path outside the archive: Keras never writes one, so do "
            "not trust the file."
        )
    if name not in FILES and path.parts[:1] != (ASSETS,):
        raise DataError(f"`{file}` holds `{name}`, which is no part of a model saved by Keras.")
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise DataError(f"`{file}` holds `{name}`, a link or a device: only files are read.")
    if member.flag_bits & 0x1:
        raise DataError(f"`{file}` holds `{name}` encrypted: save the model without a password.")


def _check_sizes(members: list[zipfile.ZipInfo], file: Path) -> None:
    text = sum(m.file_size for m in members if m.filename.endswith(".json"))
    total = sum(m.file_size for m in members)
    stored = file.stat().st_size
    if text > MOST_TEXT_BYTES or total > FREE_EXPANSION_BYTES + MOST_EXPANSION * stored:
        raise DataError(
            f"`{file.name}` has {stored / 1e6:.1f} MB and unpacks to {total / 1e9:.1f} GB, "
            f"{text / 1e6:.0f} MB of it text: no model that Keras saves is like that."
        )
    needed = TEXT_MEMORY_FACTOR * text + WEIGHTS_MEMORY_FACTOR * (total - text)
    require_memory(needed, f"`{file.name}`")
