"""The files of the pages: ours from the package, the charts' from the installed Bokeh."""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import importlib.resources
import importlib.util
from pathlib import Path
from typing import NamedTuple

OURS = importlib.resources.files("kerasrecipes.live").joinpath("page")
BOKEH = ("bokeh.min.js", "bokeh-api.min.js")
PAGES = ("fit.html", "watch.html")
MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".html": "text/html; charset=utf-8",
}


class PageFile(NamedTuple):
    """A file as it is sent.

    Attributes:
        content: All of it.
        media_type: For `Content-Type`.
    """

    content: bytes
    media_type: str


@functools.cache
def page(name: str) -> PageFile:
    """One of `PAGES`, which asks for its files by `version`, so that the browser may keep them."""
    if name not in PAGES:
        raise ValueError(f"the pages are {', '.join(PAGES)}. Received: {name!r}.")
    content, media_type = _our_file(name)
    return PageFile(content.replace(b'"/static/', f'"/static/{version()}/'.encode()), media_type)


@functools.cache
def version() -> str:
    """Of all static files together: another one if a byte of them is another."""
    digest = hashlib.sha256(importlib.metadata.version("bokeh").encode())
    for name in sorted(_our_names()):
        digest.update(name.encode() + b"\0" + _our_file(name).content)
    return digest.hexdigest()[:16]


def static_file(name: str) -> PageFile | None:
    """A file that the pages ask for; None if the table has none of that name."""
    if name in BOKEH:
        return _bokeh_file(name)
    return _our_file(name) if name in _our_names() else None


@functools.cache
def _our_names() -> frozenset[str]:
    """The table: what lies in the package, but no pages."""
    names = (file.name for file in OURS.iterdir() if file.is_file())
    return frozenset(n for n in names if Path(n).suffix in MEDIA_TYPES and n not in PAGES)


@functools.cache
def _our_file(name: str) -> PageFile:
    media_type = MEDIA_TYPES[Path(name).suffix]
    return PageFile(OURS.joinpath(name).read_bytes(), media_type)


@functools.cache
def _bokeh_file(name: str) -> PageFile:
    """Found without importing Bokeh, which takes long."""
    spec = importlib.util.find_spec("bokeh")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("Bokeh is not installed: pip install kerasrecipes[live]")
    path = Path(spec.submodule_search_locations[0], "server", "static", "js", name)
    return PageFile(path.read_bytes(), MEDIA_TYPES[path.suffix])
