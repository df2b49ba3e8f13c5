"""Our files where the directory is on this machine, keras-tuner's in an object store."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kerasrecipes.tuning.distributed import atomic

Save = Callable[[str, Any], str]
Make = Callable[..., None]


def on_this_machine(save_json: Save, create_directory: Make) -> tuple[Save, Make]:
    """Keras-tuner's two functions with ours for every path that is no address.

    Args:
        save_json: `keras_tuner`'s; used for `gs://...` and the like, where a write is whole anyway.
        create_directory: `keras_tuner`'s.
    """

    def save(path: str, obj: Any) -> str:
        return save_json(path, obj) if is_remote(path) else atomic.save_json(path, obj)

    def make(path: str, remove_existing: bool = False) -> None:
        if is_remote(path) or remove_existing:
            create_directory(path, remove_existing=remove_existing)
        else:
            atomic.make_directory(path)

    return save, make


def is_remote(path: object) -> bool:
    """Whether a path is the address of an object store."""
    return "://" in str(path)
