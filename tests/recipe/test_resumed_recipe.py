"""A recipe killed at any instant and run again ends as the one that never was."""

import keras
import numpy as np
import pytest

from kerasrecipes.checkpoints import DirectoryLock
from kerasrecipes.checkpoints.preemption import Preempted, Preemption
from kerasrecipes.data import DataError, Split
from kerasrecipes.recipe import EpochDone, RecipeInterrupted, Said, StepDone, StepStarted, trainer
from kerasrecipes.recipe.kept_value import KeptValue
from tests.recipe.killed_recipe import SPLIT, Killed, build, planned, require_same, rows, walk


@pytest.fixture(scope="module", autouse=True)
def plan():
    with pytest.MonkeyPatch.context() as patch, planned(patch):
        yield


@pytest.fixture(scope="module")
def whole(plan):
    """Never killed, and nothing kept."""
    return walk(None)


class At:
    """Raises at the n-th event of a kind, counted over all trainings of a process."""

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
        [At(StepStarted, 1)],
        [At(EpochDone, 1)],
        [At(EpochDone, 3)],
        [At(StepDone, 1)],
        [At(StepStarted, 2), At(EpochDone, 2), At(EpochDone, 1)],
        [At(StepStarted, 3)],
        [At(EpochDone, 10)],
        [At(EpochDone, 14), At(EpochDone, 1), At(EpochDone, 1)],
        [At(StepDone, 3)],
    ],
    ids=["first step begins", "epoch 1", "epoch 3", "first step ends", "step 2, thrice",
         "ensemble begins", "first member", "second member, thrice", "before the result"],
)  # fmt: skip
def test_killed_at_an_event_it_ends_as_never_killed(instants, whole, tmp_path):
    for at in instants:
        killed(tmp_path, at)
    require_same(walk(tmp_path), whole)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("number", [1, 2, 3, 5, 8])
def test_killed_around_a_save_it_ends_as_never_killed(number, after, whole, tmp_path, monkeypatch):
    write, left = KeptValue.write, [number]

    def dying(self, value):
        left[0] -= 1
        if not left[0] and after:
            write(self, value)
        if not left[0]:
            raise Killed
        return write(self, value)

    monkeypatch.setattr(KeptValue, "write", dying)
    killed(tmp_path, None)
    monkeypatch.setattr(KeptValue, "write", write)
    require_same(walk(tmp_path), whole)


@pytest.mark.parametrize("place", ["gradient_check", "find_rate", "trained_state"])
def test_killed_between_the_phases_of_a_training_it_ends_as_never_killed(
    place, whole, tmp_path, monkeypatch
):
    def dying(*_, **__):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(trainer, place, dying)
        killed(tmp_path, None)
    require_same(walk(tmp_path), whole)


def test_what_was_finished_is_not_trained_or_looked_for_again(whole, tmp_path, monkeypatch):
    killed(tmp_path, At(StepDone, 2))
    for place in ("gradient_check", "find_rate"):
        monkeypatch.setattr(trainer, place, lambda *_, **__: pytest.fail("done again"))
    told = []
    require_same(walk(tmp_path, told.append), whole)
    assert {event.number for event in told if isinstance(event, EpochDone)} == {3}
    assert [event.step.number for event in told if isinstance(event, StepDone)] == [1, 2, 3]


def test_run_again_after_its_end_it_trains_nothing(whole, tmp_path):
    walk(tmp_path)
    told = []
    require_same(walk(tmp_path, told.append), whole)
    assert not any(isinstance(event, EpochDone) for event in told)


def test_ctrl_c_ends_with_what_there_is_and_the_next_process_goes_on(whole, tmp_path):
    epochs = []

    def progress(event):
        epochs.extend([event] if isinstance(event, EpochDone) else [])

    cut = walk(tmp_path, progress, should_stop=lambda: len(epochs) >= 6)
    assert cut.stop_reason == "it was interrupted"
    assert [step.epochs for step in cut.steps] == [4, 3]
    require_same(walk(tmp_path), whole)


def test_an_interrupt_that_is_raised_loses_nothing_either(whole, tmp_path):
    with pytest.raises(RecipeInterrupted):
        walk(tmp_path, At(EpochDone, 6, KeyboardInterrupt))
    require_same(walk(tmp_path), whole)


@pytest.mark.parametrize("number", [1, 6])
def test_sigterm_saves_and_ends_with_status_75(number, whole, tmp_path, monkeypatch):
    began = Preemption.begin
    asked = []

    def begin(self):
        began(self)
        asked.append(self)

    def progress(event):
        if isinstance(event, EpochDone):
            progress.left -= 1
            if not progress.left:
                for preemption in asked:
                    preemption.asked = True

    progress.left = number
    monkeypatch.setattr(Preemption, "begin", begin)
    with pytest.raises(Preempted) as raised:
        walk(tmp_path, progress)
    assert raised.value.code == 75
    monkeypatch.setattr(Preemption, "begin", began)
    require_same(walk(tmp_path), whole)


@pytest.mark.parametrize("name", ["training-001-0/finished", "training-002-0/fit", "facts"])
def test_a_corrupted_part_is_set_aside_and_said_and_done_again(name, whole, tmp_path):
    killed(tmp_path, At(EpochDone, 7))
    for path in (tmp_path / name).glob("checkpoint-*/arrays.npz"):
        path.write_bytes(path.read_bytes()[:-7] + b"corrupt")
    told = []
    require_same(walk(tmp_path, told.append), whole)
    said = " ".join(event.text for event in told if isinstance(event, Said))
    assert "is corrupted" in said
    assert "set aside" in said


def test_a_directory_that_cannot_be_written_is_said_and_costs_nothing_else(
    whole, tmp_path, monkeypatch
):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("kerasrecipes.checkpoints.store.CheckpointStore.save", full)
    monkeypatch.setattr("kerasrecipes.checkpoints.background_saver.RETRY_SECONDS", (0.0,))
    told = []
    require_same(walk(tmp_path, told.append), whole)
    said = [event.text for event in told if isinstance(event, Said)]
    assert any("cannot be written (No space left on device)" in text for text in said)


def test_the_budget_counts_what_was_spent_before(tmp_path):
    killed(tmp_path, At(StepDone, 2))
    before = KeptValue(tmp_path / "training-002-0" / "finished", print).read()["value"]
    again = walk(tmp_path)
    assert before["seconds"] < again.seconds
    assert sum(step.seconds for step in again.steps) == pytest.approx(again.seconds, rel=0.05)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"seed": 1}, "asked seed was 0 and is 1"),
        ({"human_error": 0.1}, r"asked human_error was 0.0 and is 0.1"),
        ({"split": Split(rows(80, 3), SPLIT.dev, (None, None))}, "data train inputs checksum was"),
        ({"split": Split(rows(90), SPLIT.dev, (None, None))}, r"data train inputs shape was \[80"),
    ],
)
def test_another_recipe_is_refused_by_what_differs(options, words, tmp_path):
    killed(tmp_path, At(StepStarted, 1))
    split = options.pop("split", SPLIT)
    recipe = walk.__globals__["BasicRecipe"]
    asked = {"target_error": 0.0, "budget": 30} | options
    with pytest.raises(DataError, match=f"holds the trainings of another recipe: .*{words}"):
        recipe(build, resume_dir=tmp_path, **asked).run(split)


def test_a_second_process_is_refused_by_the_name_of_the_first(tmp_path):
    with DirectoryLock(tmp_path), pytest.raises(DataError, match=r"in use by .*process \d+"):
        walk(tmp_path)


def test_without_a_directory_no_file_is_touched(whole, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(KeptValue, "write", lambda *_: pytest.fail("written"))
    walk(None, At(StepDone, 9))
    assert not any(tmp_path.iterdir())


def test_an_empty_path_is_refused():
    with pytest.raises(ValueError, match=r"`resume_dir` must be a path .* Received: resume_dir=''"):
        walk("")


def test_the_optimizer_goes_on_too(whole, tmp_path):
    killed(tmp_path, At(StepStarted, 2))
    kept = KeptValue(tmp_path / "training-001-0" / "finished", print).read()["value"]["trained"]
    network = build()
    keras.utils.set_random_seed(9)
    from kerasrecipes.recipe.trained_state import trained_from, trained_state

    again = trained_state(trained_from(kept, network))
    assert len(kept["variables"]) > len(network.variables)
    for one, other in zip(kept["variables"], again["variables"], strict=True):
        np.testing.assert_array_equal(one, other)
