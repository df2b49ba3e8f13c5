"""A file system that fails at, or stops at, a chosen operation."""

from kerasrecipes.checkpoints import Files


class Killed(BaseException):
    """The process died here: nothing is done any more."""


class NoWait(Files):
    """The file system without waiting for the disk."""

    def sync(self, file):
        file.flush()

    def sync_folder(self, folder):
        pass


class EachOperation(Files):
    """Calls a method before each operation of the class that stands behind it, or of `Files`."""

    def before(self, name, target, *arguments):
        """The operation is about to begin; `target` is its first argument."""


def _told(name):
    def operation(self, target, *arguments):
        self.before(name, target, *arguments)
        return getattr(super(EachOperation, self), name)(target, *arguments)

    return operation


for _name in vars(Files):
    if not _name.startswith("_"):
        setattr(EachOperation, _name, _told(_name))


class FaultyFiles(EachOperation, NoWait):
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

    def strike(self):
        """What happens there."""
        raise self.error

    def before(self, name, target, *arguments):
        self.done.append((name, target))
        if self.fails():
            if name == "write" and self.half and len(self.done) - 1 == self.at:
                NoWait.write(self, target, arguments[0][: len(arguments[0]) // 2])
            self.strike()
