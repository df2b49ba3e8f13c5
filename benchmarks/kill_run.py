"""`kerasrecipes run` killed again and again: does it end as a run never killed?

`python benchmarks/kill_run.py [--data iris] [--kills 10] [--seed 0] [--limit 900]` runs once
undisturbed, then again in another directory, where its process is killed with SIGKILL at random
instants and started again with `--resume`, until it has been killed so often; the last one is left
alone. The files of both runs are compared: everything in `result.json` but times, the history, and
every weight of the saved model, to the bit. Exit status 1 if anything differs.

The instants are spread over the work, not over the seconds of importing Keras: a process is killed
some time after it has said its first line on the data.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

TIMES = ("seconds", "resumed")
SIGN = "split: "  # begins a line that is said when the data are ready
WITHOUT_END = 60.0  # minutes of budget, so that it is not what ends the run


def started(*arguments: str) -> subprocess.Popen:
    """A run in a process of its own."""
    command = [sys.executable, "-u", "-m", "kerasrecipes", "run", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def seconds_of_work(process: subprocess.Popen, limit: float) -> float:
    """Lets a run end; the seconds after its data were ready."""
    began = ready(process)
    last = process.communicate(timeout=limit)[0].strip().rpartition("\n")[2]
    if process.returncode:
        raise RuntimeError(f"the run ended with status {process.returncode}: {last}")
    return time.monotonic() - began


def ready(process: subprocess.Popen) -> float:
    """Waits until the data are ready; when that was."""
    for line in process.stdout:
        if line.startswith(SIGN):
            break
    return time.monotonic()


def kill_again_and_again(arguments, directory: Path, work: float, options) -> list[float]:
    """Begins a run and kills it, as often as asked for; seconds of work before each kill."""
    chance, kills = random.Random(options.seed), []
    begun = time.monotonic()
    while len(kills) < options.kills:
        if time.monotonic() - begun > options.limit:
            raise TimeoutError(f"{len(kills)} kills took more than {options.limit:g} s")
        is_there = (directory / ".progress").is_dir()
        process = started(*(("--resume", str(directory)) if is_there else arguments))
        ready(process)
        wait = chance.uniform(0, 1.5 * work / options.kills)
        try:
            process.wait(timeout=wait)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            kills.append(wait)
        else:
            print(f"ended by itself after {len(kills)} kills")
            return kills
    seconds_of_work(started("--resume", str(directory)), options.limit)
    return kills


def faults(whole: Path, killed: Path) -> list[str]:
    """What differs between the files of two runs; empty if only times do."""
    import keras

    import kerasrecipes  # noqa: F401 - registers its layers

    found = []
    results = [told(directory) for directory in (whole, killed)]
    for name in results[0]:
        if results[0][name] != results[1].get(name):
            found.append(f"result.json: {name} is {results[1].get(name)}, not {results[0][name]}")
    for name in ("history.csv", "encoding.json"):
        if (whole / name).read_bytes() != (killed / name).read_bytes():
            found.append(f"{name} differs")
    models = [keras.saving.load_model(each / "model.keras") for each in (whole, killed)]
    pairs = zip(*(model.get_weights() for model in models), strict=True)
    different = sum(not np.array_equal(one, other) for one, other in pairs)
    if different:
        found.append(f"{different} weights differ")
    left = sorted(set(os.listdir(killed)) - set(os.listdir(whole)))
    return [*found, *(f"{name} was left" for name in left)]


def told(directory: Path) -> dict:
    """The result of a run without its times."""
    result = json.loads((directory / "result.json").read_text(encoding="utf-8"))
    for step in result["steps"]:
        del step["seconds"]
    return {name: value for name, value in result.items() if name not in TIMES}


def main(arguments: list[str] | None = None) -> int:
    options = parsed(arguments)
    with tempfile.TemporaryDirectory() as root:
        whole, killed = Path(root, "whole"), Path(root, "killed")
        asked = (options.data, "--target-error", str(options.target_error))
        asked += ("--budget-minutes", str(WITHOUT_END))
        work = seconds_of_work(started(*asked, "--out", str(whole)), options.limit)
        print(f"undisturbed: {work:.0f} s of work, {len(told(whole)['steps'])} steps")
        kills = kill_again_and_again((*asked, "--out", str(killed)), killed, work, options)
        wrong = faults(whole, killed)
    print("\n".join(wrong) or f"{len(kills)} kills: results and weights equal to the bit")
    return 1 if wrong else 0


def parsed(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", default="iris")
    parser.add_argument("--target-error", type=float, default=0.02, help="where the run ends")
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--limit", type=float, default=900.0, help="seconds for each part")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
