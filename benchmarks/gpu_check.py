"""The library on a GPU beside the CPU of the same machine: answers, and seconds.

    python benchmarks/gpu_check.py [--write] [--only NAME ...] [--devices cpu,gpu] [--small]

Each measurement is a process of its own on each device, by the backend that KERAS_BACKEND names:
every recipe's quick mode (its exit status is its claim), the gradient check (exact on a small
network, directional on one of 10 million parameters), a sweep of small models as one program, and
what `Doctor` and `GradientMonitor` cost. Printed is a table, what fell short last; `--write` puts
it into docs/results.md. Without a GPU one line says so, and the exit status is 2; it is 1 if a
measurement failed on a device, or the answers differ.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from gpu_checks.page import Row, lines_of, machine

ROOT = Path(__file__).resolve().parents[1]
MARK = "on a gpu"
MEASURES = ("gradient check, exact", "gradient check, directional", "sweep", "overhead")
LIMIT_SECONDS = 1800


def main() -> int:
    options = read_options()
    devices = options.devices.split(",")
    recipes = sorted(path.stem for path in (ROOT / "recipes").glob("*.py"))
    names = [*(f"recipe {name}" for name in recipes), *MEASURES]
    reason = why_not(options.only, names, devices)
    if reason:
        print(f"nothing was measured: {reason}", file=sys.stderr)
        return 2
    rows = []
    for name in options.only or names:
        rows.append(measured(name, devices, options.small))
        print(rows[-1], flush=True)
    lines = lines_of(rows, devices)
    print("\n".join(["", machine(), *lines]))
    if options.write:
        from pages.section import write_section

        write_section(MARK, [machine(), "", *lines])
    return int(any(row.has_failed for row in rows))


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--write", action="store_true", help="also into docs/results.md")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="these rows alone")
    parser.add_argument("--devices", default="cpu,gpu", help="the two that are compared")
    parser.add_argument("--small", action="store_true", help="sizes for trying the command itself")
    return parser.parse_args()


def why_not(asked: list[str], names: list[str], devices: list[str]) -> str:
    """Why it cannot be measured, in one line; empty if it can."""
    if unknown := sorted(set(asked) - set(names)):
        return f"there is no {', '.join(unknown)}: choose of {', '.join(names)}."
    if len(devices) != 2 or not set(devices) <= {"cpu", "gpu"}:
        return f"--devices must be two of cpu and gpu, such as cpu,gpu, not {','.join(devices)!r}."
    if "gpu" not in devices:
        return ""
    done = _timed([*_runner(), "nothing", "gpu"])[1]
    return _last_line(done).rpartition("DeviceError: ")[2] if done.returncode else ""


def measured(name: str, devices: list[str], is_small: bool) -> Row:
    """One measurement on each device."""
    run = recipe if name.startswith("recipe ") else measure
    return Row(name, *(run(name, device, is_small) for device in devices))


def recipe(name: str, device: str, is_small: bool) -> dict:
    """A recipe's quick mode: its claim, and seconds."""
    script = ROOT / "recipes" / f"{name.removeprefix('recipe ')}.py"
    with tempfile.TemporaryDirectory() as folder:
        options = ["--quick", "--device", device, "--out", folder]
        seconds, done = _timed([sys.executable, str(script), *options])
    return {"seconds": seconds, "ok": done.returncode == 0, "told": _last_line(done)}


def measure(name: str, device: str, is_small: bool) -> dict:
    """One of the measurements of `gpu_checks/measure.py`."""
    size = ["--small"] if is_small else []
    seconds, done = _timed([*_runner(), name, device, *size])
    if done.returncode:
        return {"seconds": seconds, "ok": False, "told": _last_line(done)}
    return {"seconds": seconds, "ok": True, **json.loads(done.stdout.splitlines()[-1])}


def _runner() -> list[str]:
    return [sys.executable, str(Path(__file__).with_name("gpu_checks") / "measure.py")]


def _timed(command: list[str]) -> tuple[float, subprocess.CompletedProcess]:
    began = time.perf_counter()
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            env=_environment(),
            timeout=LIMIT_SECONDS,
        )
    except subprocess.TimeoutExpired:
        told = f"did not end within {LIMIT_SECONDS} s"
        done = subprocess.CompletedProcess(command, 1, "", told)
    return time.perf_counter() - began, done


def _environment() -> dict[str, str]:
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    return {**os.environ, "PYTHONPATH": path}


def _last_line(done: subprocess.CompletedProcess) -> str:
    lines = (done.stdout.strip() if not done.returncode else "").splitlines()
    lines = lines or (done.stderr.strip() or done.stdout.strip()).splitlines()
    return lines[-1] if lines else ""


if __name__ == "__main__":
    sys.exit(main())
