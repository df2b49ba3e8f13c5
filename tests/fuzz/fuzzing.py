"""How many cases are tried, which errors are documented, and what is a hang."""

import contextlib
import os
import signal
import warnings
from collections import Counter

from hypothesis import HealthCheck, Phase, settings

TOTAL = int(os.environ.get("KR_FUZZ_CASES", "2400"))
DOCUMENTED = (ValueError, TypeError, OSError)  # DataError is a ValueError
SECONDS = 20
CASES: Counter[str] = Counter()


class Hang(BaseException):
    """A case that does not end."""


def cases(count):
    """The settings of one test; the same cases each time, unless a longer run is asked for."""
    return settings(
        max_examples=max(1, count),
        derandomize="KR_FUZZ_CASES" not in os.environ,
        database=None,
        deadline=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )


@contextlib.contextmanager
def documented_errors_alone(kind):
    """Lets a case end as it should, and counts it; any other error, and a hang, comes through."""

    def ring(*_):
        raise Hang(f"a case of {kind} took more than {SECONDS} s")

    CASES[kind] += 1
    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(SECONDS)
    try:
        with contextlib.suppress(*DOCUMENTED), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
