import dataclasses
import json

import numpy as np

from kerasrecipes.diagnosis.run_state import run_of_state, state_of_run
from kerasrecipes.diagnosis.trace import Run, Skill, Units

RUN = Run(
    costs=(2.0, 1.0),
    dev_costs=(3.0, np.nan),
    batch_costs=np.array([2.5, 1.5]),
    skill=Skill(0.75, 0.5, None, 30),
    gradient_norms={"out/kernel": np.array([0.25], "float32")},
    update_ratios={"out/kernel": np.array([0.5], "float32")},
    looks=np.array([7]),
    not_finite=(3, "out/kernel"),
    units={"hidden": Units(0.25, 0.0)},
)


def test_a_run_comes_back_from_its_state_with_arrays_as_lists():
    text = json.dumps(state_of_run(RUN), default=lambda array: array.tolist())
    back = run_of_state(json.loads(text))
    np.testing.assert_equal(dataclasses.asdict(back), dataclasses.asdict(RUN))
    assert (back.skill, back.units, back.not_finite) == (RUN.skill, RUN.units, RUN.not_finite)
    assert back.looks.dtype == int


def test_a_state_shares_nothing_with_the_run():
    state = state_of_run(RUN)
    state["batch_costs"][0] = state["gradient_norms"]["out/kernel"][0] = 9.0
    assert RUN.batch_costs[0] == 2.5
    assert RUN.gradient_norms["out/kernel"][0] == 0.25
