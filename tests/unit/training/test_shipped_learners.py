"""The shipped learners are what they are called: asked again, with other draws than on their cards."""

import json
from pathlib import Path

import pytest

from taskscope import pico
from taskscope.tasks import texts
from taskscope.training import card, recipes
from taskscope.training.cards import learners
from taskscope.training.cards.learner_probe import LearnerProbe
from taskscope.training.text_recipes import LEARNERS

SEED = 7
N = 64
SHIPPED = [recipe.name for recipe in LEARNERS if pico.folder(recipe.name) is not None]


def folder(name: str) -> Path:
    found = pico.folder(name)
    assert found is not None
    return found


@pytest.mark.parametrize("name", SHIPPED)
def test_the_card_fits_recipe_and_weights(name):
    written = json.loads((folder(name) / card.CARD).read_text())
    assert json.loads((folder(name) / "recipe.json").read_text()) == recipes.get(name).model_dump(mode="json")
    assert card.is_current(folder(name))
    assert card.render(written) == (folder(name) / "README.md").read_text()
    assert learners.derived(written)["checks"] == written["checks"]
    assert (folder(name) / "model.safetensors").stat().st_size < 1.5e6


def test_the_learner_learns_fresh_labels_and_fresh_ciphers():
    """And where nothing can be learned it learns nothing."""
    probe = LearnerProbe(folder("learner"))
    for name, guessing in (("sentiment-few", 0.5), ("topics-few", 0.25)):
        task = texts.build(name)
        for condition, control in (("fresh", "fresh-shuffled"), ("cipher", "cipher-broken")):
            assert probe.accuracy(condition, task, 32, 32, SEED) > 0.8
            assert probe.accuracy(control, task, 32, 32, SEED) < guessing + 0.25


def test_the_composer_does_each_half_and_both_at_once():
    """It was shown texts of these sets under no name but their own labels; in cipher it learns little."""
    probe = LearnerProbe(folder("composer"))
    for name, guessing in (("sentiment-few", 0.5), ("topics-few", 0.25)):
        task = texts.build(name)
        for condition in ("own", "keyword", "text-synonym", "exchanged"):
            assert probe.accuracy(condition, task, 32, 32, SEED) > 0.85
        assert probe.accuracy("cipher", task, 32, N, SEED) < guessing + 0.25


def test_the_selector_runs_what_it_knows_and_nothing_new():
    probe = LearnerProbe(folder("selector"))
    for name, guessing in (("sentiment", 0.5), ("topics", 0.25)):
        task = texts.build(name)
        assert probe.accuracy("own", task, 16, N, SEED) > 0.75
        assert probe.accuracy("fresh", task, 16, N, SEED) < guessing + 0.2
        assert probe.accuracy("cipher", task, 16, N, SEED) < guessing + 0.2
