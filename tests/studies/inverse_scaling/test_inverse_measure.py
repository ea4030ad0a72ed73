"""Scores of choices equal a plain loop; what cannot be asked is left out by name (E0, V6, V20)."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from taskscope.models.choosing import encode, logprobs
from taskscope.models.identity import identify, reference
from taskscope.models.language_model import LanguageModel
from taskscope.models.loading import load
from taskscope.models.spec import ModelSpec
from taskscope.runs.cell import Cell
from taskscope.studies.base import PlannedModel
from taskscope.studies.inverse_scaling import measure as measuring
from taskscope.studies.inverse_scaling.analysis import results
from taskscope.studies.inverse_scaling.arms import CORRECTED, ONE_SHOT, PROBES, RENAMED, SWAPPED
from taskscope.studies.inverse_scaling.asked import arms, content_free
from taskscope.studies.inverse_scaling.beside import arm_trends
from taskscope.studies.inverse_scaling.outcomes import outcomes
from taskscope.studies.inverse_scaling.params import InverseScalingParams
from taskscope.studies.inverse_scaling.simulation import in_front
from taskscope.studies.inverse_scaling.study import INVERSE_SCALING
from taskscope.tasks.choice_shots import SEPARATOR
from taskscope.tasks.choices import ChoiceItem


@pytest.fixture(scope="module")
def model() -> LanguageModel:
    return load(ModelSpec(name="pico-xs"))


def cell(**change: object) -> Cell:
    spec = ModelSpec(name="pico-xs")
    known = identify(spec)
    planned = PlannedModel(
        ref=reference(spec), n_blocks=known.n_blocks, n_parameters=known.n_parameters, context=known.context
    )
    params = InverseScalingParams.model_validate({"tasks": ("memo-trap",), "n_items": 6} | change)
    return INVERSE_SCALING.plan(params, [planned])[0]


def plain(model: LanguageModel, prompt: str, text: str) -> float:
    """Log p of a text after a prompt, the whole row in one forward pass of its own."""
    first, rest = model.encode_pair(prompt, text)
    with torch.no_grad():
        logits = model.hf(input_ids=torch.tensor([first + rest])).logits[0].double()
    logprobs = logits.log_softmax(-1)
    return sum(float(logprobs[len(first) - 1 + k, token]) for k, token in enumerate(rest))


def test_every_arm_equals_a_plain_loop(model: LanguageModel) -> None:
    one = cell(shots=(1, 3))
    asked = arms(one)
    assert {"task", *PROBES, ONE_SHOT, "3 shots"} == set(asked)
    for single, several in zip(asked[ONE_SHOT].items, asked["3 shots"].items, strict=True):
        shown, query = single.prompt.split(SEPARATOR)
        assert several.prompt.startswith(shown + SEPARATOR) and several.prompt.endswith(SEPARATOR + query)
        assert several.prompt.count(SEPARATOR) == 3
    rows = [row for row in measuring.measure(one, model).rows.to_pylist() if row["arm"] != CORRECTED]
    assert [row["arm"] for row in rows] == [arm for arm in asked for _ in range(6)]
    items = [item for task in asked.values() for item in task.items]
    for row, item in zip(rows, items, strict=True):
        wanted = [plain(model, item.prompt, text) for text in item.classes]
        np.testing.assert_allclose(row["logprobs"], wanted, atol=1e-4)
        shares = np.exp(wanted - np.logaddexp.reduce(wanted))
        assert row["loss"] == pytest.approx(-np.log(shares[item.answer]), abs=1e-4)
        assert row["correct"] == (np.argmax(wanted) == item.answer)
        assert row["total"] == pytest.approx(np.logaddexp.reduce(wanted), abs=1e-4)
        assert (row["item"], row["cluster"], row["left_out"]) == (item.id, item.cluster, "")


def test_demonstrations_beyond_the_context_are_left_out_and_counted(model: LanguageModel) -> None:
    """The task itself is still measured; the table says that nothing could be asked after so many."""
    one = cell(n_items=60, shots=(1, 59))
    measured = measuring.measure(one, model)
    assert measured.notes["left out: 59 shots"] == 60
    lost = [row for row in measured.rows.to_pylist() if row["arm"] == "59 shots"]
    assert len(lost) == 60 and all("tokens" in row["left_out"] and row["loss"] is None for row in lost)
    rows = in_front(measured.rows, "memo-trap")
    (series,) = results(rows, InverseScalingParams(tasks=(), draws=100))
    by_arm = {found.arm: found for found in arm_trends(series, 100)}
    assert by_arm["59 shots"].trend is None and by_arm["59 shots"].left_out == 60
    assert by_arm[ONE_SHOT].trend is not None and by_arm[ONE_SHOT].left_out == 0


def test_every_draw_shows_other_demonstrations(model: LanguageModel) -> None:
    asked = arms(cell(shots=(1,), shot_draws=3))
    drawn = [asked[arm].items for arm in (ONE_SHOT, "one shot, draw 2", "one shot, draw 3")]
    for items in zip(*drawn, strict=True):
        _, queries = zip(*(item.prompt.split(SEPARATOR) for item in items), strict=True)
        assert len(set(queries)) == 1
        assert len({item.id for item in items}) == 1
    assert len({tuple(item.prompt for item in items) for items in drawn}) == 3


def test_a_bias_for_a_class_is_taken_away(model: LanguageModel) -> None:
    """What is left is log p of a class after the prompt less that after a prompt without content (E7 b)."""
    one = cell()
    rows = [row for row in measuring.measure(one, model).rows.to_pylist() if row["arm"] == CORRECTED]
    task = arms(one)["task"]
    free = content_free(task)
    assert free is not None and len(rows) == len(task.items)
    for row, item, empty in zip(rows, task.items, free.items, strict=True):
        wanted = [plain(model, item.prompt, c) - plain(model, empty.prompt, c) for c in item.classes]
        np.testing.assert_allclose(row["logprobs"], wanted, atol=2e-4)
        assert row["correct"] == (np.argmax(wanted) == item.answer)
        assert row["total"] is None


def test_exchanged_options_are_asked_where_prompts_have_some(model: LanguageModel) -> None:
    asked = arms(cell(tasks=("neqa",)))
    plain_items, swapped = asked["task"].items, asked[SWAPPED].items
    assert all(a.answer == 1 - b.answer for a, b in zip(plain_items, swapped, strict=True))
    assert SWAPPED not in arms(cell())


def test_labels_are_renamed_both_ways_where_items_have_two_in_common() -> None:
    asked = arms(cell(tasks=("neqa",), renamed=True))
    plain_items, renamed = asked["task"].items, asked[RENAMED].items
    assert len(renamed) == 2 * len(plain_items) and len({item.id for item in renamed}) == len(renamed)
    for way in (0, 1):
        own = renamed[way * len(plain_items) :][: len(plain_items)]
        words = ("left", "right") if way == 0 else ("right", "left")
        for item, before in zip(own, plain_items, strict=True):
            assert tuple(text.strip() for text in item.classes) == words
            assert item.answer == before.answer and item.prompt.endswith(before.prompt)
            assert f'"{words[0]}" for {before.classes[0].strip()}' in item.prompt
    assert RENAMED not in arms(cell(renamed=True))  # endings of sayings are no labels
    assert RENAMED not in arms(
        cell(tasks=("hindsight-neglect",), renamed=True)
    )  # its demonstrations show them


def test_stronger_distractors_are_asked_of_generated_tasks() -> None:
    asked = arms(cell(strengths=(0, 2)))
    prompts = [{item.prompt for item in asked[arm].items} for arm in ("strength 0", "task", "strength 2")]
    assert not prompts[0] & prompts[1] and not prompts[1] & prompts[2]


def test_the_task_alone_is_asked_on_request(model: LanguageModel) -> None:
    rows = measuring.measure(cell(beside=False), model).rows
    assert set(rows["arm"].to_pylist()) == {"task"}


def test_items_with_different_numbers_of_classes_are_scored_together(model: LanguageModel) -> None:
    items = [
        ChoiceItem(prompt="The sky is", classes=(" blue", " green", " red")),
        ChoiceItem(prompt="Grass is", classes=(" green", " the colour of the sea")),
    ]
    encoded = [encode(model, item.prompt, item.classes) for item in items]
    found = logprobs(model, encoded)
    wanted = [[plain(model, item.prompt, text) for text in item.classes] for item in items]
    np.testing.assert_allclose(found[0], wanted[0], atol=1e-4)
    np.testing.assert_allclose(found[1, :2], wanted[1], atol=1e-4)
    assert found[1, 2] == -np.inf


@pytest.mark.parametrize(
    ("item", "told"),
    [
        (ChoiceItem(prompt="The sky is ", classes=("blue", "red")), "boundary"),
        (ChoiceItem(prompt="The sky " * 1000, classes=(" blue", " red")), "tokens"),
        (ChoiceItem(prompt="The sky is", classes=("", " red")), "boundary"),
        (ChoiceItem(prompt="The sky is", classes=(" red", " red")), "same tokens"),
    ],
)
def test_what_cannot_be_asked_is_left_out_by_name(model: LanguageModel, item: ChoiceItem, told: str) -> None:
    assert told in encode(model, item.prompt, item.classes).left_out
    good = ChoiceItem(prompt="The sky is", classes=(" blue", " red"))
    encoded = [encode(model, one.prompt, one.classes) for one in (item, good)]
    found = logprobs(model, encoded)
    assert np.isnan(found[0]).all() and np.isfinite(found[1]).all()


ONE_LEFT_OUT = np.array([[np.nan, np.nan], [np.log(0.2), np.log(0.6)]])
OTHER = np.array([[np.nan, np.nan], [np.log(0.3), np.log(0.3)]])


def test_outcomes_of_every_kind() -> None:
    answers = np.array([0, 1])
    found = outcomes("classification", ONE_LEFT_OUT, ONE_LEFT_OUT, answers)
    np.testing.assert_allclose(found.loss, [np.nan, -np.log(0.75)])
    np.testing.assert_allclose(found.correct, [np.nan, 1])
    np.testing.assert_allclose(found.total, [np.nan, np.log(0.8)])
    # The odds of the answer go from 3 to 1 by the other prompt: it is drawn away by log 3.
    np.testing.assert_allclose(outcomes("log-odds", ONE_LEFT_OUT, OTHER, answers).loss, [np.nan, np.log(3)])
    flipped = outcomes("log-odds", OTHER, ONE_LEFT_OUT, answers).loss
    np.testing.assert_allclose(flipped, [np.nan, -np.log(3)])
    np.testing.assert_allclose(
        outcomes("absolute-log-odds", OTHER, ONE_LEFT_OUT, answers).loss, [np.nan, np.log(3)]
    )
    whole = outcomes("sequence", ONE_LEFT_OUT[:, :1], ONE_LEFT_OUT[:, :1], np.array([0, 0]))
    np.testing.assert_allclose(whole.loss, [np.nan, -np.log(0.2)])
    assert np.isnan(whole.correct).all()
