"""Tuning on keras-tuner's parts: many workers that may die, a search that goes on.

What is listed here is imported when it is first asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kerasrecipes.tuning.distributed.launch import launch_workers

__all__ = ["launch_workers"]
_FROM = {"launch_workers": "distributed.launch"}


def __getattr__(name: str) -> Any:
    if name in _FROM:
        return getattr(import_module(f"kerasrecipes.tuning.{_FROM[name]}"), name)
    raise AttributeError(f"module 'kerasrecipes.tuning' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
