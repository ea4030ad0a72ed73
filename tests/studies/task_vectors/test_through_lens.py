"""Thetas through a tuned lens: the identity is the logit lens, a distortion is undone, chance is chance."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
import torch
from letters_model import model as letters
from reading_model import PARAMS, TASKS, clouds, fronted, noise, planted, reader

from taskscope.errors import TaskError
from taskscope.models import tuned_lens
from taskscope.models.language_model import LanguageModel
from taskscope.models.patching import hidden_of
from taskscope.runs.cell import Cell, ModelRef
from taskscope.studies.base import PlannedModel
from taskscope.studies.task_vectors import costs
from taskscope.studies.task_vectors.geometry.measure import read_thetas, theta_prompts
from taskscope.studies.task_vectors.geometry.rows import BARE, SWAPPED, THETA
from taskscope.studies.task_vectors.params import LensParams, TaskVectorParams
from taskscope.studies.task_vectors.part_rows import of_part
from taskscope.studies.task_vectors.projection import lens, measure_lens
from taskscope.studies.task_vectors.projection.lens import Prompts, folds, pieces, translators
from taskscope.studies.task_vectors.projection.lens_rows import (
    PART,
    TARGET,
    fit_rows,
    fits,
    nothing_to_read,
    theta_fit_rows,
    with_target,
)
from taskscope.studies.task_vectors.projection.measure import project, read_sets
from taskscope.studies.task_vectors.projection.reading import Projection
from taskscope.studies.task_vectors.projection.reading import project as judge_input
from taskscope.studies.task_vectors.projection.rows import KINDS, OF_ALL_SETS, Readings, readings
from taskscope.studies.task_vectors.projection.words import lexicon
from taskscope.studies.task_vectors.study import TASK_VECTORS
from taskscope.tasks import registry
from taskscope.tasks.paragraphs import paragraphs

STEPS = 120
BLOCK = 1
SCALE = 0.1


def sets_of(states: dict[str, np.ndarray], controls: dict[str, np.ndarray], task: str) -> dict:
    """Means over dummies, (set, block, d_model), as a lens cell reads them."""
    some = {THETA: states[task], SWAPPED: controls[task], BARE: controls[task]}
    return {kind: values.mean(axis=1) for kind, values in some.items()}


def by_prompt(states: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """States of each task, (prompt, block, d_model)."""
    return {task: values.reshape(-1, *values.shape[2:]) for task, values in states.items()}


def prompts_of(
    states: dict[str, np.ndarray], controls: dict[str, np.ndarray] | None = None
) -> dict[str, Prompts]:
    """What lenses are tuned on: every task is of a group of its own."""
    found = {}
    for task, own in by_prompt(states).items():
        kinds = {THETA: own} if controls is None else {THETA: own, SWAPPED: by_prompt(controls)[task]}
        texts = {kind: [f"{task} {kind} {n}" for n in range(len(some))] for kind, some in kinds.items()}
        found[task] = Prompts(task, texts, kinds)
    return found


def through(
    model: LanguageModel, states: dict[str, np.ndarray], controls: dict[str, np.ndarray], steps: int
) -> tuple[list[Readings], pa.Table]:
    """Tune, translate, read out and read the rows back, as a lens cell does."""
    kinds = {task: sets_of(states, controls, task) for task in TASKS}
    tables_ = []
    for each in translators(model, prompts_of(states, controls), steps, 0):
        tables_ += measure_lens.fitted(each, by_prompt(states), model)
        for task, some in kinds.items():
            for values in some.values():
                values[:, each.block] = each.of_task[task](values[:, each.block])
    for task, some in kinds.items():
        known = lexicon(model.tokenizer)
        tables_ += [with_target(rows, task) for rows in read_sets(some, known, model, PART)]
    rows = fronted(pa.concat_tables(tables_, promote_options="default"), "m")
    return readings(of_part(rows, PART), "m", list(TASKS), KINDS, TARGET), rows


def judged(found: list[Readings]) -> Projection:
    result = judge_input(found, [True] * len(found), BLOCK, 300)
    assert result is not None
    return result


@contextmanager
def turned(model: LanguageModel) -> Iterator[np.ndarray]:
    """Let the block that is read write in a basis that only the last block turns back, which does no more."""
    turn = torch.linalg.qr(torch.randn(64, 64, generator=torch.Generator().manual_seed(2)))[0]
    read, last = (model.anatomy.blocks[block] for block in (BLOCK, BLOCK + 1))
    weights = [last.self_attn.o_proj.weight, last.mlp.down_proj.weight]
    kept = [weight.detach().clone() for weight in weights]

    def by(matrix: torch.Tensor):
        def hook(_module: object, _args: object, output: object) -> object:
            states = hidden_of(output) @ matrix
            return states if isinstance(output, torch.Tensor) else (states, *output[1:])  # type: ignore[index]

        return hook

    handles = [read.register_forward_hook(by(turn)), last.register_forward_hook(by(turn.T))]
    with torch.no_grad():
        for weight in weights:
            weight.zero_()
    try:
        yield turn.numpy()
    finally:
        for handle in handles:
            handle.remove()
        with torch.no_grad():
            for weight, old in zip(weights, kept, strict=True):
                weight.copy_(old)


def in_the_turned_basis(states: dict[str, np.ndarray], turn: np.ndarray) -> dict[str, np.ndarray]:
    """Turn the states of the block that is read, all of them about as long as the model's own.

    After the last block, which turns them back, they are what they were.
    """
    found = {task: SCALE * values for task, values in states.items()}
    for values in found.values():
        values[:, :, BLOCK + 1] = values[:, :, BLOCK]
        values[:, :, BLOCK] = values[:, :, BLOCK] @ turn
    return found


@pytest.fixture(scope="module")
def undone() -> tuple[Projection, Projection, list[Readings], pa.Table]:
    """Thetas of a model that writes in another basis: without steps, and with."""
    model = planted(clouds(), BLOCK)
    with turned(model) as turn:
        hidden, controls = (in_the_turned_basis(some, turn) for some in (clouds(), noise(3)))
        plain, _ = through(model, hidden, controls, 0)
        tuned, rows = through(model, hidden, controls, STEPS)
    return judged(plain), judged(tuned), tuned, rows


def test_a_planted_distortion_is_undone_and_the_words_come_back(
    undone: tuple[Projection, Projection, list[Readings], pa.Table],
) -> None:
    before, after, _, rows = undone
    first, read, last = fits(rows, "m", TASKS)
    assert read.text.tuned < 0.1 * read.text.logit
    assert (read.text.n_nearer, read.text.n) == (read.text.n, 8)
    assert read.thetas.tuned < 0.5 * read.thetas.logit
    assert (read.thetas.n_nearer, read.thetas.n, read.thetas.n_states) == (5, 5, 5 * 6 * 2)
    assert first.nearer_on_text and read.better
    # Thetas are planted after the block that is read alone: elsewhere they say nothing of the end.
    assert not first.better
    assert (last.text.logit, last.text.tuned, last.better) == (0, 0, False)
    assert (last.thetas.logit, last.thetas.tuned) == (0, 0)
    assert before.n_shown == 0
    assert before.theta[0] < 0.02
    assert after.n_shown == len(TASKS)
    assert after.theta[0] > 0.15
    assert after.p_dealt < 0.05
    assert max(value[0] for value in after.controls.values()) < 0.1


def test_labels_shuffled_over_sets_bring_the_statistic_to_chance(
    undone: tuple[Projection, Projection, list[Readings], pa.Table],
) -> None:
    _, after, tuned, _ = undone
    together = np.concatenate([each.read[THETA] for each in tuned])
    gains = []
    for seed in range(20):
        dealt = np.split(np.random.default_rng(seed).permutation(together), len(tuned))
        mixed = [
            replace(each, read={**each.read, THETA: part}) for each, part in zip(tuned, dealt, strict=True)
        ]
        gains.append(judged(mixed).theta[0])
        assert judged(mixed).n_shown <= 1
    assert abs(np.mean(gains)) < 0.03
    assert max(gains) < after.theta[0] / 2


def test_the_identity_reads_what_the_logit_lens_reads_to_the_last_bit() -> None:
    model, states, controls = planted(clouds(), BLOCK), clouds(), noise(3)
    found, rows = through(model, states, controls, 0)
    assert all(off.tuned == off.logit for fit in fits(rows, "m", TASKS) for off in (fit.text, fit.thetas))
    assert not any(fit.better for fit in fits(rows, "m", TASKS))
    for each in found:
        some = {THETA: states[each.task], SWAPPED: controls[each.task], BARE: controls[each.task]}
        plain = project(some, each.task, 0, PARAMS, model).to_pylist()
        for kind in KINDS:
            own = [row for row in plain if row["kind"] == kind and row["set"] != OF_ALL_SETS]
            bits = np.stack([np.frombuffer(row["read"], "<f4") for row in own])
            np.testing.assert_array_equal(bits.reshape(each.read[kind].shape), each.read[kind])
            top = [row["top"] for row in plain if row["kind"] == kind and row["set"] == OF_ALL_SETS]
            assert list(each.top[kind]) == top


def planned(model: LanguageModel, **changes: object) -> Cell:
    """The lens cell of two tasks."""
    sizes = {"tasks": ("next-letter", "to-upper"), "n_sets": 4, "k": 2, "lens_steps": 3}
    params = TaskVectorParams(**{**sizes, **changes})
    ref = ModelRef(id=model.id, label=model.label, dtype="float32", attention="sdpa")
    sort = PlannedModel(ref=ref, n_blocks=model.n_blocks, n_parameters=1, context=256)
    [cell] = [c for c in TASK_VECTORS.plan(params, [sort]) if c.measure.endswith("measure_lens:measure")]
    return cell


def test_a_cell_reads_all_tasks_and_gives_the_same_numbers_again(monkeypatch: pytest.MonkeyPatch) -> None:
    model = reader()
    cell = planned(model)
    rows = measure_lens.measure(cell, model).rows
    assert rows.equals(measure_lens.measure(cell, model).rows)
    assert rows.num_columns == len(set(rows.column_names))
    seen = rows.filter(np.array(rows["part"].to_pylist()) == PART)
    # By task, kind and block: every set, and their mean.
    assert seen.num_rows == 2 * len(KINDS) * model.n_blocks * (4 + 1)
    assert set(seen[TARGET].to_pylist()) == {"next-letter", "to-upper"}
    tasks = ("next-letter", "to-upper")
    known = fits(fronted(rows, "m"), "m", tasks)
    assert [(fit.block, fit.thetas.n, fit.thetas.n_states) for fit in known] == [
        (block, 2, 2 * 4 * cell.params["n_dummies"]) for block in range(3)
    ]
    assert [fit.thetas.n for fit in fits(fronted(rows, "m"), "m", tasks[:1])] == [1, 1, 1]
    assert fits(fronted(rows, "m"), "another", tasks) == []
    assert fits(fronted(rows, "m"), "m", ["antonyms"]) == []
    monkeypatch.setattr(lens, "STATE_BYTES", 1)
    again = measure_lens.measure(cell, model).rows
    for one, other in zip(known, fits(fronted(again, "m"), "m", tasks), strict=True):
        for off, same in ((one.text, other.text), (one.thetas, other.thetas)):
            assert (off.logit, off.tuned) == pytest.approx((same.logit, same.tuned), rel=1e-3, abs=1e-6)


def test_tasks_that_do_not_fit_are_left_out_and_one_has_to_be_left(monkeypatch: pytest.MonkeyPatch) -> None:
    model = reader()
    cell = planned(model, tasks=("next-letter", "en-fr"), k=4)
    monkeypatch.setattr(model.encoder, "context", 24)
    measured = measure_lens.measure(cell, model)
    assert measured.notes["left_out"] == 1
    assert set(measured.rows[TARGET].to_pylist()) - {None} == {"next-letter"}
    monkeypatch.setattr(model.encoder, "context", 6)
    with pytest.raises(TaskError):
        measure_lens.measure(cell, model)


def test_where_no_word_can_be_read_no_lens_is_made() -> None:
    model = letters()
    measured = measure_lens.measure(planned(model), model)
    assert measured.rows.equals(nothing_to_read())
    assert fits(fronted(measured.rows, "m"), "m", TASKS) == []


def test_long_texts_are_cut_to_what_the_model_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    model = reader()
    [[text, *_], *_] = paragraphs()
    cut = pieces(text, model)
    assert " ".join(cut) == text and len(cut) > 1
    assert all(1 < n <= model.context for n in model.encoder.count(cut))
    monkeypatch.setattr(model.encoder, "context", 3)
    assert pieces("a letter b", model) == ["letter b"]
    assert pieces("incomprehensibilities", model) == []


def test_held_out_text_is_not_tuned_on(monkeypatch: pytest.MonkeyPatch) -> None:
    model, seen = reader(), []
    capture = model.capture

    def watched(texts: list[str], **how: object) -> np.ndarray:
        seen.append(set(texts))
        return capture(texts, **how)  # type: ignore[arg-type]

    monkeypatch.setattr(model, "capture", watched)
    assert [each.block for each in translators(model, prompts_of(clouds()), 0, 0)] == [0, 1, 2]
    tuned_on, held_out = seen
    assert not tuned_on & held_out
    known = paragraphs()
    assert (
        sum(map(len, held_out)) == sum(len(part) for text in known[-2:] for part in text) - len(held_out) + 4
    )
    assert len(known) == 8 and all(len(text) >= 2 for text in known)


def shift(model: LanguageModel, number: int) -> np.ndarray:
    return np.random.default_rng(number).standard_normal(model.d_model).astype(np.float32)


def stubbed(model: LanguageModel, monkeypatch: pytest.MonkeyPatch) -> list[tuple[np.ndarray, np.ndarray]]:
    """Let every map be a shift of its own; return the states and ends each was tuned on, as they come."""
    tuned_on: list[tuple[np.ndarray, np.ndarray]] = []

    def tune(states: np.ndarray, finals: np.ndarray, *_: object) -> tuned_lens.Translator:
        tuned_on.append((states, finals))
        return replace(tuned_lens.identity(states), bias=shift(model, len(tuned_on) - 1))

    monkeypatch.setattr(model, "tune_lens", tune)
    return tuned_on


def has(some: np.ndarray, own: np.ndarray) -> np.ndarray:
    """Which of a task's own states (prompt, d_model) are among some."""
    return (some[None] == own[:, None]).all(axis=-1).any(axis=1)


def test_tasks_are_divided_by_group_and_tasks_of_one_group_by_name() -> None:
    known = {
        "en-fr": "translation",
        "to-upper": "algorithmic",
        "fr-en": "translation",
        "antonyms": "linguistic",
    }
    assert folds(known) == [["to-upper"], ["antonyms"], ["en-fr", "fr-en"]]
    assert folds(dict.fromkeys("cabd", "one")) == [["a", "c"], ["b", "d"]]
    assert folds({"a": "one"}) == [["a"]]


@pytest.mark.parametrize("n_tasks", [1, 2, 5])
@pytest.mark.parametrize("one_group", [True, False])
def test_no_lens_is_tuned_on_prompts_of_the_tasks_that_it_reads(
    monkeypatch: pytest.MonkeyPatch, n_tasks: int, one_group: bool
) -> None:
    model = reader()
    tuned_on = stubbed(model, monkeypatch)
    some = list(prompts_of(clouds(), noise(3)).items())[:n_tasks]
    prompts = {task: replace(each, group="one" if one_group else task) for task, each in some}
    for each in translators(model, prompts, 0, 0):
        assert set(each.of_task) == set(prompts)
        made = list({id(one): one for one in each.of_task.values()}.values())
        assert len(made) == (min(2, n_tasks) if one_group else n_tasks)
        for states, finals in tuned_on[-len(made) :]:
            [mine] = [one for one in made if (one.mean == tuned_lens.identity(states).mean).all()]
            for task, known in prompts.items():
                is_read = each.of_task[task] is mine
                for own in known.states.values():
                    assert (has(states, own[:, each.block]) == (not is_read)).all()
                    assert (has(finals, own[:, -1]) == (not is_read)).all()


def test_a_text_that_is_a_prompt_of_two_tasks_is_tuned_on_for_neither(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = reader()
    tuned_on = stubbed(model, monkeypatch)
    one, other = list(prompts_of(clouds()).items())[:2]
    other[1].texts[THETA][3] = one[1].texts[THETA][0]
    list(translators(model, dict([one, other]), 0, 0))
    for states, _ in tuned_on[:2]:
        there = [has(states, each.states[THETA][:, 0]) for _, each in (one, other)]
        assert sorted(int(found.sum()) for found in there) == [0, len(there[0]) - 1]
        assert not there[0][0] and not there[1][3]


def test_a_cell_reads_every_task_through_the_map_of_its_fold(monkeypatch: pytest.MonkeyPatch) -> None:
    model = planted(clouds(), BLOCK)
    tuned_on = stubbed(model, monkeypatch)
    cell = planned(model, tasks=("next-letter", "to-upper", "en-fr"))
    rows = measure_lens.measure(cell, model).rows
    parts = [["next-letter", "to-upper"], ["en-fr"]]
    assert len(tuned_on) == model.n_blocks * len(parts)
    params, known = LensParams(**cell.params), lexicon(model.tokenizer)
    for at, fold in enumerate(parts):
        numbers = range(at, len(tuned_on), len(parts))
        shifts = np.stack(
            [tuned_lens.identity(tuned_on[number][0]).size * shift(model, number) for number in numbers]
        )
        for task in fold:
            texts = theta_prompts(registry.get(task), cell.seed, params)
            states = read_thetas(texts, params.n_dummies, model)
            kinds = {kind: each.mean(axis=1) + shifts for kind, each in states.items()}
            expected = fronted(pa.concat_tables(read_sets(kinds, known, model, PART)), "m")
            [wanted] = readings(with_target(expected, task), "m", [task], KINDS, TARGET)
            [got] = readings(fronted(of_part(rows, PART), "m"), "m", [task], KINDS, TARGET)
            for kind in KINDS:
                np.testing.assert_allclose(got.read[kind], wanted.read[kind], rtol=1e-3, atol=1e-5)
            own = by_prompt(states)[THETA]
            for fit in fits(fronted(rows, "m"), "m", [task]):
                some, end = own[:, fit.block], own[:, -1]
                off = [model.divergences(x, end).mean() for x in (some, some + shifts[fit.block])]
                assert [fit.thetas.logit, fit.thetas.tuned] == pytest.approx(off, rel=1e-3, abs=1e-6)


def test_how_far_off_lenses_are_on_text_is_the_mean_over_the_maps(monkeypatch: pytest.MonkeyPatch) -> None:
    model, judged = reader(), []
    stubbed(model, monkeypatch)
    divergences = model.divergences

    def watched(*states: np.ndarray) -> np.ndarray:
        judged.append(divergences(*states))
        return judged[-1]

    monkeypatch.setattr(model, "divergences", watched)
    for each in translators(model, prompts_of(clouds()), 0, 0):
        *tuned, logit = judged[-len(TASKS) - 1 :]
        np.testing.assert_array_equal(each.logit, logit)
        np.testing.assert_allclose(each.tuned, np.mean(tuned, axis=0))
        assert (each.tuned != tuned[0]).any()


@pytest.mark.parametrize(
    ("texts", "tasks", "better"),
    [
        ([1, 1, 1, 1], [1, 1, 1, 1, 1], True),
        ([1, 1, 1, -1], [1, 1, 1, 1, 1], False),  # farther off on one piece of text
        ([1, 1, 1, 1], [1, 1, 1, 1, -0.5], False),  # nearer on average, four of five: a coin does it
        ([1, 1, 1, 1], [0.1] * 10 + [-1] * 3, False),  # on most tasks, but farther off on average
        ([1, 1, 1, 1], [1] * 10 + [-1] * 3, True),
        ([1, 1, 1, 1], [1] * 9 + [-1] * 4, False),
        ([1, 1, 1, 1], [1] * 4, False),  # too few tasks
    ],
)
def test_a_lens_is_better_where_it_is_nearer_on_all_text_and_on_more_tasks_than_by_chance(
    texts: list[float], tasks: list[float], better: bool
) -> None:
    names = [f"task {number}" for number in range(len(tasks))]
    gained = np.array(texts)
    made = [fit_rows(0, np.arange(len(texts)), np.full(len(texts), 2.0), 2 - gained)]
    made += [
        theta_fit_rows(0, name, np.full(3, 2.0), np.full(3, 2 - gain))
        for name, gain in zip(names, tasks, strict=True)
    ]
    [fit] = fits(fronted(pa.concat_tables(made).unify_dictionaries().combine_chunks(), "m"), "m", names)
    assert fit.better == better


def test_one_cell_a_model_at_the_first_seed_and_none_in_the_quick_profile() -> None:
    ref = ModelRef(id="a@0", label="a", dtype="float32", attention="sdpa")
    model = PlannedModel(ref=ref, n_blocks=10, n_parameters=1, context=512)

    def keys(**changes: object) -> set[str]:
        params = TaskVectorParams(tasks=("next-letter", "antonyms"), seeds=(3, 4), suites=(), **changes)  # type: ignore[arg-type]
        return {cell.key for cell in TASK_VECTORS.plan(params, [model])}

    assert len(keys() - keys(lens_steps=0)) == 1
    assert keys(lens_steps=0) < keys()
    assert keys(lens_steps=99) != keys()
    cell = planned(reader(), seeds=(3, 4))
    assert cell.seed == 3
    assert cell.params["n_sets"] == 4 and cell.params["lens_steps"] == 3
    assert TASK_VECTORS.profile("smoke").lens_steps == 0 < TASK_VECTORS.profile("standard").lens_steps  # type: ignore[attr-defined]
    assert costs.LENS_BATCH == tuned_lens.BATCH
    assert planned(reader(), lens_steps=6).cost.token_layers > cell.cost.token_layers
