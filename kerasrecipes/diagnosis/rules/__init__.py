"""The rules: each a pure function from a `Trace` to findings, registered in one table."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from kerasrecipes.diagnosis.finding import Finding
from kerasrecipes.diagnosis.trace import Trace

Rule = Callable[[Trace], Iterator[Finding]]

RULES: tuple[Rule, ...] = ()
