"""Why a model cannot be trained together with others."""


class NotStackable(Exception):  # noqa: N818 - no fault of the user's
    """Raised where a model has to be trained alone; the message says why, as a clause."""
