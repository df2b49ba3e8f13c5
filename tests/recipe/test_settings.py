"""The points of the space that the recipe walks through."""

import json
from dataclasses import replace

import pytest

from kerasrecipes.recipe import Settings


def test_the_structure_leaves_out_how_the_network_is_trained():
    first = Settings(units=8)
    trained = replace(first, optimizer="adam", batch_size=8, epochs=3, members=5)
    assert first != trained
    assert first.structure == trained.structure


@pytest.mark.parametrize(
    "change",
    [{"units": 9}, {"hidden_layers": 3}, {"l2": 0.5}, {"keep_prob": 0.5}, {"augment": True}],
)
def test_the_structure_keeps_what_changes_the_network(change):
    first = Settings(units=8)
    assert first.structure != replace(first, **change).structure


def test_plain_values_make_the_same_settings_again():
    settings = Settings(units=9, keep_prob=0.5)
    assert Settings(**json.loads(json.dumps(settings.to_dict()))) == settings


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (Settings(hidden_layers=0), "linear"),
        (Settings(architecture="as built", hidden_layers=1), "the network as built"),
        (Settings(hidden_layers=2, units=16, l2=0.5), "2 x 16 units"),
        (Settings(hidden_layers=2, units=16, l2=0.5), "lambda 0.5"),
        (Settings(architecture="convolutional", filters=8), "convolutions from 8 filters"),
        (Settings(normalize=True, keep_prob=0.75), "batch norm, keep_prob 0.75"),
        (Settings(augment=True, members=3), "augmentation"),
        (Settings(augment=True, members=3), "3 members"),
    ],
)
def test_they_are_told_in_words(settings, words):
    assert words in str(settings)
