"""Every code block of the README and the site runs, as a reader would run it: top to bottom.

The Python blocks of a page share one namespace, the shell blocks its folder. What a block needs and
does not show (data, a model trained before) stands in an HTML comment above it that begins with
`setup` and the language. Blocks that need a cluster are checked for their syntax, and say so in a
comment `syntax`. Blocks without a language are output or drawings.
"""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import keras
import pytest
import yaml

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
PIECE = re.compile(
    r"^<!-- setup (?P<setup>python|sh)\n(?P<needs>.*?)-->"
    r"|^ *<!-- (?P<syntax>syntax)[^\n]*-->"
    r"|^(?P<indent> *)```(?P<language>\w*)[^\n]*\n(?P<code>.*?)^ *```\s*$",
    re.DOTALL | re.MULTILINE,
)
RUN_HERE = {"python", "sh"}


class Block(NamedTuple):
    """A block of code: its language and its text; one that is not run is only read."""

    language: str
    code: str
    runs: bool = True


def blocks(path):
    found, runs = [], True
    for piece in PIECE.finditer(path.read_text(encoding="utf-8")):
        if piece["syntax"]:
            runs = False
        elif piece["setup"]:
            found.append(Block(piece["setup"], piece["needs"]))
        elif piece["language"]:
            lines = piece["code"].splitlines()
            code = "\n".join(line.removeprefix(piece["indent"]) for line in lines)
            found.append(Block(piece["language"], code, runs))
            runs = True
    return found


WITH_CODE = [
    path
    for path in PAGES
    if any(block.runs and block.language in RUN_HERE for block in blocks(path))
]
name_of = {path: str(path.relative_to(ROOT)) for path in PAGES}


def script(path):
    """The blocks of a page as one script; shell blocks are run from it, in their place."""
    parts = ["import subprocess", "import sys"]
    for block in blocks(path):
        if block.runs and "__name__" in block.code:  # a script of its own
            parts.append(f"open('script.py', 'w').write({block.code!r})")
            parts.append("subprocess.run([sys.executable, 'script.py'], check=True)")
        elif block.runs and block.language == "python":
            parts.append(block.code)
        elif block.runs and block.language == "sh":
            parts.append(f"subprocess.run(['bash', '-euc', {block.code!r}], check=True)")
    return "\n".join(parts)


@pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="readers are shown the default backend"
)
@pytest.mark.parametrize("path", WITH_CODE, ids=name_of.get)
def test_the_blocks_of_a_page_run(path, tmp_path):
    file = tmp_path / "page.py"
    file.write_text(script(path), encoding="utf-8")
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
    }
    done = subprocess.run(
        [sys.executable, str(file)],
        cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=1200,
    )  # fmt: skip
    assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-4000:]}"


@pytest.mark.parametrize("path", PAGES, ids=name_of.get)
def test_what_is_not_run_is_at_least_read(path):
    for block in blocks(path):
        assert block.language in {*RUN_HERE, "yaml", "bash"}, block.language
        if block.language == "yaml":
            assert all(yaml.safe_load_all(block.code))
        if block.language in ("bash", "sh"):
            subprocess.run(["bash", "-n", "-c", block.code], check=True)
        if block.language == "python":
            compile(block.code, str(path), "exec")
