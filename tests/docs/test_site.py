"""The site builds without a warning or a network, and shows what the recipes measured."""

import os
import re
import subprocess
import sys
from pathlib import Path

import keras
import pytest

import kerasrecipes as kr
from docs.images.floors import PICTURE, drawn
from docs.site.run_recipes import is_current, table

if keras.backend.backend() != "tensorflow":
    pytest.skip("the site is the same on every backend", allow_module_level=True)
pytest.importorskip("mkdocs", reason="the site needs the extra `docs`")

ROOT = Path(__file__).parents[2]
REFERENCE = """data layers initializers regularizers schedules gradients diagnosis callbacks tuning
recipe report lessons devices""".split()  # noqa: SIM905
NAMES = sorted(path.stem for path in (ROOT / "recipes").glob("[a-z]*.py"))


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The built site, every warning an error."""
    folder = tmp_path_factory.mktemp("site")
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-4000:]
    return folder


def page(site, name):
    return (site / name / "index.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_a_topic_shows_its_claims_its_figures_and_its_script(site, name):
    text = page(site, f"topics/{name}")
    assert '<ul class="claims">' in text
    assert f"kerasrecipes recipe {name}" in text
    assert "The script: recipes/" in text
    assert 'class="broken"' not in text
    figures = re.findall(r'<img src="([\w-]+\.(?:svg|png))"', text)
    assert figures
    assert all((site / "topics" / name / figure).is_file() for figure in figures)
    assert (site / "notebooks" / f"{name}.ipynb").is_file()
    assert f'href="{name}/"' in page(site, "topics")


@pytest.mark.parametrize("name", NAMES)
def test_the_numbers_of_a_topic_belong_to_the_script_as_it_is(name):
    assert is_current(name), f"run `make topics`, or `python -m docs.site.run_recipes {name}`"


def test_the_table_of_the_recipes_is_what_they_measured():
    results = (ROOT / "docs" / "results.md").read_text(encoding="utf-8")
    assert "\n".join(table()) in results, "run `make topics`"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("api/layers", ["Standardize", "InvertedDropout", "Raises", "Examples"]),
        ("api/callbacks", ["EarlyStopping", "BiasVarianceReporter", "Resume"]),
        ("api/command-line", ["kerasrecipes run", "--human-error", "kerasrecipes nudge"]),
        ("architecture", ["floors.svg"]),
        ("changelog", ["Unreleased"]),
    ],
)
def test_a_page_says_what_it_is_for(site, name, words):
    text = page(site, name)
    for word in words:
        assert word in text


@pytest.mark.parametrize("package", REFERENCE)
def test_the_reference_has_every_public_name(site, package):
    shown = page(site, f"api/{package}")
    listed = getattr(kr, package).__all__
    missing = [n for n in listed if f'id="kerasrecipes.{package}.{n}"' not in shown]
    assert missing == []


def test_nothing_is_loaded_from_elsewhere(site):
    loads = re.compile(r'(?:src|href)="(?:https?:)?//[^"]*"|url\((?:https?:)?//[^)]*\)')
    for path in [*site.rglob("*.html"), *site.rglob("*.css")]:
        found = loads.findall(path.read_text(encoding="utf-8"))
        assert not found, f"{path.relative_to(site)}: {found[:3]}"


def test_the_floors_are_drawn_as_the_contract_has_them():
    assert PICTURE.read_text(encoding="utf-8") == drawn(), "run `python -m docs.images.floors`"
