"""The laboratory's own controls: models whose mechanism is known get the verdict they must get (design 7)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import torch
from transformers import AutoConfig, AutoModelForCausalLM

from identity_blocks import prepend_identity_blocks
from taskscope import pico
from taskscope.engines.measuring import resolve
from taskscope.models.identity import reference
from taskscope.models.loading import load
from taskscope.models.spec import ModelSpec
from taskscope.report.findings import Finding, Verdict
from taskscope.studies.base import PlannedModel
from taskscope.studies.task_vectors.analysis import analyse
from taskscope.studies.task_vectors.averaged.analysis import Averages, averages_of, difference
from taskscope.studies.task_vectors.averaged.rows import (
    CONDITIONS,
    DEMONSTRATIONS,
    MEAN,
    NONE,
    OTHER,
    SINGLE,
)
from taskscope.studies.task_vectors.heads.grids import head_effects
from taskscope.studies.task_vectors.heads.stability import rank
from taskscope.studies.task_vectors.params import TaskVectorParams
from taskscope.studies.task_vectors.profiles import SMOKE_TASKS
from taskscope.studies.task_vectors.results import results
from taskscope.studies.task_vectors.study import TASK_VECTORS
from taskscope.training import recipes

PARAMS = TaskVectorParams(
    tasks=SMOKE_TASKS, n_dev=10, n_test=16, draws=500, n_sets=12, n_conflicts=12, n_means=6, n_effects=4,
    n_vector_dev=5, n_vector_test=12, n_random_sets=2, rebuilding_steps=20, suites=(), n_templates=0,
)  # fmt: skip
PARTS = ("measure", "geometry", "conflict", "heads")
VECTOR_CLAIMS = ("C1", "C2", "C3", "C4")
"""Those whose truth is known of a model whose residual as a whole was planted."""
PLANTED = recipes.get("planted-vector").planted_block

pytestmark = pytest.mark.slow


def rows_of(folder: Path, params: TaskVectorParams = PARAMS, parts: tuple[str, ...] = PARTS) -> pa.Table:
    """Measure the cells of some parts on a model folder and join the rows as a run folder would."""
    model = load(str(folder))
    planned = PlannedModel(
        ref=reference(ModelSpec(name=str(folder))),
        n_blocks=model.n_blocks,
        n_parameters=1,
        context=model.context,
    )
    tables = []
    for cell in TASK_VECTORS.plan(params, [planned]):
        if not cell.measure.removeprefix("taskscope.studies.task_vectors.").startswith(parts):
            continue
        rows = resolve(cell.measure)(cell, model).rows
        front = {"model": folder.name, "task": cell.tasks[0].name, "seed": cell.seed}
        for at, (name, value) in enumerate(front.items()):
            rows = rows.add_column(at, name, pa.repeat(pa.scalar(value), rows.num_rows))
        tables.append(rows)
    return pa.concat_tables(tables, promote_options="default")


def built_in(name: str) -> Path:
    folder = pico.folder(name)
    assert folder is not None, f"{name} is not among the built-in models"
    return folder


@pytest.fixture(scope="module")
def planted() -> pa.Table:
    return rows_of(built_in("planted-vector"))


def verdicts(rows: pa.Table) -> dict[str, Finding]:
    return {finding.claim: finding for finding in analyse(rows, PARAMS)}


def test_the_planted_vector_is_supported_at_exactly_its_block(planted: pa.Table) -> None:
    found = verdicts(planted)
    assert {claim: found[claim].verdict for claim in VECTOR_CLAIMS} == dict.fromkeys(
        VECTOR_CLAIMS, Verdict.SUPPORTED
    )
    assert found["C5"].verdict is Verdict.INCONCLUSIVE
    assert "this tokenizer" in found["C5"].reason, "words begin with a single letter: none can be read"
    [result] = results(planted, PARAMS)
    assert result.peak is not None
    assert result.peak.block == PLANTED
    # It obeys a residual that is replaced by theta; what one head adds to the bare query's own is not enough.
    assert found["C6"].verdict is Verdict.CONTRADICTED, found["C6"].reason
    heads = rank(head_effects(planted, "planted-vector"), 1)
    assert tuple(heads.sites[heads.order[0]]) == (PLANTED, 0), (
        "it is written at the planted block all the same"
    )


def test_identity_blocks_in_front_move_it_by_exactly_as_many(planted: pa.Table, tmp_path: Path) -> None:
    m = int(np.random.default_rng(7).integers(1, 5))
    moved = rows_of(prepend_identity_blocks(built_in("planted-vector"), m, tmp_path / "moved"))
    [before], [after] = results(planted, PARAMS), results(moved, PARAMS)
    assert before.peak is not None
    assert after.peak is not None
    assert after.peak.n_blocks == before.peak.n_blocks + m
    assert after.peak.block == before.peak.block + m
    # On a task that the model cannot do all blocks are alike, and the first of them is chosen.
    assert [s.block for _, s in after.admitted] == [s.block + m for _, s in before.admitted]
    found = verdicts(moved)
    assert {found[claim].verdict for claim in VECTOR_CLAIMS} == {Verdict.SUPPORTED}


def test_a_model_that_learns_in_context_without_a_vector_is_not_supported() -> None:
    rows = rows_of(built_in("null-vector"))
    found = verdicts(rows)
    assert found["C1"].verdict is Verdict.CONTRADICTED, found["C1"].reason
    assert found["C2"].verdict is not Verdict.SUPPORTED
    assert found["C4"].verdict is Verdict.CONTRADICTED, found["C4"].reason
    assert found["C6"].verdict is not Verdict.SUPPORTED, found["C6"].reason
    assert found["C3"].verdict is not Verdict.SUPPORTED, "the dummy moves its theta as much as the task does"
    assert found["C5"].verdict is Verdict.INCONCLUSIVE
    [result] = results(rows, PARAMS)
    assert result.macro is not None, "the null model must do the tasks, or it controls for nothing"


KNOWN = ("to-lower", "en-fr", "es-en", "present-gerund", "present-past", "plural-singular")
"""Tasks that the model whose head was planted does, by its card."""
HEADS = PARAMS.model_copy(update={"tasks": KNOWN, "n_vector_test": 16})


def test_the_planted_head_is_found_first_and_carries_the_tasks() -> None:
    recipe = recipes.get("planted-head")
    rows = rows_of(built_in("planted-head"), HEADS, ("measure", "heads"))
    found = {finding.claim: finding for finding in analyse(rows, HEADS)}["C6"]
    assert found.verdict is Verdict.SUPPORTED, found.reason
    effects = head_effects(rows, "planted-head")
    ranking = rank(effects, 1)
    first, second, *_ = ranking.order
    assert tuple(ranking.sites[first]) == (recipe.planted_block, recipe.planted_head)
    assert ranking.inclusion[first] > 0.99
    assert ranking.effect[first] > 5 * ranking.effect[second]
    assert all((each.chosen == (np.arange(32) == first)).all() for each in effects)


def test_identity_blocks_in_front_move_the_head_by_as_many(tmp_path: Path) -> None:
    recipe, m = recipes.get("planted-head"), 3
    moved = prepend_identity_blocks(built_in("planted-head"), m, tmp_path / "moved")
    few = HEADS.model_copy(update={"tasks": KNOWN[1:3], "n_vector_test": 1, "n_vector_dev": 3})
    ranking = rank(head_effects(rows_of(moved, few, ("heads",)), "moved"), 1)
    assert tuple(ranking.sites[ranking.order[0]]) == (recipe.planted_block + m, recipe.planted_head)


def test_the_gradient_filter_lets_the_planted_head_through() -> None:
    recipe = recipes.get("planted-head")
    few = HEADS.model_copy(
        update={"tasks": KNOWN[1:3], "n_vector_test": 1, "n_vector_dev": 3, "exact_heads": 31}
    )
    effects = head_effects(rows_of(built_in("planted-head"), few, ("heads",)), "planted-head")
    assert all(len(each.sites) == 4 for each in effects), "of 32 heads the strongest 4 by gradient"
    ranking = rank(effects, 1)
    assert tuple(ranking.sites[ranking.order[0]]) == (recipe.planted_block, recipe.planted_head)


def test_a_random_model_of_the_same_shape_is_not_supported(tmp_path: Path) -> None:
    source = built_in("planted-vector")
    torch.manual_seed(0)
    network = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(source))
    network.save_pretrained(tmp_path / "random")
    for file in source.glob("tokenizer*"):
        (tmp_path / "random" / file.name).write_bytes(file.read_bytes())
    assert all(f.verdict is Verdict.INCONCLUSIVE for f in verdicts(rows_of(tmp_path / "random")).values())


AVERAGED = PARAMS.model_copy(
    update={"tasks": ("en-fr", "es-en", "present-past", "antonyms", "to-lower", "plural-singular")}
)
"""Tasks of many items, on which demonstrations help both models."""


def averaged(name: str) -> Averages:
    rows = rows_of(built_in(name), AVERAGED, ("measure", "averaged"))
    [found] = averages_of(rows, results(rows, AVERAGED), AVERAGED)
    return found


def test_averaged_over_prompts_the_planted_theta_works_at_least_as_well() -> None:
    found = averaged("planted-vector")
    assert len(found.tasks) >= 4
    right = {name: found.accuracy(name).value for name in CONDITIONS}
    assert right[MEAN] >= right[SINGLE] - 0.02, right
    assert found.accuracy(MEAN).low > found.accuracy(OTHER).high, "another task's mean does not do it"
    assert found.accuracy(MEAN).low > found.accuracy(NONE).high


def test_averaging_brings_nothing_where_there_is_no_vector() -> None:
    found = averaged("null-vector")
    assert len(found.tasks) >= 4
    right = {name: found.accuracy(name).value for name in CONDITIONS}
    assert right[DEMONSTRATIONS] > 0.8, "the null model must do the tasks, or it controls for nothing"
    assert right[MEAN] < right[NONE] + 0.05, right
    assert found.accuracy(MEAN).high < 0.25 * right[DEMONSTRATIONS]
    assert not any(difference(drawn).low > 0 for drawn in found.resampled)
