"""The learning curves as numbers."""

from __future__ import annotations

import numpy as np

from taskscope.report.findings import Table
from taskscope.report.wording import slug
from taskscope.stats.classification import label_entropy, macro_f1_of_counts
from taskscope.studies.judgement import Measure
from taskscope.studies.structured_tasks.curves.conditions import LABELS, LEARNERS, OTHER_CIPHERS
from taskscope.studies.structured_tasks.curves.resampling import ModelCurves, TaskCurves


def tables(found: ModelCurves) -> list[Table]:
    """Tabulate every condition and learner of every task."""
    return [make(found, task) for task in found.tasks for make in (_table, _answers)]


def _table(found: ModelCurves, task: TaskCurves) -> Table:
    grid = task.grid
    named = {**LABELS, **OTHER_CIPHERS, **LEARNERS}
    rows = []
    for name, draws in task.f1.items():
        at = [Measure.of(draws[:, i]) for i in range(len(grid.shots)) if grid.counts[name][:, i].sum() > 0]
        cells = [f"{100 * m.value:.0f} ({100 * m.low:.0f} to {100 * m.high:.0f})" for m in at]
        blank = ["–"] * (len(grid.shots) - len(cells))  # measured at the largest number alone
        rows.append((named.get(name, name), *blank, *cells))
    left_out = f" Left out, because prompts were too long: {list(grid.left_out)}." if grid.left_out else ""
    return Table(
        name=f"structured-tasks-{slug(found.model)}-{slug(grid.task)}-curves",
        title=f"Learning curves: {grid.task}",
        columns=("condition", *(f"{shots} shown" for shots in grid.shots)),
        rows=tuple(rows),
        note=f"Macro-F1 in % with 95 % interval over {grid.n_repetitions} draws of demonstrations. Guessing "
        f"scores {100 * grid.guessing:.0f}, always giving one class {100 * grid.one_class:.0f}: below "
        f"guessing means that the model gives one class, not that it learned the opposite.{left_out}",
        model=found.model,
    )


def _answers(found: ModelCurves, task: TaskCurves) -> Table:
    """Tabulate collapse and coverage: whether one answer is always given, and what was shown (P4, P5)."""
    grid = task.grid
    named = {**LABELS, **OTHER_CIPHERS, **LEARNERS}
    rows = []
    for name, counts in grid.counts.items():
        last, shown = counts[:, -1], grid.shown[name][:, -1]  # (draw, true class, answered class)
        given = last.sum(axis=1)
        share = given / np.maximum(given.sum(axis=1, keepdims=True), 1)
        rows.append(
            (
                named.get(name, name),
                f"{100 * share.max(axis=1).mean():.0f} %",
                f"{label_entropy(given).mean():.2f}",
                f"{100 * macro_f1_of_counts(last.sum(axis=0)):.0f}",
                f"{100 * macro_f1_of_counts(shown.sum(axis=0)):.0f}",
                f"{100 * (1 - shown.sum() / last.sum()):.1f} %",
            )
        )
    return Table(
        name=f"structured-tasks-{slug(found.model)}-{slug(grid.task)}-answers",
        title=f"What is answered with {grid.shots[-1]} shown: {grid.task}",
        columns=(
            *("condition", "most given answer", "entropy of answers (bits)", "macro-F1"),
            *("where the class was shown", "queries whose class was not"),
        ),
        rows=tuple(rows),
        note=f"Mean over draws of demonstrations. Answers as various as the queries have "
        f"{np.log2(grid.n_classes):.2f} bits; one answer to all has 0. A class that no demonstration shows "
        "cannot be learned under new names, and can be guessed under its own.",
        model=found.model,
    )
