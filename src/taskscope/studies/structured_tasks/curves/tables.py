"""The learning curves as numbers."""

from __future__ import annotations

from taskscope.report.findings import Table
from taskscope.report.wording import slug
from taskscope.studies.judgement import Measure
from taskscope.studies.structured_tasks.curves.conditions import LABELS, LEARNERS, OTHER_CIPHERS
from taskscope.studies.structured_tasks.curves.resampling import ModelCurves, TaskCurves


def tables(found: ModelCurves) -> list[Table]:
    """Tabulate every condition and learner of every task."""
    return [_table(found, task) for task in found.tasks]


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
