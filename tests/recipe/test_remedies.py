"""Laws of what is proposed next, whatever the remedies and their order."""

import numpy as np
import pytest

from kerasrecipes.data import Split
from kerasrecipes.diagnosis import ErrorEstimate, read_bias_variance
from kerasrecipes.recipe import Settings
from kerasrecipes.recipe.problem import Problem
from kerasrecipes.recipe.remedies import MEMBERS, MOST_EPOCHS, REMEDIES, Evidence, propose

ERRORS = {
    "high bias": (0.3, 0.3),
    "high variance": (0.01, 0.3),
    "both": (0.2, 0.5),
    "inconclusive": (0.03, 0.03),
}


def problem(shape):
    x, y = np.ones((300, *shape)), np.arange(300) % 2
    return Problem.of(Split((x, y), (x, y), (None, None)))


def reading(verdict, examples=2_000):
    train, dev = ERRORS[verdict]
    examples = 60 if verdict == "inconclusive" else examples
    found = read_bias_variance(
        *(ErrorEstimate(e, e - 1 / examples**0.5, e + 1 / examples**0.5, examples, "share")
          for e in (train, dev))
    )  # fmt: skip
    assert found.verdict == verdict
    return found


def walk(verdict, shape, *, same_structure=False, falling=False, most=60):
    """All proposals (at most `most`), one after the other, each kept as evidence for the next."""
    task, settings, proposals = problem(shape), Settings(), []
    tried = {settings}
    while len(proposals) < most:
        evidence = Evidence(settings, reading(verdict), falling)
        proposal = propose(evidence, task, tried, same_structure=same_structure)
        if proposal is None:
            break
        proposals.append(proposal)
        settings = proposal.settings
        assert settings not in tried
        tried.add(settings)
    return proposals


@pytest.mark.parametrize("shape", [(4,), (8, 8)], ids=["rows", "images"])
@pytest.mark.parametrize("verdict", ERRORS)
def test_nothing_is_proposed_twice_and_the_proposals_come_to_an_end(verdict, shape):
    assert 1 <= len(walk(verdict, shape, most=60)) < 60


def test_a_fixed_network_keeps_its_structure():
    proposals = walk("both", (4,), same_structure=True)
    assert {proposal.settings.structure for proposal in proposals} <= {Settings().structure}


def test_only_images_are_given_convolutions():
    assert not any(p.settings.architecture == "convolutional" for p in walk("both", (4,)))
    assert any(p.settings.architecture == "convolutional" for p in walk("both", (8, 8)))


def test_only_images_are_augmented():
    assert not any(p.settings.augment for p in walk("high variance", (4,)))
    assert any(p.settings.augment for p in walk("high variance", (8, 8)))


@pytest.mark.parametrize(("verdict", "aim"), [("high bias", "bias"), ("high variance", "variance")])
def test_the_first_proposal_is_against_the_trouble_that_is_high(verdict, aim):
    first = walk(verdict, (4,))[0]
    assert first.name in {remedy.name for remedy in REMEDIES[aim]}
    assert first.reason.startswith(f"{aim} ")
    assert "is high" in first.reason


def test_reasons_tell_the_gap_that_was_measured():
    assert walk("high bias", (4,))[0].reason.startswith("bias 30.0%")
    assert walk("high variance", (4,))[0].reason.startswith("variance 29.0%")


@pytest.mark.parametrize("falling", [True, False])
def test_training_longer_is_proposed_only_while_the_cost_falls(falling):
    names = {proposal.name for proposal in walk("high bias", (4,), falling=falling, most=12)}
    assert ("train longer" in names) == falling


def test_training_longer_has_a_limit():
    proposals = walk("high bias", (4,), falling=True)
    assert max(proposal.settings.epochs for proposal in proposals) == MOST_EPOCHS


def test_a_users_network_is_offered_an_ensemble():
    built = Settings(architecture="as built", hidden_layers=1, optimizer="as compiled")
    evidence = Evidence(built, reading("high variance"), False)
    proposal = propose(evidence, problem((4,)), {built}, same_structure=True)
    assert (proposal.name, proposal.settings.members) == ("ensemble", MEMBERS)


def test_a_remedy_that_failed_comes_after_all_others():
    evidence = Evidence(Settings(), reading("high bias"), False)
    first = propose(evidence, problem((4,)), {Settings()})
    second = propose(evidence, problem((4,)), {Settings()}, failed=[first.name])
    assert second.name != first.name
