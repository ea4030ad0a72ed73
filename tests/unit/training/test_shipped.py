"""The shipped models still show what they were made to show; the plain loop is the judge."""

import json
from pathlib import Path

import pytest

from identity_blocks import prepend_identity_blocks
from taskscope import pico
from taskscope.tasks import registry
from taskscope.training import card, recipes
from taskscope.training.cards.measuring import Probe

SHIPPED = ["planted-vector", "null-vector", "planted-head"]
ASKED = ("es-en", "present-past", "country-capital")
NEAR = 0.15
"""Two accuracies of 40 queries each may differ this much by chance."""


def folder(name: str) -> Path:
    found = pico.folder(name)
    assert found is not None
    return found


@pytest.mark.parametrize("name", SHIPPED)
def test_the_card_fits_the_recipe(name):
    written = json.loads((folder(name) / card.CARD).read_text())
    recipe = recipes.get(name)
    assert json.loads((folder(name) / "recipe.json").read_text()) == recipe.model_dump(mode="json")
    assert written["planted_block"] == recipe.planted_block
    assert written["steps"] == recipe.steps
    assert card.render(written) == (folder(name) / "README.md").read_text()
    assert len(set(written["tasks"]) & set(registry.PAPER_TASKS)) >= 8
    assert (folder(name) / "model.safetensors").stat().st_size < 3e6


@pytest.mark.parametrize("task", ASKED)
def test_the_planted_block_stands_out_and_moves(task, tmp_path):
    shift = 2
    moved = Probe(prepend_identity_blocks(folder("planted-vector"), shift, tmp_path / "moved"))
    scores = moved.measure(registry.get(task), n=40, k=5, seed=1)
    planted = recipes.get("planted-vector").planted_block + shift
    assert scores.few_shot > 0.9
    assert scores.hypothesis[planted] >= scores.few_shot - NEAR / 2
    assert max(scores.hypothesis[:planted]) <= scores.zero_shot + NEAR
    assert scores.hypothesis[planted + 1] < scores.hypothesis[planted]
    assert max(scores.hypothesis[planted + 2 :]) < 0.5


@pytest.mark.parametrize("task", ASKED)
def test_no_block_of_the_null_model_carries_the_task(task):
    scores = Probe(folder("null-vector")).measure(registry.get(task), n=40, k=5, seed=1)
    assert scores.few_shot > 0.9
    assert max(scores.hypothesis) <= scores.zero_shot + NEAR
