"""The one error of data that cannot be used."""

from kerasrecipes.data.visible import visible


class DataError(ValueError):
    """Says in one line what is wrong with the data, why it matters, and what to do.

    The command line prints exactly this line and exits with status 2.

    Args:
        message: String. Line breaks and runs of spaces become single spaces, so that a name
            with a line break in it cannot make the message longer than a line; other signs that
            hide or move the cursor are written out.

    Example:
    >>> str(DataError("`a.csv` is empty:\\nwrite a header line and some rows."))
    '`a.csv` is empty: write a header line and some rows.'
    """

    def __init__(self, message: str):
        super().__init__(visible(" ".join(str(message).split())))
