"""What a person sees while a recipe runs."""

import io
import re

import pytest
from rich.console import Console

from kerasrecipes.diagnosis import ErrorEstimate, read_bias_variance
from kerasrecipes.recipe import EpochDone, RecipeStep, Said, Settings, StepDone, StepStarted
from kerasrecipes_cli.display import Display

ODD = "[red]a[/] :smile: [/nothing]"


def step(number, *, kept=True, name="bigger network"):
    reading = read_bias_variance(
        ErrorEstimate(0.125, 0.1, 0.15, 800, "share"), ErrorEstimate(0.25, 0.2, 0.3, 400, "share")
    )
    return RecipeStep(number, name, "why", Settings(), reading, 0.5, kept, 1.25, 3, 0.1, 10, {})


def shown(events, *, terminal=False, width=200):
    console = Console(
        file=io.StringIO(), force_terminal=terminal, width=width, highlight=False, emoji=False
    )
    with Display(console) as display:
        for event in events:
            display(event)
    return plain(console)


def plain(console):
    """What a console was given, without colours and movements."""
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", console.file.getvalue())


def test_each_step_is_a_decision_a_result_and_a_row_of_the_table():
    text = shown(
        [
            StepStarted(1, "smallest model", "a quick start.", 2),
            EpochDone(1, 1, 2, 0.5, 0.75),
            StepDone(step(1)),
            StepStarted(2, "L2", "variance 12.5 % is high.", 2),
            StepDone(step(2, kept=False)),
        ]
    )
    lines = text.splitlines()
    assert lines[0] == "1. smallest model: a quick start."
    result = "   train error 12.50%, dev error 25.00%: both; {}, 1.2 s"
    assert lines[1] == result.format("kept")
    assert lines[2:4] == ["2. L2: variance 12.5 % is high.", result.format("dropped")]
    assert lines[4].split() == ["#", "tried", *["train", "error", "dev", "error"], "verdict",
                                "seconds"]  # fmt: skip
    assert lines[5].split() == ["1", "bigger", "network", "12.50%", "25.00%", "both", "kept", "1.2"]
    assert lines[6].split()[-2:] == ["dropped", "1.2"]


@pytest.mark.parametrize("terminal", [False, True])
@pytest.mark.parametrize(
    "event", [Said(ODD), StepStarted(1, ODD, "why.", 2), StepStarted(1, "L2", ODD, 2)]
)
def test_markup_in_what_is_said_is_shown_as_it_is(event, terminal):
    assert ODD in shown([event], terminal=terminal)


def test_a_terminal_shows_the_epoch_and_its_costs():
    console = Console(file=io.StringIO(), force_terminal=True, width=200)
    with Display(console) as display:
        display(StepStarted(1, "L2", "why.", 7))
        display(EpochDone(1, 3, 7, 0.5, 0.75))
        display.live.refresh()
    text = plain(console)
    assert "epoch 3 of 7" in text
    assert "cost train 0.5, dev 0.75" in text


def test_the_table_shows_names_with_markup_as_they_are():
    assert ODD in shown([StepDone(step(1, name=ODD))])


def test_a_narrow_terminal_breaks_nothing():
    assert "kept" in shown([Said("word " * 40), StepDone(step(1))], width=60)


def test_nothing_done_shows_nothing():
    assert shown([]) == ""
