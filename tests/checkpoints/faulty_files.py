"""A file system that fails at, or stops at, a chosen operation."""

from kerasrecipes.checkpoints import Files


class Killed(BaseException):
    """The process died here: nothing is done any more."""


class FaultyFiles(Files):
    """Counts the operations, and raises instead of the one with index `at`.

    It does not wait for the disk: what it cannot show is the loss of power.

    Args:
        at: Integer >= 0, or None to only count.
        error: What is raised there: an `OSError` once, or `Killed` from there on.
        half: Whether a write that is to raise first writes half of its bytes, as a full disk or a
            kill does.

    Attributes:
        done: The name and the first argument of each operation that was begun.
    """

    def __init__(self, at=None, error=None, half=True):
        self.at, self.error, self.half = at, error, half
        self.done = []

    def fails(self):
        """Whether the operation begun last is to fail."""
        now = len(self.done) - 1
        return now == self.at or (isinstance(self.error, Killed) and now > self.at)


class NoWait(Files):
    """The file system without waiting for the disk."""

    def sync(self, file):
        file.flush()

    def sync_folder(self, folder):
        pass


def _watched(name):
    theirs = getattr(NoWait, name)

    def operation(self, target, *arguments):
        self.done.append((name, target))
        if self.fails():
            if name == "write" and self.half and len(self.done) - 1 == self.at:
                theirs(self, target, arguments[0][: len(arguments[0]) // 2])
            raise self.error
        return theirs(self, target, *arguments)

    return operation


for _name in vars(Files):
    if not _name.startswith("_"):
        setattr(FaultyFiles, _name, _watched(_name))
