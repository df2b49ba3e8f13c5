"""Workers as Ray tasks, of a cluster where one is at hand, else of this machine."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from kerasrecipes.tuning.distributed import parent
from kerasrecipes.tuning.distributed.members import Process

LOST = -9  # exit status of a task whose node or process was lost


class RayRunner:
    """Starts a script in Ray tasks, one CPU each.

    Ray is asked for a cluster as it is by `ray.init()`: `RAY_ADDRESS`, one that was started on this
    machine, else a new one for this process. The chief stays here; with several nodes it listens on
    this node's address, else on loopback.

    Args:
        script: The script; sent along for nodes that lack it.
        arguments: Of its command line.

    Raises:
        ImportError: If Ray is not installed.
    """

    def __init__(self, script: Path, arguments: Sequence[str]) -> None:
        try:
            import ray
        except ImportError as error:
            raise ImportError(
                "Ray is not installed: `pip install kerasrecipes[ray]`, or run the workers as "
                "processes of this machine."
            ) from error
        self._ray: Any = ray
        if not ray.is_initialized():
            ray.init(include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)
        nodes = [node for node in ray.nodes() if node["Alive"]]
        self.host = ray.util.get_node_ip_address() if len(nodes) > 1 else "127.0.0.1"
        self._script, self._arguments = script.resolve(), list(arguments)
        self._task = ray.remote(max_retries=0, num_cpus=1)(_task())

    def start(self, environment: Mapping[str, str], log: Path) -> Process:
        """Starts the script in a task."""
        source = self._script.read_text(encoding="utf-8")
        return RayProcess(
            self._ray,
            self._task.remote(
                str(self._script),
                source,
                self._arguments,
                dict(environment),
                str(log.resolve()),
                os.getcwd(),
                parent.PARENT,
            ),
        )


class RayProcess:
    """A script that runs in a Ray task."""

    def __init__(self, ray: Any, task: Any) -> None:
        self._ray, self._task = ray, task

    def poll(self) -> int | None:
        """Its exit status; None while it runs or waits for a free CPU."""
        ready, _ = self._ray.wait([self._task], timeout=0)
        if not ready:
            return None
        try:
            status: int = self._ray.get(self._task)
        except self._ray.exceptions.RayError:  # the node, or Ray's process on it, has died
            return LOST
        return status

    def terminate(self) -> None:
        """Ends it: the script ends with Ray's process."""
        self._ray.cancel(self._task, force=True)

    def kill(self) -> None:
        """Ends it."""
        self.terminate()


def _task() -> Callable[..., int]:
    """The task; a function of its own, so that Ray need not import this library to run it."""

    def run(
        script: str,
        source: str,
        arguments: list[str],
        environment: dict[str, str],
        log: str,
        directory: str,
        parent_variable: str,
    ) -> int:
        import os
        import subprocess
        import sys
        import tempfile
        from pathlib import Path

        if not Path(script).is_file():
            script = str(Path(tempfile.mkdtemp(), Path(script).name))
            Path(script).write_text(source, encoding="utf-8")
        Path(log).parent.mkdir(parents=True, exist_ok=True)
        module = "kerasrecipes.tuning.distributed.run_script"
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0)
        with os.fdopen(os.open(log, flags, 0o666), "ab") as output:
            return subprocess.run(
                [sys.executable, "-m", module, script, *arguments],
                env={**os.environ, parent_variable: str(os.getpid()), **environment},
                cwd=directory if Path(directory).is_dir() else None,
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
            ).returncode

    return run
