import pytest

from kerasrecipes.diagnosis.rules.relation import targets_unrelated
from kerasrecipes.diagnosis.trace import Skill, Trial
from tests.diagnosis.traces import told, trace

CURED = Trial("epochs x 10", "epochs", "epochs=50", Skill(0.9), 0.1)


@pytest.mark.parametrize(
    ("neighbours", "skill", "trials", "is_told"),
    [
        (0.01, Skill(0.1), (), True),
        (0.06, Skill(0.1), (), False),
        (None, Skill(0.1), (), False),
        (0.01, Skill(0.5), (), True),  # a half of train by heart
        (0.01, Skill(0.8), (), False),
        (0.01, Skill(0.1), (CURED,), True),  # on train alone
        (0.01, Skill(0.9, dev=0.1), (), True),
        (0.01, Skill(0.9, dev=0.5), (), False),
        (0.01, Skill(0.1, dev=0.1), (CURED,), False),
    ],
)
def test_what_was_learned_by_heart_tells_nothing_of_the_relation(
    neighbours, skill, trials, is_told
):
    baseline = Trial("nothing", "data", "", skill, 1.0)
    more = {"neighbour_skill": neighbours, "baseline": baseline, "trials": trials}
    found = told(targets_unrelated, trace(skill=skill, more=more))
    assert found == ([("data", "warning")] if is_told else [])
