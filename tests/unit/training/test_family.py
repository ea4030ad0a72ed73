"""The shipped language models are what their cards say, and the docs say what the cards say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM

from taskscope import pico
from taskscope.models.loading import load
from taskscope.studies.kernel_regression.simulated import markov_learner
from taskscope.training import card, recipes
from taskscope.training.cards import family, family_page, few_shot, series
from taskscope.training.cards.comparing import SHARE
from taskscope.training.cards.questions import SEEN, questions

DOCS = Path(__file__).parents[3] / "docs"
MEMBERS = family.members()
CONTINUED = family.members(pico.names("continued"))
SHIPPED = (*MEMBERS, *CONTINUED)
ASKED = ("to-upper", "country-capital")


def folder(member: family.Member) -> Path:
    found = pico.folder(member.name)
    assert found is not None
    return found


def alike(one: Any, other: Any) -> bool:
    """Compare what JSON holds; other processors round a quantile's last digit otherwise."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(alike(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(alike, one, other))
    return one == pytest.approx(other, rel=1e-12) if isinstance(one, float) else one == other


def test_numbers_that_differ_by_more_than_rounding_are_told_apart():
    assert alike({"a": [0.1 + 0.2, 1]}, {"a": [0.3, 1]})
    assert not alike({"a": [0.3, 1]}, {"a": [0.3001, 1]}) and not alike({"a": [0.3]}, {"a": [0.3, 0.3]})


def test_the_family_is_small_enough_to_come_along():
    assert MEMBERS and CONTINUED
    sizes = [p.stat().st_size for member in SHIPPED for p in folder(member).rglob("*") if p.is_file()]
    planted = [Path(pico.__file__).parent / "planted", markov_learner.WEIGHTS]
    more = [p.stat().st_size for where in planted for p in where.rglob("*") if p.is_file()]
    assert sum(sizes) < 30e6 and 0 < sum(more) < 10e6


@pytest.mark.parametrize("member", SHIPPED, ids=lambda member: member.name)
def test_the_card_fits_the_recipe_and_its_own_numbers(member):
    recipe = recipes.get(member.name)
    where = folder(member)
    assert json.loads((where / "recipe.json").read_text()) == recipe.model_dump(mode="json")
    assert card.render(member.card) == (where / card.README).read_text(encoding="utf-8")
    assert card.derived(member.card) == {key: member.card[key] for key in card.derived(member.card)}
    assert card.is_current(where)
    assert not member.card["left_out"]
    end = {"step": recipe.steps, "tokens": member.card["tokens"], **series.at_the_end(member.card)}
    assert alike(member.series[-1], end)
    kept = [
        f"{member.name}@step-{row['step']}" for row in member.series[:-1] if row.get(series.SHIPPED, True)
    ]
    assert kept == pico.checkpoints(member.name)
    going_on = {recipes.get(one.name).start for one in CONTINUED}
    assert kept or member in CONTINUED or member.name in going_on, "none along a training that ends here"


@pytest.mark.parametrize("member", SHIPPED, ids=lambda member: member.name)
def test_every_kept_step_loads_without_this_package(member):
    for where in (folder(member), *(folder(member) / "checkpoints").glob("step-*")):
        model = AutoModelForCausalLM.from_pretrained(where, dtype=torch.float32)
        assert sum(p.numel() for p in model.parameters()) == member.card["parameters"]


@pytest.mark.parametrize("member", SHIPPED, ids=lambda member: member.name)
def test_the_weights_give_the_accuracies_of_the_card(member):
    model, split = load(member.name), recipes.get(member.name).mixture.split
    others, asked = few_shot.other_tasks(split), member.card["asked"]
    for question in questions(split):
        if question.task.name in ASKED and question.facts == SEEN:
            told = next(
                r for r in member.card["few_shot"] if (r["task"], r["facts"]) == (question.task.name, SEEN)
            )
            again = few_shot.measure(model, question, others, asked["draws"], asked["seed"], counts=(0, 8))
            for k, values in again["by_count"].items():
                assert values == pytest.approx(told["by_count"][k], abs=SHARE)


@pytest.mark.parametrize("member", CONTINUED, ids=lambda member: member.name)
def test_models_trained_on_need_their_demonstrations(member):
    """Few-shot learning that is real (what the family is asked to show), on every model trained on."""
    gate, recipe = member.card["gate"], recipes.get(member.name)
    [first] = family.members([recipe.start])
    assert gate["learned"]["n"] >= 10
    assert max(gate["held_out_tasks"]["tasks"].values()) > 0.5
    assert 2 * len(gate["other_task"]["above_the_prior"]) <= gate["other_task"]["of"]
    assert gate["other_task"]["accuracy"] < gate["other_task"]["own_task"] / 4
    assert gate["shared_inputs"]["follow"] > 0.5 > gate["shared_inputs"]["another_task"]
    assert member.card["tokens"] == first.card["tokens"] + recipe.steps * recipe.tokens_per_step


def test_the_page_of_docs_is_made_from_the_cards():
    drawn = list(family_page.figures(MEMBERS))
    written = (DOCS / family_page.NAME).read_text(encoding="utf-8")
    assert family_page.text(MEMBERS, CONTINUED, family.law(MEMBERS), drawn) == written
    assert all((DOCS / "pictures" / f"{figure.name}.svg").is_file() for figure in drawn)
