"""What the study cannot work with is refused before a model is loaded, and the error says what to do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from taskscope.errors import TaskscopeError
from taskscope.runs.cell import Cell, ModelRef
from taskscope.studies.base import PlannedModel
from taskscope.studies.kernel_regression.params import profile
from taskscope.studies.kernel_regression.simulated import pages, paper_size
from taskscope.studies.kernel_regression.simulated.rows import curves
from taskscope.studies.kernel_regression.study import KERNEL_REGRESSION

REF = ModelRef(id="tiny", label="tiny", dtype="float32", attention="sdpa")


def written(folder: Path, pool: tuple[int, int], test: tuple[int, int]) -> str:
    """Write a task of two classes with so many texts of each on the two sides."""
    lines = ["text,label,split"]
    for side, counts in (("train", pool), ("test", test)):
        for label, count in zip(("yes", "no"), counts, strict=True):
            lines += [f"{side} {label} {i},{label},{side}" for i in range(count)]
    path = folder / "made.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(path)


def plan(task: str, k: int, parts: tuple[str, ...] = ("weights",), context: int = 1024) -> list[Cell]:
    params = profile("smoke").model_copy(update={"tasks": (task,), "k": k, "parts": parts})
    model = PlannedModel(ref=REF, n_blocks=2, n_parameters=1, context=context)
    return KERNEL_REGRESSION.plan(params, [model])


@pytest.mark.parametrize("part", ["weights", "similarity", "features", "influence", "rivals", "effects"])
def test_an_unbalanced_pool_is_refused_when_planned_and_the_k_that_is_told_will_do(tmp_path, part) -> None:
    task = written(tmp_path, (80, 3), (60, 60))
    with pytest.raises(TaskscopeError, match="8 demonstrations take 4 texts of a class") as refused:
        plan(task, 8, (part,))
    assert "no 3, yes 80" in refused.value.given and "at most 6 demonstrations" in refused.value.expected
    assert refused.value.hint == "--set k=6, or more texts of class no"
    assert plan(task, 6, (part,))


@pytest.mark.parametrize(
    ("pool", "test", "k", "context", "told"),
    [
        ((80, 0), (60, 60), 8, 1024, "the pool has texts of these classes only in part: no 0, yes 80"),
        ((40, 40), (100, 0), 8, 1024, "the test set has texts of these classes only in part: no 0, yes 100"),
        ((40, 40), (25, 25), 8, 1024, "36 texts to choose a head by and 14 to judge it by"),
        ((400, 400), (60, 60), 300, 1024, "300 demonstrations take 1204 tokens or more; tiny reads 1024"),
        ((40, 40), (60, 60), 8, 16, "8 demonstrations take 36 tokens or more; tiny reads 16"),
    ],
)
def test_missing_classes_few_texts_and_short_contexts_are_refused(
    tmp_path, pool, test, k, context, told
) -> None:
    with pytest.raises(TaskscopeError) as refused:
        plan(written(tmp_path, pool, test), k, context=context)
    assert told in refused.value.given.replace("\n", " ")
    assert refused.value.expected and refused.value.hint


def test_exact_zeros_at_the_papers_sizes_are_smoothed_away_and_counted_on_the_page(monkeypatch) -> None:
    """Softmaxes so sharp that they underflow; the page says how many zeros there were."""
    monkeypatch.setattr(paper_size, "TEMPERATURES", {paper_size.PEAKED: (0.004, 0.004)})
    params = paper_size.SIZES["smoke"].model_copy(update={"n_strings": 60, "n_queries": 4, "most": 8})
    rows = paper_size.simulate(params, np.random.default_rng(0))
    assert np.isfinite(rows["value"].to_numpy()).all()
    for place, (name, value) in enumerate({"model": "", "task": "", "seed": 0}.items()):
        rows = rows.add_column(place, name, pa.repeat(pa.scalar(value), len(rows)))
    zeros = int(curves(rows, paper_size.NUMBER)[paper_size.PEAKED, "", paper_size.ZEROS].values.sum())
    assert zeros > 0
    notes = [table.note for table in pages.tables(rows)]
    assert any(f"exactly zero and smoothed away: {zeros}." in note for note in notes)
