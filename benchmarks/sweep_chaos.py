"""Workers, the chief and the sweep itself killed again and again: is anything lost?

`python benchmarks/sweep_chaos.py [--script light|digits] [--trials 24] [--workers 3]` runs one
search undisturbed, then

- with chief and workers on loopback, SIGKILL of a random worker every few seconds and once of the
  chief;
- in one process, the sweep killed with SIGKILL and started again 10 times.

Each must end with every trial completed exactly once, with the scores of the undisturbed search,
and the same best one. Exit status 1 if one does not, or takes longer than `--limit` seconds.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from kerasrecipes.tuning import launch_workers
from kerasrecipes.tuning.distributed.results import TrialTable, best_of

SCRIPTS = Path(__file__).parent / "sweep_scripts"
TOLERANCE = 1e-3  # of scores of real trainings, whose sums may be taken in another order
TRIAL = {"light": "1.5", "digits": "15"}  # seconds, epochs


class Killer:
    """Kills a random worker every few seconds, and the chief once half of the trials are done.

    Args:
        trials: Number of trials of the search.
        every: Seconds between kills of workers.
        limit: Seconds after which the sweep is taken to hang.
        seed: Of the choice.
    """

    def __init__(self, trials: int, every: float, limit: float, seed: int = 0) -> None:
        self.trials, self.every, self.limit = trials, every, limit
        self.killed: list[str] = []
        self._random = random.Random(seed)
        self._next: float | None = None

    def watch(self, state) -> None:
        """Looks at the sweep, and strikes when it is time."""
        if state.seconds > self.limit:
            raise TimeoutError(f"the sweep has not ended in {self.limit:g} s")
        done = sum(row.status == "COMPLETED" for row in state.trials)
        alive = [member for member in state.members if member.pid and member.state != "ended"]
        if not done or done == self.trials:
            return
        if "chief" not in self.killed and 2 * done >= self.trials:
            self._kill([member for member in alive if member.name == "chief"])
        if self._next is None or state.seconds >= self._next:
            self._kill([member for member in alive if member.name != "chief"])
            self._next = state.seconds + self._random.uniform(0.5, 1.5) * self.every

    def _kill(self, members) -> None:
        if members:
            victim = self._random.choice(members)
            with contextlib.suppress(ProcessLookupError):
                os.kill(victim.pid, signal.SIGKILL)
                self.killed.append(victim.name)


def faults(project: Path, expected: dict[str, float], tolerance: float) -> list[str]:
    """What is wrong with a search's table; empty if every trial was completed exactly once."""
    rows = TrialTable().read(project)
    state = json.loads((project / "oracle.json").read_text(encoding="utf-8"))
    ids = [row.trial_id for row in rows]
    found = []
    if ids != sorted(expected) or sorted(state["end_order"]) != ids:
        found.append(f"trials {ids}, ended {state['end_order']}, expected {sorted(expected)}")
    found += [f"trial {row.trial_id} is {row.status}" for row in rows if row.status != "COMPLETED"]
    found += [f"trial {key} ran {n} times" for key, n in state["run_times"].items() if n != 1]
    found += [
        f"trial {row.trial_id} scored {row.score}, undisturbed {expected[row.trial_id]}"
        for row in rows
        if row.score is None or abs(row.score - expected.get(row.trial_id, row.score)) > tolerance
    ]
    for row in rows:
        metrics = json.loads((project / f"trial_{row.trial_id}/trial.json").read_text())["metrics"]
        values = [
            len(observation["value"])
            for metric in metrics["metrics"].values()
            for observation in metric["observations"]
        ]
        if any(number != 1 for number in values):
            found.append(f"trial {row.trial_id} was measured {max(values)} times")
    best = best_of(rows, "min")
    if best is None or best.score - min(expected.values()) > tolerance:
        found.append(f"the best is {best}, undisturbed {min(expected.values())}")
    return found


def kill_members(script: Path, folder: Path, arguments, options) -> tuple[float, list[str]]:
    """The search by a chief and workers, with kills; seconds, and who was killed."""
    killer = Killer(options.trials, options.kill_every, options.limit, options.seed)
    found = launch_workers(
        options.workers,
        script,
        (str(folder), *arguments),
        logs=folder / "logs",
        deadline_seconds=5.0,
        watch=killer.watch,
    )
    return found.seconds, killer.killed


def kill_sweep(script: Path, folder: Path, arguments, options) -> tuple[float, int]:
    """The search in one process, killed and started again; seconds, and how often it was killed."""
    chance = random.Random(options.seed)
    command = [*sweep_command(folder), str(script), str(folder), *arguments]
    begun, kills = time.monotonic(), 0
    while True:
        before = completed(folder)
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as sweep:
            while sweep.poll() is None and not (
                kills < options.kills and completed(folder) > before
            ):
                if time.monotonic() - begun > options.limit:
                    sweep.kill()
                    raise TimeoutError(f"the search has not ended in {options.limit:g} s")
                time.sleep(0.05)
            if sweep.poll() is not None:
                return time.monotonic() - begun, kills
            time.sleep(chance.uniform(0, 2 * options.pause))
            # Half of the time the searching process goes first; else it ends by itself.
            if kills % 2:
                for child in children(sweep.pid):
                    os.kill(child, signal.SIGKILL)
            sweep.kill()
            kills += 1


def sweep_command(folder: Path) -> list[str]:
    """What runs a script in one process, and sees it through."""
    return [sys.executable, "-m", "kerasrecipes", "sweep", "--json", "--logs", str(folder / "logs")]


def completed(folder: Path) -> int:
    """How many trials of a directory are completed."""
    return sum(row.status == "COMPLETED" for row in TrialTable().read(folder / "search"))


def children(pid: int) -> list[int]:
    """Processes that a process has started, where the system tells (Linux)."""
    listed = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in listed.read_text().split()] if listed.exists() else []


def main(arguments: list[str] | None = None) -> int:
    options = parsed(arguments)
    script = SCRIPTS / f"{options.script}.py"
    given = (str(options.trials), options.trial or TRIAL[options.script])
    tolerance = TOLERANCE if options.script == "digits" else 0.0
    with tempfile.TemporaryDirectory() as root:
        plain, members, process = (Path(root, name) for name in ("plain", "members", "process"))
        calm = launch_workers(0, script, (str(plain), *given), logs=plain / "logs")
        expected = {row.trial_id: row.score for row in calm.trials}
        print(
            f"undisturbed: {len(expected)} trials, best {calm.best.trial_id} of {calm.best.score}"
        )
        seconds, killed = kill_members(script, members, given, options)
        print(f"killed {', '.join(killed)}: {seconds:.0f} s")
        wrong = [f"members: {fault}" for fault in faults(members / "search", expected, tolerance)]
        if "chief" not in killed or len(set(killed)) < 2:
            wrong.append("members: too short to kill a worker and the chief")
        seconds, kills = kill_sweep(script, process, given, options)
        print(f"sweep killed {kills} times and started again: {seconds:.0f} s")
        wrong += [f"sweep: {fault}" for fault in faults(process / "search", expected, tolerance)]
        if kills < options.kills:
            wrong.append(f"sweep: only {kills} kills")
    print(
        "\n".join(wrong) or f"all {len(expected)} trials completed exactly once, best found again"
    )
    return 1 if wrong else 0


def parsed(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--script", choices=("light", "digits"), default="light")
    parser.add_argument("--trials", type=int, default=24)
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--trial", help="seconds (light) or epochs (digits) of each")
    parser.add_argument("--kill-every", type=float, default=5.0, help="seconds between kills")
    parser.add_argument("--kills", type=int, default=10, help="of the sweep itself")
    parser.add_argument("--pause", type=float, default=1.0, help="mean seconds before such a kill")
    parser.add_argument("--limit", type=float, default=600.0, help="seconds for each part")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
