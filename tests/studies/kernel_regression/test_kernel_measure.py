"""What a weight cell stores equals the whole attention map and asking prompt by prompt."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from taskscope.errors import StudyError, TaskError
from taskscope.models.attention.full_map import last_row
from taskscope.models.identity import identify, reference
from taskscope.models.language_model import LanguageModel
from taskscope.models.loading import load
from taskscope.models.spec import ModelSpec
from taskscope.runs.cell import Cell
from taskscope.studies.base import PlannedModel
from taskscope.studies.kernel_regression.draws import rendered, split_queries
from taskscope.studies.kernel_regression.params import WEIGHTS, KernelRegressionParams
from taskscope.studies.kernel_regression.study import KERNEL_REGRESSION
from taskscope.studies.kernel_regression.weights import measure as weights
from taskscope.studies.kernel_regression.weights.aggregating import AGGREGATIONS
from taskscope.studies.kernel_regression.weights.rows import (
    ONE_LABEL,
    PERMUTED,
    PLAIN,
    RANDOM_WEIGHTS,
    REORDERED,
    ZERO_SHOT,
)

TINY = KernelRegressionParams(
    parts=(WEIGHTS,),
    tasks=("sentiment",),
    k=4,
    n_selection=40,
    n_held_out=20,
    n_orders=2,
    n_random=2,
)


def planned() -> PlannedModel:
    spec = ModelSpec(name="pico-xs")
    known = identify(spec)
    return PlannedModel(
        ref=reference(spec), n_blocks=known.n_blocks, n_parameters=known.n_parameters, context=known.context
    )


def cell(params: KernelRegressionParams = TINY) -> Cell:
    (one,) = KERNEL_REGRESSION.plan(params, [planned()])
    return one


@pytest.fixture(scope="module")
def model() -> LanguageModel:
    return load(ModelSpec(name="pico-xs"))


@pytest.fixture(scope="module")
def session(model) -> weights.Session:
    return weights.Session(cell(), model)


@pytest.fixture(scope="module")
def measured(model) -> dict[tuple[str, str], list[dict]]:
    found: dict[tuple[str, str], list[dict]] = {}
    with model.guard():
        for row in weights.measure(cell(), model).rows.to_pylist():
            found.setdefault((row["split"], row["condition"]), []).append(row)
    return found


def test_every_condition_asks_its_questions(measured) -> None:
    counts = {key: len(rows) for key, rows in measured.items()}
    assert counts == {
        ("selection", PLAIN): 40,
        ("selection", RANDOM_WEIGHTS): 2,
        ("held-out", PLAIN): 20,
        ("held-out", PERMUTED): 20,
        ("held-out", REORDERED): 40,
        ("held-out", ONE_LABEL): 20,
        ("held-out", ZERO_SHOT): 20,
        (None, None): 6,  # the strip, a row per block
    }


def test_queries_are_of_their_split(measured, session) -> None:
    for split in ("selection", "held-out"):
        texts = {session.task.test[row["query"]].text for row in measured[split, PLAIN]}
        assert texts <= {text.text for text in split_queries(session.task, split)}
        assert len(texts) == len(measured[split, PLAIN])


def test_votes_and_answers_equal_the_whole_map_prompt_by_prompt(measured, session, model) -> None:
    for number in (0, 7, 19):
        row, question = measured["held-out", PLAIN][number], session.held_out[number]
        prompt = rendered(session.task, question, session.asker.template)
        logprobs = model.score([(prompt.text, f" {label}") for label in session.task.labels])
        np.testing.assert_allclose(row["logprobs"], logprobs, atol=1e-4)
        assert row["predicted"] == int(logprobs.argmax())
        assert row["gold"] == question.query.label
        full = last_row(model.hf, model.anatomy, model.encode(prompt.text)).weights
        offsets = model.offsets(prompt.text)
        spans = {(s.kind, s.index): s for s in prompt.token_spans(offsets)}
        votes = np.zeros((*full.shape[:2], 2))
        mass = np.zeros(full.shape[:2])
        for i, label in enumerate(question.classes):
            x, y = spans["demo_input", i], spans["demo_label", i]
            votes[..., label] += full[..., x.start : y.end].max(axis=-1)
            mass += full[..., y.start : y.end].sum(axis=-1)
        shares = votes / votes.sum(axis=-1, keepdims=True)
        np.testing.assert_allclose(row["shares"], shares.ravel(), atol=1e-4)
        np.testing.assert_allclose(row["label_mass"], mass.ravel(), atol=1e-4)
        stored = np.array(row["voted"]).reshape(len(AGGREGATIONS), -1)[0]
        sure = np.abs(shares[..., 0] - shares[..., 1]).ravel() > 1e-3
        np.testing.assert_array_equal(stored[sure], shares.argmax(axis=-1).ravel()[sure])


def test_controls_show_what_they_say(measured) -> None:
    plain = measured["held-out", PLAIN]
    for rows in (measured["held-out", PERMUTED], measured["held-out", ONE_LABEL]):
        assert [row["query"] for row in rows] == [row["query"] for row in plain]
    assert [row["shown"] for row in measured["held-out", PERMUTED]] == [row["shown"] for row in plain]
    assert all(len(set(row["shown"])) == 1 for row in measured["held-out", ONE_LABEL])
    assert all(row["shown"] == [] for row in measured["held-out", ZERO_SHOT])
    orders = measured["held-out", REORDERED]
    assert {row["order"] for row in orders} == {0, 1}
    assert [sorted(row["shown"]) for row in orders[:20]] == [sorted(row["shown"]) for row in plain]


def test_random_weights_look_nowhere_in_particular(measured) -> None:
    own = np.array([row["label_lift"] for row in measured["selection", PLAIN]])
    random = np.array([row["label_lift"] for row in measured["selection", RANDOM_WEIGHTS]])
    assert np.abs(np.log(random)).mean() < 0.5
    assert own.max() > 2 * random.max()


def test_questions_are_the_same_in_every_template(model, session) -> None:
    other = weights.Session(cell(TINY.model_copy(update={"templates": ("colon",)})), model)
    assert other.held_out == session.held_out
    assert other.selection == session.selection


def made(tmp_path: Path, labels: tuple[str, str], words: int) -> str:
    """Write a task file of 160 texts, those of a class in two sides."""
    path = tmp_path / "made.csv"
    lines = ["text,label,split"]
    for i in range(160):
        side = "train" if i % 4 < 2 else "test"
        lines.append(f"{' '.join([f'number {i}'] * words)},{labels[i % 2]},{side}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(path)


def test_labels_that_start_alike_are_refused(tmp_path, model) -> None:
    params = TINY.model_copy(update={"tasks": (made(tmp_path, ("zzzzzq", "zzzzzx"), 1),)})
    with pytest.raises(TaskError, match="start with the same token"):
        weights.measure(cell(params), model)


def test_prompts_beyond_the_context_are_refused(tmp_path, model) -> None:
    params = TINY.model_copy(update={"tasks": (made(tmp_path, ("yes", "no"), 120),), "k": 16})
    with pytest.raises(TaskError, match="at most 1024 tokens"):
        weights.measure(cell(params), model)
    with pytest.raises(StudyError, match="demonstrations take"):
        cell(TINY.model_copy(update={"k": 300}))


def test_a_plan_without_a_model_names_what_needs_one() -> None:
    with pytest.raises(StudyError, match="no model for the parts weights"):
        KERNEL_REGRESSION.plan(TINY, [])


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"parts": ("wieghts",)}, "part 'wieghts'"),
        ({"templates": ("colon", "colon")}, "named twice"),
        ({"templates": ("kolon",)}, "template 'kolon'"),
        ({"simulated": "fast"}, "profile of the simulations 'fast'"),
        ({"tasks": ("sentiment", "sentiment")}, "named twice"),
    ],
)
def test_parameters_that_cannot_be_used_are_refused(change, told) -> None:
    with pytest.raises(StudyError, match=told):
        KERNEL_REGRESSION.plan(TINY.model_copy(update=change), [planned()])
