"""What `import kerasrecipes` costs beyond `import keras`.

`python benchmarks/import_time.py [--rounds 7]` imports both in fresh processes, in turns, on every
backend that is installed, and prints the medians and their difference last. Goal: under 0.3 s.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import statistics
import subprocess
import sys

TIMED = "import time; start = time.perf_counter(); import {}; print(time.perf_counter() - start)"
GOAL = 0.3


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    worst = 0.0
    for backend in ("tensorflow", "jax"):
        if importlib.util.find_spec(backend) is None:
            print(f"{backend}: not installed, left out")
            continue
        seconds: dict[str, list[float]] = {"keras": [], "kerasrecipes": []}
        for number in range(rounds + 1):
            for module, times in seconds.items():
                taken = import_seconds(module, backend)
                if number:  # the first round warms the disk
                    times.append(taken)
        medians = {module: statistics.median(times) for module, times in seconds.items()}
        extra = medians["kerasrecipes"] - medians["keras"]
        worst = max(worst, extra)
        print(f"{backend}: keras {medians['keras']:.2f} s, kerasrecipes {extra:+.2f} s")
    print(f"import kerasrecipes costs at most {worst:.2f} s more than import keras (goal {GOAL})")
    return 0 if worst < GOAL else 1


def import_seconds(module: str, backend: str) -> float:
    environment = {**os.environ, "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [sys.executable, "-c", TIMED.format(module)]
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    return float(done.stdout)


if __name__ == "__main__":
    sys.exit(main())
