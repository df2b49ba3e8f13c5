"""The one place where keras-tuner's parts are exchanged for ours, and put back.

| of keras-tuner | ours |
|---|---|
| `oracle_chief.start_server` | `chief.start_server`: heartbeats, deadlines, one completion each |
| `oracle_client.OracleClient` | `client.OracleClient`: survives its chief |
| `utils.save_json`, `utils.create_directory` | `atomic`: files that are whole |
| `Oracle.reload` | `reload.reload_oracle`: mends what a killed process left |
| `BaseTuner.__init__`, `BaseTuner.search` | the same, the directory guarded: `guarded_tuner` |

These are looked up by keras-tuner when it calls them, so exchanging the names is enough; no public
way exists to give a tuner another chief or client. `uninstall` puts back what was there.
"""

from __future__ import annotations

from typing import Any, NamedTuple

# keras-tuner exports neither its chief nor its client nor the functions that write its files.
from keras_tuner.src import utils
from keras_tuner.src.distribute import oracle_chief, oracle_client
from keras_tuner.src.engine import base_tuner, oracle


class Exchange(NamedTuple):
    """One name of keras-tuner, and what stood and stands there."""

    owner: Any
    name: str
    theirs: Any
    ours: Any


def install() -> None:
    """Puts our chief, client and files in the place of keras-tuner's, for this process.

    Calling it again does nothing.

    Example:
        >>> from kerasrecipes.tuning.distributed import install, installed, uninstall
        >>> install()
        >>> installed()
        True
        >>> uninstall()
        >>> installed()
        False
    """
    if installed():
        return
    for owner, name, ours in _ours():
        _EXCHANGED.append(Exchange(owner, name, getattr(owner, name), ours))
        setattr(owner, name, ours)


def uninstall() -> None:
    """Puts keras-tuner's own parts back; names that someone else has exchanged since stay."""
    while _EXCHANGED:
        owner, name, theirs, ours = _EXCHANGED.pop()
        if getattr(owner, name) is ours:
            setattr(owner, name, theirs)


def installed() -> bool:
    """Whether our parts stand in the place of keras-tuner's."""
    return bool(_EXCHANGED)


_EXCHANGED: list[Exchange] = []


def _ours() -> list[tuple[Any, str, Any]]:
    from kerasrecipes.tuning.distributed.chief import start_server
    from kerasrecipes.tuning.distributed.client import OracleClient
    from kerasrecipes.tuning.distributed.guarded_tuner import guarded_init, guarded_search
    from kerasrecipes.tuning.distributed.local_files import on_this_machine
    from kerasrecipes.tuning.distributed.reload import reload_oracle

    def reload(self: Any) -> None:
        reload_oracle(self)

    tuner = base_tuner.BaseTuner
    save_json, create_directory = on_this_machine(utils.save_json, utils.create_directory)
    return [
        (utils, "save_json", save_json),
        (utils, "create_directory", create_directory),
        (oracle.Oracle, "reload", reload),
        (tuner, "__init__", guarded_init(tuner.__init__)),
        (tuner, "search", guarded_search(tuner.search)),
        (oracle_chief, "start_server", start_server),
        (oracle_client, "OracleClient", OracleClient),
    ]
