"""The parts of `benchmarks/kill.py`: programs, how they are killed, and how ends are compared."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # the tests' file system that fails
