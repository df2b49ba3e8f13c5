"""No bytes give a loader anything but data or a documented error, and nothing is left behind."""

import io
import json
import os
import zipfile

import keras
import numpy as np
import pandas
import pytest
from hypothesis import given, strategies

import kerasrecipes as kr
from kerasrecipes.checkpoints import CheckpointError, CheckpointStore
from kerasrecipes.data import DataError, Encoding, TargetEncoding
from kerasrecipes.data.visible import visible
from kerasrecipes.model_files import load_model_file
from kerasrecipes.recipe.run_encoding import RunEncoding
from kerasrecipes.report import Fact, Findings, Page, Section, Table, figures, render
from kerasrecipes.report.svg import inline
from tests.fuzz.fuzzing import CASES, TOTAL, cases, documented_errors_alone
from tests.model_files.crafted import sound
from tests.report.hostile import assert_harmless

SHARE = max(1, TOTAL // 4 // 12)
FRAME = pandas.DataFrame({"size": [1.0, None, 3.0, 2.0] * 5, "pet": ["a", "b", "b", "c"] * 5})
ROWS = FRAME.assign(label=["u", "v"] * 10)


def archive(**members):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as made:
        for name, value in members.items():
            made.writestr(name, value)
    return content.getvalue()


def parquet():
    content = io.BytesIO()
    ROWS.to_parquet(content)
    return content.getvalue()


def npz():
    content = io.BytesIO()
    np.savez_compressed(content, x=np.arange(40.0).reshape(20, 2), y=np.arange(20) % 2)
    return content.getvalue()


SOUND = {
    "csv": ROWS.to_csv(index=False).encode(),
    "npz": npz(),
    "parquet": parquet(),
    "keras": archive(**sound()),
}
ENDINGS = list(SOUND)
KINDS = (*(f"load .{ending}" for ending in ENDINGS), "RunEncoding.load", "render", "svg")
cells = strategies.text(max_size=8) | strategies.sampled_from(
    ["1", "-2.5", "nan", "inf", "1e999", "", '"', ",", ";", "\t", "2020-01-01", "\ufeff", "1,5"]
)
values = strategies.recursive(
    strategies.none() | strategies.booleans() | strategies.floats() | strategies.integers()
    | strategies.text(max_size=10),
    lambda inner: strategies.lists(inner, max_size=3)
    | strategies.dictionaries(strategies.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)  # fmt: skip


@strategies.composite
def damaged(draw, content):
    """The bytes of a sound file, cut, with bytes changed, or with a piece put in."""
    changed = bytearray(content)
    for _ in range(draw(strategies.integers(0, 4))):
        place = draw(strategies.integers(0, len(changed)))
        piece = draw(strategies.binary(max_size=8))
        changed[place : place + draw(strategies.sampled_from([0, len(piece)]))] = piece
    return bytes(changed[: draw(strategies.integers(0, len(changed)) | strategies.none())])


def read_file(path):
    load = load_model_file if path.suffix == ".keras" else kr.data.load
    message = ""
    with documented_errors_alone(f"load {path.suffix}"):
        try:
            load(path)
        except DataError as error:
            message = str(error)
    assert "\n" not in message
    assert visible(message) == message
    assert os.listdir(path.parent) == [path.name]


@pytest.mark.parametrize("ending", ENDINGS)
def test_damaged_files_are_read_or_refused(ending, tmp_path):
    @cases(SHARE)
    @given(damaged(SOUND[ending]))
    def check(content):
        path = tmp_path / f"a.{ending}"
        path.write_bytes(content)
        read_file(path)

    check()


@pytest.mark.parametrize("name", ["arrays.npz", "state.json", "manifest.json"])
def test_a_damaged_checkpoint_is_never_read_as_another_state(name, tmp_path):
    state = {"weights": np.arange(6.0), "epoch": 3, "said": ["cost \u00e9"]}
    store = CheckpointStore(tmp_path, sink=lambda line: None)
    path = store.save(1, state, {"seed": 0}) / name
    sound = path.read_bytes()

    @cases(SHARE)
    @given(damaged(sound))
    def check(content):
        path.parent.mkdir(exist_ok=True)
        for other, text in others.items():
            (path.parent / other).write_bytes(text)
        path.write_bytes(content)
        try:
            found = store.newest()
        except CheckpointError:
            assert content != sound
        else:
            assert content == sound
            assert found.state["epoch"] == 3
            np.testing.assert_array_equal(found.state["weights"], state["weights"])

    others = {each.name: each.read_bytes() for each in path.parent.iterdir()}
    check()


@pytest.mark.parametrize("ending", ENDINGS)
def test_bytes_of_no_kind_are_refused(ending, tmp_path):
    @cases(SHARE)
    @given(strategies.binary(max_size=200))
    def check(content):
        path = tmp_path / f"a.{ending}"
        path.write_bytes(content)
        read_file(path)

    check()


def test_tables_of_odd_cells_are_read_or_refused(tmp_path):
    @cases(SHARE)
    @given(strategies.lists(strategies.lists(cells, min_size=1, max_size=4), max_size=6))
    def check(rows):
        path = tmp_path / "a.csv"
        text = "\n".join(",".join(row) for row in rows)
        path.write_text(text, encoding="utf-8", errors="replace", newline="")
        read_file(path)

    check()


def places_in(value, path=()):
    """The way to every entry of nested dicts and lists."""
    inside = value.items() if isinstance(value, dict) else enumerate(value)
    for key, entry in inside:
        yield (*path, key)
        if isinstance(entry, dict | list):
            yield from places_in(entry, (*path, key))


def replaced(saved, path, value):
    """A copy with another value at the end of a way."""
    copy = json.loads(json.dumps(saved))
    place = copy
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return copy


def test_an_encoding_with_another_entry_is_used_or_refused(tmp_path):
    target = TargetEncoding.fit(np.array(["u", "v"]), "classification")
    fitted = Encoding.fit(FRAME)
    names = ("size", "pet")
    saved = RunEncoding(fitted, target, "label", (len(fitted.feature_names),), names).to_dict()

    @cases(SHARE)
    @given(strategies.sampled_from(list(places_in(saved))), values)
    def check(path, value):
        text = json.dumps(replaced(saved, path, value))
        (tmp_path / "encoding.json").write_text(text, encoding="utf-8", errors="replace")
        with documented_errors_alone("RunEncoding.load"):
            encoding = RunEncoding.load(tmp_path)
            encoding.inputs(FRAME)
            encoding.target.transform(np.array(["u", "v"]))
            encoding.target.inverse([0, 1])

    check()


def test_a_model_with_another_configuration_is_used_or_refused(tmp_path):
    config = json.loads(sound()["config.json"])

    @cases(SHARE)
    @given(strategies.sampled_from(list(places_in(config))), values)
    def check(path, value):
        content = {**sound(), "config.json": json.dumps(replaced(config, path, value))}
        file = tmp_path / "a.keras"
        file.write_bytes(archive(**content))
        read_file(file)

    check()
    keras.backend.clear_session()


def test_any_text_in_a_page_stays_text():
    @cases(SHARE)
    @given(strategies.text(max_size=30), strategies.floats())
    def check(text, number):
        with documented_errors_alone("render"):
            table = Table((text,), [(text,), (number,)], text)
            costs = figures.cost_curves([(text, [number, 1.0], [2.0, number])])
            section = Section(text, text, (table, Findings((), text), costs))
            html = render(Page(text, text, (Fact(text, text, text),), (section,), text))
            assert_harmless(html)

    check()


def test_any_text_for_a_picture_is_cleaned_or_refused():
    pieces = strategies.sampled_from(
        ["<svg viewBox='0 0 1 1'>", "</svg>", "<g ", "style='fill:red'", "onload='a'", ">", "]]>",
         "<script>", "<!--", "-->", "<![CDATA[", "&lt;", "href='#a'", "\x00", "<text>", "</text>"]
    )  # fmt: skip

    @cases(SHARE)
    @given(strategies.lists(pieces | strategies.text(max_size=5), max_size=10))
    def check(parts):
        with documented_errors_alone("svg"):
            cleaned = inline("<svg viewBox='0 0 1 1'>" + "".join(parts) + "</svg>", "a")
            assert_harmless(f"<html>{cleaned}</html>")

    check()


def test_the_loaders_had_their_share_of_the_cases():
    counts = [CASES[kind] for kind in KINDS]
    if all(counts):  # not where a few of them were asked for
        assert sum(counts) >= TOTAL // 5
