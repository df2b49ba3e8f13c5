"""What the command line refuses itself."""

from __future__ import annotations


class OptionError(ValueError):
    """An option or an argument that cannot be used; the message is one line."""
