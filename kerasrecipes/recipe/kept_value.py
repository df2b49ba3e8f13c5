"""One value in a directory of its own, whole or not there."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kerasrecipes.checkpoints import CheckpointError, CheckpointStore


class KeptValue:
    """Writes a value so that a kill leaves the old one or the new one; reads it if it is whole.

    Args:
        directory: Made when something is written.
        say: Called with a line for what cannot be written, or was found corrupted.

    Example:
        >>> import tempfile
        >>> kept = KeptValue(tempfile.mkdtemp(), print)
        >>> kept.read() is None
        True
        >>> kept.write({"rate": 0.1})
        True
        >>> kept.read()
        {'rate': 0.1}
    """

    def __init__(self, directory: str | os.PathLike[str], say: Callable[[str], Any]) -> None:
        self.directory, self.say = Path(directory), say
        self._store = CheckpointStore(directory, keep=1, sink=say)

    def write(self, value: Any) -> bool:
        """Takes the place of what was there; whether it could be written.

        Args:
            value: A tree as `CheckpointStore.save` takes it.
        """
        try:
            self._store.save(1, value, {})
        except OSError as error:
            self.say(
                f"warning: `{self.directory}` cannot be written ({error.strerror or error}): if "
                "this process is killed, that part is done again."
            )
            return False
        return True

    def read(self) -> Any:
        """What was written last; None if there is nothing, or nothing whole.

        A corrupted one is set aside and said.

        Raises:
            OSError: If the system does not let it be read.
        """
        try:
            found = self._store.newest()
        except CheckpointError:
            self._store.set_aside()
            self.say(f"`{self.directory}` holds nothing that can be used: that part is done again.")
            return None
        return None if found is None else found.state

    def is_there(self) -> bool:
        """Whether something was written, whole or not."""
        return any(self.directory.glob("checkpoint-*"))
