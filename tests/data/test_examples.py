import dataclasses

import numpy as np
import pandas
import pytest

from kerasrecipes.data import Examples


@pytest.mark.parametrize(
    ("examples", "summary"),
    [
        (
            Examples("a", np.ones((4, 8, 8)), np.array([0, 1, 0, 1]), "classification", (8, 8, 1)),
            "a: 4 examples, images of 8 x 8 x 1, classification into 2 classes",
        ),
        (
            Examples("b", pandas.DataFrame({"u": [1, 2]}), np.array([0.5, 1]), "regression"),
            "b: 2 examples, 1 columns, regression",
        ),
    ],
)
def test_the_summary_names_size_kind_and_task(examples, summary):
    assert examples.summary() == summary


def test_examples_cannot_be_changed():
    examples = Examples("a", np.ones((2, 1)), np.array([0, 1]), "classification")
    with pytest.raises(dataclasses.FrozenInstanceError):
        examples.task = "regression"


def test_only_a_frame_is_a_table():
    assert not Examples("a", np.ones((2, 1)), np.array([0, 1]), "classification").is_table
    assert Examples("a", pandas.DataFrame({"u": [1]}), np.array([0]), "classification").is_table
