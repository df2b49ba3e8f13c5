"""What a checkpoint must consist of, with checksums of its files and of itself."""

from __future__ import annotations

import hashlib
import json
from typing import Any, NamedTuple

from kerasrecipes.checkpoints.errors import CheckpointError

FORMAT = 1
LARGEST_BYTES = 16 * 2**20
LONGEST_SHOWN = 200


class FileRecord(NamedTuple):
    """A file of a checkpoint.

    Attributes:
        size: In bytes.
        sha256: Of its bytes, in hexadecimal digits.
    """

    size: int
    sha256: str


class Manifest(NamedTuple):
    """The contents of `manifest.json`.

    Attributes:
        number: Of the checkpoint.
        created: When it was written, in ISO 8601.
        about: What the program says of it, as JSON.
        files: What each other file must be, by its name.
    """

    number: int
    created: str
    about: dict[str, Any]
    files: dict[str, FileRecord]

    def to_bytes(self) -> bytes:
        """The file: the contents and their SHA-256, for people to read too.

        Raises:
            ValueError: If it is longer than 16 MiB.
        """
        files = {name: record._asdict() for name, record in self.files.items()}
        data = _rendered({"format": FORMAT, **self._asdict(), "files": files})
        if len(data) > LARGEST_BYTES:
            raise ValueError(
                f"`about` must be small, below {LARGEST_BYTES / 2**20:.0f} MiB: it is read without "
                f"the arrays. Received: {len(data):,} bytes. Put what is large into `state`."
            )
        return data

    @classmethod
    def from_bytes(cls, data: bytes, folder: str) -> Manifest:
        """Reads the file.

        Args:
            data: Its bytes.
            folder: The checkpoint's, for the message.

        Raises:
            ValueError: If it differs in any bit from one that `to_bytes` made.
            CheckpointError: If it is whole and of another format.
        """
        content = json.loads(data)
        if not isinstance(content, dict) or _rendered(content) != data:
            raise ValueError("its checksum is wrong")
        if content["format"] != FORMAT:
            raise CheckpointError(
                f"`{folder}` is of format {content['format']}, and this version of kerasrecipes "
                f"reads format {FORMAT}: use the version that wrote it."
            )
        files = {name: FileRecord(**record) for name, record in content["files"].items()}
        manifest = cls(content["number"], content["created"], content["about"], files)
        sizes = [record.size for record in files.values()]
        if not isinstance(manifest.about, dict) or {type(size) for size in sizes} != {int}:
            raise ValueError("it is no manifest")
        return manifest


def checked_about(about: Any) -> dict[str, Any]:
    """`about`, if it comes back from JSON as it is.

    Raises:
        TypeError: If it is no dict, or holds what JSON has not.
        ValueError: If it holds numbers that are not finite, or what comes back as something else.
    """
    if not isinstance(about, dict):
        raise TypeError(f"`about` must be a dict. Received: about={about!r}. Give it names.")
    rule = "`about` must come back from JSON as it is, to be compared later"
    received = f"Received: about={repr(about)[:LONGEST_SHOWN]}. Use lists, text and finite numbers."
    try:
        again = json.loads(json.dumps(about, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise type(error)(f"{rule} ({error}). {received}") from error
    if again != about:
        raise ValueError(f"{rule}. {received}")
    return about


def _rendered(content: dict[str, Any]) -> bytes:
    """The one text of these contents: an object in which `sha256` comes first."""
    content = {key: value for key, value in content.items() if key != "sha256"}
    digest = hashlib.sha256(json.dumps(content).encode("ascii")).hexdigest()
    return json.dumps({"sha256": digest, **content}, indent=1).encode("ascii")
