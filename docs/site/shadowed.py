"""Lets the reference show functions that share their name with the file they are in."""

from __future__ import annotations

from typing import Any

import griffe


class Shadowed(griffe.Extension):
    """Puts the function `layers.dropout_disabled` in the place of the file `dropout_disabled.py`.

    At run time the import in `__init__.py` does so; read without running, the file wins.
    """

    def on_package(self, *, pkg: griffe.Module, **options: Any) -> None:
        """Called when all files of a package have been read."""
        for package in pkg.modules.values():
            for name in package.exports or ():
                file = package.members.get(str(name))
                if file is not None and file.is_module and str(name) in file.members:
                    target = file.members[str(name)]
                    package.members[str(name)] = griffe.Alias(str(name), target, parent=package)
