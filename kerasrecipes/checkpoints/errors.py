"""The one error of checkpoints that cannot be used."""


class CheckpointError(RuntimeError):
    """Says in one line why a directory of checkpoints is refused, and what to do.

    It is no `OSError`: what the system refuses may be tried again, this may not.
    """
