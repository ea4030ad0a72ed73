"""What the verdicts on one model rest on: chosen on development pairs, resampled on test pairs."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from taskscope.studies.remembering import once_per_table
from taskscope.studies.task_vectors.grids import TaskGrid, grids
from taskscope.studies.task_vectors.params import TaskVectorParams
from taskscope.studies.task_vectors.resampling import Macro, macro, resampled_blocks
from taskscope.studies.task_vectors.selection import Selection, select, shared_block
from taskscope.studies.task_vectors.verdicts import Peak


@dataclass(frozen=True)
class ModelResult:
    """What the verdicts on one model rest on; None where no task is admissible."""

    model: str
    tasks: list[TaskGrid]
    chosen: list[Selection]
    macro: Macro | None
    peak: Peak | None

    @property
    def admitted(self) -> list[tuple[TaskGrid, Selection]]:
        """Tasks on which demonstrations help enough, with their choices."""
        return [pair for pair in zip(self.tasks, self.chosen, strict=True) if pair[1].admissible]


@once_per_table
def results(rows: pa.Table, params: TaskVectorParams) -> list[ModelResult]:
    """Choose on development pairs and resample test pairs, model by model in sorted order."""
    return [_result(model, tasks, params) for model, tasks in grids(rows).items()]


def _result(model: str, tasks: list[TaskGrid], params: TaskVectorParams) -> ModelResult:
    chosen = [select(task.dev) for task in tasks]
    able = [(t, s) for t, s in zip(tasks, chosen, strict=True) if s.admissible]
    if not able:
        return ModelResult(model, tasks, chosen, None, None)
    kept, choices = [t for t, _ in able], [s for _, s in able]
    means = macro(kept, choices, params.draws)
    peak = Peak.of(means, shared_block(kept), resampled_blocks(kept, params.draws))
    return ModelResult(model, tasks, chosen, means, peak)
