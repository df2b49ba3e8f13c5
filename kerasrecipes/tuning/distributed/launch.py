"""Chief and workers of a search, started on this machine."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Sequence
from pathlib import Path

from kerasrecipes.tuning.distributed import guarded_tuner, settings
from kerasrecipes.tuning.distributed.atomic import make_directory
from kerasrecipes.tuning.distributed.members import ALONE, CHIEF, LocalRunner, Member, Runner
from kerasrecipes.tuning.distributed.results import SweepResult
from kerasrecipes.tuning.distributed.sweep import Sweep, SweepState

RUNNERS = ("processes", "ray")
TUNER_VARIABLES = ("KERASTUNER_ORACLE_IP", "KERASTUNER_ORACLE_PORT", "KERASTUNER_TUNER_ID")
LOOPBACK = "127.0.0.1"


def launch_workers(
    n: int,
    script: str | os.PathLike[str],
    arguments: Sequence[str] = (),
    *,
    runner: str = "processes",
    logs: str | os.PathLike[str] | None = None,
    port: int | None = None,
    deadline_seconds: float = 30.0,
    watch: Callable[[SweepState], None] | None = None,
) -> SweepResult:
    """Runs a keras-tuner script as a chief and `n` workers, and keeps them alive until it is done.

    The script is the one that would run alone: it makes a tuner and calls `search`. A worker that
    dies is started again and its trial is run again; a chief that dies goes on from its directory.
    The sweep itself may be killed: started again, it goes on where it was.

    Args:
        n: Integer >= 0. Number of workers; 0 runs the script alone in one process, with the same
            care for its files and the same restarts.
        script: Path of a Python script. It need not import kerasrecipes.
        arguments: Strings for its command line. Defaults to `()`.
        runner: `"processes"` on this machine, or `"ray"`: workers as Ray tasks, of a cluster if one
            is at hand. Defaults to `"processes"`.
        logs: Directory for the output of each process, appended. Defaults to `None`, which is
            `runs/sweep-` and the script's name.
        port: Integer in [1, 65535] for the chief. Defaults to `None`, which is a free one.
        deadline_seconds: Float > 0. A worker that was silent for so long is given up. Defaults to
            `30.0`.
        watch: Called with a `SweepState` a few times a second. Defaults to `None`.

    Returns:
        A `SweepResult`: `best`, `trials`, `restarts`, `seconds`.

    Raises:
        ValueError: If an argument is out of its range, or there is no such script.
        ImportError: If `runner="ray"` and Ray is not installed.
        SearchFailedError: If the search has failed: its message says why.
        SweepError: If processes die again and again, or the script makes no tuner.
        StoreError: If `logs` cannot be written.

    Example:
        >>> import kerasrecipes as kr
        >>> kr.tuning.launch_workers(3, "no_such_script.py")
        Traceback (most recent call last):
        ValueError: `script` must be the path of a Python script. Received: script=no_such_sc...
    """
    path = Path(script)
    _check(n, path, runner, port, deadline_seconds)
    folder = Path(logs) if logs is not None else Path("runs") / f"sweep-{path.stem}"
    make_directory(folder)
    status_file = folder / "status.json"
    status_file.unlink(missing_ok=True)
    local = LocalRunner(path, arguments)
    environment = {
        guarded_tuner.STATUS: str(status_file.resolve()),
        settings.DEADLINE: f"{deadline_seconds:g}",
    }
    if not n:
        members = [Member(ALONE, local, environment, folder / f"{ALONE}.log")]
        address = None
    else:
        workers, host = _worker_runner(runner, path, arguments, local)
        port = port or _free_port(host)
        address = f"{host}:{port}"
        environment |= {"KERASTUNER_ORACLE_IP": host, "KERASTUNER_ORACLE_PORT": str(port)}
        members = [_member(CHIEF, local, environment, folder)]
        members += [_member(f"tuner{i}", workers, environment, folder) for i in range(n)]
    return Sweep(members, status_file, address, watch or _unwatched).run()


def _check(n: int, script: Path, runner: str, port: int | None, deadline_seconds: float) -> None:
    if n < 0:
        raise ValueError(f"`n` must be >= 0, the number of workers. Received: n={n}.")
    if not script.is_file():
        raise ValueError(
            f"`script` must be the path of a Python script. Received: script={script}."
        )
    if runner not in RUNNERS:
        raise ValueError(f"`runner` must be one of {RUNNERS}. Received: runner={runner}.")
    if port is not None and not 1 <= port <= 65535:
        raise ValueError(f"`port` must lie in [1, 65535]. Received: port={port}.")
    if not 0 < deadline_seconds < float("inf"):
        raise ValueError(
            f"`deadline_seconds` must be > 0. Received: deadline_seconds={deadline_seconds}."
        )


def _member(name: str, runner: Runner, environment: dict[str, str], folder: Path) -> Member:
    own = {**environment, "KERASTUNER_TUNER_ID": name}
    return Member(name, runner, own, folder / f"{name}.log")


def _worker_runner(
    runner: str, script: Path, arguments: Sequence[str], local: Runner
) -> tuple[Runner, str]:
    """Who starts the workers, and the address of this machine that they can reach."""
    if runner == "processes":
        return local, LOOPBACK
    from kerasrecipes.tuning.distributed.ray_runner import RayRunner

    on_ray = RayRunner(script, arguments)
    return on_ray, on_ray.host


def _free_port(host: str) -> int:
    with socket.socket() as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


def _unwatched(_state: SweepState) -> None:
    """Where nobody watches."""
