"""A recipe killed at any instant and run again ends as the one that never was."""

import numpy as np
import pytest

from kerasrecipes.checkpoints import DirectoryLock
from kerasrecipes.checkpoints.preemption import Preempted, Preemption
from kerasrecipes.data import DataError, Split
from kerasrecipes.recipe import EpochDone, RecipeInterrupted, Said, StepDone, StepStarted, trainer
from kerasrecipes.recipe.kept_value import KeptValue
from kerasrecipes.recipe.trained_state import trained_from, trained_state
from tests.recipe.killed_recipe import SPLIT, Killed, build, planned, require_same, rows, walk


@pytest.fixture(scope="module", autouse=True)
def plan():
    with pytest.MonkeyPatch.context() as patch, planned(patch):
        yield


@pytest.fixture(scope="module")
def whole(plan):
    """Never killed, and nothing kept."""
    return walk(None)


@pytest.fixture(scope="module")
def half(plan, tmp_path_factory):
    """A directory of which the first step is done and the second begun; look, do not write."""
    directory = tmp_path_factory.mktemp("half")
    killed(directory, At(EpochDone, 4))
    return directory


class At:
    """Raises at the n-th event of a kind in a process."""

    def __init__(self, kind, number, error=Killed):
        self.kind, self.left, self.error = kind, number, error

    def __call__(self, event):
        if isinstance(event, self.kind):
            self.left -= 1
            if not self.left:
                raise self.error


def killed(directory, at):
    with pytest.raises(Killed):
        walk(directory, at)


@pytest.mark.parametrize(
    "instants",
    [
        [At(StepStarted, 1), At(EpochDone, 1), At(EpochDone, 2), At(StepDone, 1),
         At(StepStarted, 3), At(EpochDone, 2), At(EpochDone, 2), At(StepDone, 3)],
        [At(EpochDone, 3), At(StepStarted, 2), At(EpochDone, 2), At(EpochDone, 2),
         At(EpochDone, 4), At(EpochDone, 1)],
    ],
    ids=["between steps too", "in trainings"],
)  # fmt: skip
def test_killed_at_one_event_after_the_other_it_ends_as_never_killed(instants, whole, tmp_path):
    for at in instants:
        killed(tmp_path, at)
    require_same(walk(tmp_path), whole)


def test_killed_before_and_after_each_save_it_ends_as_never_killed(whole, tmp_path, monkeypatch):
    write = KeptValue.write

    def before(self, value):
        raise Killed

    def after(self, value):
        write(self, value)
        raise Killed

    for dying in (before, after, before, after, before, after, after, after):
        monkeypatch.setattr(KeptValue, "write", dying)
        killed(tmp_path, None)
    monkeypatch.setattr(KeptValue, "write", write)
    require_same(walk(tmp_path), whole)


def test_killed_between_the_phases_of_trainings_it_ends_as_never_killed(
    whole, tmp_path, monkeypatch
):
    def dying(*_, **__):
        raise Killed

    for place in ("gradient_check", "find_rate", "random_state", "trained_state"):
        with monkeypatch.context() as patch:
            patch.setattr(trainer, place, dying)
            killed(tmp_path, None)
    require_same(walk(tmp_path), whole)


def test_what_was_finished_is_not_done_again(whole, tmp_path, monkeypatch):
    killed(tmp_path, At(StepDone, 2))
    told = []
    with monkeypatch.context() as patch:
        for place in ("gradient_check", "find_rate"):
            patch.setattr(trainer, place, lambda *_, **__: pytest.fail("done again"))
        first = walk(tmp_path, told.append)
        require_same(first, whole)
        assert {event.number for event in told if isinstance(event, EpochDone)} == {3}
        assert [event.step.number for event in told if isinstance(event, StepDone)] == [1, 2, 3]
        told.clear()
        again = walk(tmp_path, told.append)
    require_same(again, whole)
    assert not any(isinstance(event, EpochDone) for event in told)
    kept = KeptValue(tmp_path / "training-003-2" / "finished", print).read()["value"]
    assert 0 < kept["seconds"] < min(first.seconds, again.seconds)
    assert sum(step.seconds for step in again.steps) == pytest.approx(again.seconds, rel=0.1)


def test_ctrl_c_ends_with_what_there_is_and_the_next_process_goes_on(whole, tmp_path):
    epochs = []

    def progress(event):
        epochs.extend([event] if isinstance(event, EpochDone) else [])

    cut = walk(tmp_path, progress, should_stop=lambda: len(epochs) >= 4)
    assert cut.stop_reason == "it was interrupted"
    assert [step.epochs for step in cut.steps] == [3, 2]
    with pytest.raises(RecipeInterrupted):
        walk(tmp_path, At(EpochDone, 1, KeyboardInterrupt))
    require_same(walk(tmp_path), whole)


def test_sigterm_saves_at_the_next_step_and_ends_with_status_75(whole, tmp_path, monkeypatch):
    begin, begun = Preemption.begin, []

    def noted(self):
        begin(self)
        begun.append(self)

    def asking(event):
        if isinstance(event, EpochDone):
            for preemption in begun:
                preemption.asked = True

    monkeypatch.setattr(Preemption, "begin", noted)
    for _ in range(3):
        begun.clear()
        with pytest.raises(Preempted) as raised:
            walk(tmp_path, asking)
        assert raised.value.code == 75
    require_same(walk(tmp_path), whole)


def test_a_corrupted_part_is_set_aside_and_said_and_done_again(whole, tmp_path):
    killed(tmp_path, At(EpochDone, 5))
    for name in ("training-001-0/finished", "training-002-0/fit"):
        for path in (tmp_path / name).glob("checkpoint-*/arrays.npz"):
            path.write_bytes(path.read_bytes()[:-7] + b"corrupt")
    told = []
    require_same(walk(tmp_path, told.append), whole)
    said = " ".join(event.text for event in told if isinstance(event, Said))
    assert "training-001-0/finished" in said
    assert "training-002-0/fit" in said
    assert said.count("It was set aside") >= 2


def test_trainings_that_may_be_of_another_recipe_are_set_aside_and_said(tmp_path):
    killed(tmp_path, At(StepStarted, 1))
    (tmp_path / "training-001-0").mkdir()
    (path,) = (tmp_path / "facts").glob("checkpoint-*/state.json")
    path.write_text("{}")
    told = []
    killed(tmp_path, lambda event: (told.append(event), At(StepStarted, 1)(event)))
    assert (tmp_path / "set-aside-training-001-0").is_dir()
    said = [event.text for event in told if isinstance(event, Said)]
    assert any("may be of another recipe: it was set aside" in text for text in said)


def test_a_disk_that_is_full_is_said_and_costs_nothing_else(whole, tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("kerasrecipes.checkpoints.store.CheckpointStore.save", full)
    told = []
    require_same(walk(tmp_path, told.append), whole)
    said = [event.text for event in told if isinstance(event, Said)]
    assert any("cannot be written (No space left on device)" in text for text in said)
    assert any("the checkpoint cannot be saved (No space left on device)" in text for text in said)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"seed": 1}, "asked seed was 0 and is 1"),
        ({"human_error": 0.1}, r"asked human_error was 0.0 and is 0.1"),
        ({"split": Split(rows(60, 3), SPLIT.dev, (None, None))}, "data train inputs checksum was"),
        ({"split": Split(rows(90), SPLIT.dev, (None, None))}, r"data train inputs shape was \[60"),
    ],
)
def test_another_recipe_is_refused_by_what_differs(options, words, half):
    with pytest.raises(DataError, match=f"holds the trainings of another recipe: .*{words}"):
        walk(half, **options)


def test_a_second_process_is_refused_by_the_name_of_the_first(tmp_path):
    with DirectoryLock(tmp_path), pytest.raises(DataError, match=r"in use by .*process \d+"):
        walk(tmp_path)


def test_an_empty_path_is_refused():
    with pytest.raises(ValueError, match=r"`resume_dir` must be a path .* Received: resume_dir=''"):
        walk("")


def test_what_is_kept_of_a_training_is_its_optimizer_too(half):
    kept = KeptValue(half / "training-001-0" / "finished", print).read()["value"]["trained"]
    network = build()
    again = trained_state(trained_from(kept, network))
    assert len(kept["variables"]) > len(network.variables)
    for one, other in zip(kept["variables"], again["variables"], strict=True):
        np.testing.assert_array_equal(one, other)
