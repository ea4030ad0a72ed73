"""What the cells measure equals asking the model directly, and the model is left as it was."""

from __future__ import annotations

import numpy as np
import pytest

from taskscope.errors import StudyError
from taskscope.models.guard import bit_sum
from taskscope.models.identity import identify, reference
from taskscope.models.language_model import LanguageModel
from taskscope.models.loading import load
from taskscope.models.spec import ModelSpec
from taskscope.runs.cell import Cell
from taskscope.studies.base import PlannedModel
from taskscope.studies.task_spaces import measure
from taskscope.studies.task_spaces.choosing import halves
from taskscope.studies.task_spaces.params import (
    APART,
    CONDITIONS,
    PLAIN,
    PLAIN_MASKED,
    REVERSED,
    SCATTERED,
    SHUFFLED,
    TUNED,
    WHOLE,
    TaskSpaceParams,
)
from taskscope.studies.task_spaces.rows import PAIR, SCORE, SIZE, STEP, TEXT, TRANSFER
from taskscope.studies.task_spaces.study import TASK_SPACES
from taskscope.tasks import pair_registry

TASKS = ("what-with-gap", "that-without-gap", "verb-of-subject")
TINY = TaskSpaceParams(tasks=TASKS, n_train=4, n_eval=3, steps=4, fewest_steps=2, batch=3, strength=50)


def cells(params: TaskSpaceParams) -> list[Cell]:
    spec = ModelSpec(name="pico-xs")
    known = identify(spec)
    planned = PlannedModel(
        ref=reference(spec), n_blocks=known.n_blocks, n_parameters=known.n_parameters, context=known.context
    )
    return TASK_SPACES.plan(params, [planned])


@pytest.fixture(scope="module")
def model() -> LanguageModel:
    return load(ModelSpec(name="pico-xs"))


@pytest.fixture(scope="module")
def probed(model: LanguageModel) -> list[dict]:
    return measure.probe(cells(TINY)[0], model).rows.to_pylist()


@pytest.fixture(scope="module")
def moved(model: LanguageModel) -> list[dict]:
    before = {name: bit_sum(p) for name, p in model.hf.named_parameters()}
    with model.guard():
        rows = measure.transfer(cells(TINY)[1], model).rows.to_pylist()
    assert {name: bit_sum(p) for name, p in model.hf.named_parameters()} == before
    return rows


def test_scores_are_those_of_whole_sentences(model, probed) -> None:
    scores = [row for row in probed if row["part"] == SCORE and not row["condition"]]
    assert len(scores) == 2 * len(TASKS)
    for row in scores:
        [paradigm] = pair_registry.get(row["judged"])
        pairs = halves(paradigm, 0, TINY)[row["half"]].judged
        both = model.score([("", text) for pair in pairs for text in (pair.good, pair.bad)])
        np.testing.assert_allclose(row["margins"], both[::2] - both[1::2], atol=1e-4)


def test_scores_carry_what_the_sentences_differ_by(model, probed) -> None:
    scores = [row for row in probed if row["part"] == SCORE and not row["condition"]]
    assert all(row["field"] is None for row in probed if row["part"] != SCORE)
    for row in scores:
        [paradigm] = pair_registry.get(row["judged"])
        pairs = halves(paradigm, 0, TINY)[row["half"]].judged
        lengths = [len(model.encode(pair.good)) - len(model.encode(pair.bad)) for pair in pairs]
        assert row["longer"] == lengths and len(row["commoner"]) == len(pairs)
        assert row["field"] == paradigm.field != ""
        if row["judged"] == "what-with-gap":
            what, that = (model.encode(f"Jo knows {word}")[-1] for word in ("what", "that"))
            assert row["commoner"] == pytest.approx([np.log((that + 1) / (what + 1))] * len(pairs))


def test_two_tasks_are_compared_once_in_each_direction(probed) -> None:
    pairs = {(row["judged"], row["tuned"]): row for row in probed if row["part"] == PAIR}
    assert set(pairs) == {(a, b) for a in TASKS for b in TASKS if a != b}
    opposed = pairs["what-with-gap", "that-without-gap"]
    assert opposed["words"] == pytest.approx(-1) and opposed["gradient"] < -0.3
    for (a, b), row in pairs.items():
        assert row["gradient"] == pytest.approx(pairs[b, a]["gradient"])
        assert -1 <= row["untrained"] <= 1 and row["untrained"] != pytest.approx(row["gradient"])


def test_a_small_step_does_what_gradients_say(probed) -> None:
    steps = {(row["tuned"], row["judged"], row["half"]): row for row in probed if row["part"] == STEP}
    assert set(steps) == {(a, b, h) for a in TASKS for b in TASKS for h in (0, 1)}
    told = [(row["slope"], row["stepped"]) for (*_, half), row in steps.items() if half == 0]
    np.testing.assert_allclose(*zip(*told, strict=True), rtol=0.1, atol=0.05)
    assert all(row["stepped"] is None for (*_, half), row in steps.items() if half == 1)
    assert steps["what-with-gap", "that-without-gap", 0]["slope"] < -0.2
    assert steps["what-with-gap", "what-with-gap", 1]["slope"] > 0.2


def test_every_task_is_scored_after_every_way_of_tuning(probed, moved) -> None:
    found = {(row["condition"], row["half"], row["judged"]): row for row in moved if row["part"] == TRANSFER}
    halves_of = {condition: (0,) if condition == APART else (0, 1) for condition in CONDITIONS}
    assert set(found) == {(c, h, t) for c in CONDITIONS for h in halves_of[c] for t in TASKS}
    assert {(row["part"], row["tuned"]) for row in moved} == {(TRANSFER, TASKS[0]), (TEXT, TASKS[0])}
    first = {
        (row["half"], row["judged"]): np.mean(row["margins"])
        for row in probed
        if row["part"] == SCORE and not row["condition"]
    }

    def gain(condition: str, task: str) -> float:
        return float(
            np.mean([np.mean(found[condition, h, task]["margins"]) - first[h, task] for h in (0, 1)])
        )

    assert gain(TUNED, TASKS[0]) > 1
    assert gain(TUNED, TASKS[0]) > gain(SHUFFLED, TASKS[0])
    assert gain(TUNED, TASKS[1]) < -0.5, "the same two words with opposite labels"
    n = sum(p.numel() for p in load(ModelSpec(name="pico-xs")).hf.parameters())
    changed = {c: found[c, 0, TASKS[0]]["changed"] for c in CONDITIONS}
    assert changed[PLAIN] == n
    assert changed[TUNED] == changed[SCATTERED] == changed[SHUFFLED] == changed[APART] == round(0.05 * n)


def test_pairs_without_a_word_in_common_are_scored_before_and_after(probed, moved) -> None:
    before = {r["judged"]: r["margins"] for r in probed if r["part"] == SCORE and r["condition"] == APART}
    after = {r["judged"]: r["margins"] for r in moved if r["condition"] == APART}
    assert before.keys() == after.keys() == set(TASKS)
    assert all(len(before[task]) == len(after[task]) >= 1 for task in TASKS)
    assert np.mean(after[TASKS[0]]) > np.mean(before[TASKS[0]]) + 1


def test_the_size_of_a_task_is_told_with_the_place_of_the_model(probed) -> None:
    sizes = {row["judged"]: row for row in probed if row["part"] == SIZE}
    assert set(sizes) == set(TASKS)
    for row in sizes.values():
        assert 0 < row["holding"] < 1 and 0 < row["above"] <= 1
        assert (row["family"], row["member"], row["finished"]) == ("pico", "pico-xs", True)
        assert row["parameters"] == 206752 and row["tokens"] is None


def test_a_bound_that_no_weight_is_above_is_refused(model) -> None:
    for change in ({"mask": "threshold", "threshold": 1e9}, {"mask": "signal", "z": 1e9}):
        params = TINY.model_copy(update={**change, "conditions": (TUNED,)})
        with pytest.raises(StudyError, match=r"chooses no weight(.|\n)*mask=density"):
            measure.transfer(cells(params)[1], model)


def test_short_weights_are_raised_and_the_cell_says_so() -> None:
    params = TINY.model_copy(update={"conditions": (TUNED,), "steps": 2})
    short = load(ModelSpec(name="pico-xs", dtype="bfloat16"))
    before = {name: bit_sum(p) for name, p in short.hf.named_parameters()}
    found = measure.transfer(cells(params)[1], short)
    assert found.notes["weights"] == "raised from bfloat16 to float32"
    assert {name: bit_sum(p) for name, p in short.hf.named_parameters()} == before
    assert {row["changed"] for row in found.rows.to_pylist()} == {round(0.05 * 206752)}
    probed = measure.probe(cells(params)[0], short)
    assert probed.notes["weights"] == found.notes["weights"]


def test_tuning_that_gains_too_fast_is_stopped_and_its_steps_are_told(model) -> None:
    """The margin has no bound: with a high rate it would run away from what the sentences say."""
    calm, wild = (
        TINY.model_copy(update={"conditions": (TUNED,), "rate": rate, "strength": 2.0, "steps": 12})
        for rate in (1e-5, 0.05)
    )
    slow, fast = (
        [row for row in measure.transfer(cells(params)[1], model).rows.to_pylist() if row["half"] == 0]
        for params in (calm, wild)
    )
    assert {row["steps"] for row in slow} == {12}
    assert {row["steps"] for row in fast} == {TINY.fewest_steps}
    assert all(np.isfinite(row["margins"]).all() for row in fast)


@pytest.mark.parametrize("mask", ["threshold", "signal"])
def test_other_masks_choose_other_weights(model, mask) -> None:
    params = TINY.model_copy(update={"mask": mask, "conditions": (TUNED,), "threshold": 0.05})
    rows = measure.transfer(cells(params)[1], model).rows.to_pylist()
    n = sum(p.numel() for p in model.hf.parameters())
    assert all(0 < row["changed"] < n for row in rows)
    assert {row["changed"] for row in rows} != {round(0.05 * n)}


def test_the_other_ways_of_tuning_change_what_they_say(model, probed) -> None:
    asked = (TUNED, WHOLE, PLAIN_MASKED, REVERSED)
    params = TINY.model_copy(update={"conditions": asked})
    rows = [r for r in measure.transfer(cells(params)[1], model).rows.to_pylist() if r["part"] == TRANSFER]
    found = {(row["condition"], row["half"], row["judged"]): row for row in rows}
    assert set(found) == {(c, h, t) for c in asked for h in (0, 1) for t in TASKS}
    n = sum(p.numel() for p in model.hf.parameters())
    changed = {condition: found[condition, 0, TASKS[0]]["changed"] for condition in asked}
    assert changed[WHOLE] == n
    assert changed[TUNED] == changed[PLAIN_MASKED] == changed[REVERSED] == round(0.05 * n)
    first = {
        (r["half"], r["judged"]): r["margins"] for r in probed if r["part"] == SCORE and not r["condition"]
    }
    gain = {
        (c, t): np.mean([np.mean(found[c, h, t]["margins"]) - np.mean(first[h, t]) for h in (0, 1)])
        for c in asked
        for t in TASKS[:2]
    }
    assert gain[WHOLE, TASKS[0]] > 1 and gain[REVERSED, TASKS[0]] < -1
    assert gain[REVERSED, TASKS[1]] > 0.5, "what hurts uphill helps downhill"
    assert abs(gain[PLAIN_MASKED, TASKS[0]]) < gain[TUNED, TASKS[0]]
