"""Measuring one generated task: the accuracies of E1, kept apart from those that C1 and C2 are judged on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from taskscope.runs.cell import Cell, Measured
from taskscope.studies.task_vectors import measure as accuracies
from taskscope.studies.task_vectors.conditions import SCHEMA
from taskscope.studies.task_vectors.params import SuiteParams
from taskscope.studies.task_vectors.suites.rows import PART

if TYPE_CHECKING:
    from taskscope.models.language_model import LanguageModel


def measure(cell: Cell, model: LanguageModel) -> Measured:
    """Measure one generated task with one model and seed.

    Raises:
        TaskError: As for E1.
        StudyError: As for E1.
    """
    sizes = SuiteParams(**cell.params).accuracies.model_dump(mode="json")
    found = accuracies.measure(cell.model_copy(update={"params": sizes}), model)
    rows = found.rows.filter(found.rows["part"].is_null()).select(SCHEMA.names)
    part = pa.repeat(pa.scalar(PART), rows.num_rows).dictionary_encode()
    return Measured(rows=rows.append_column("part", part), notes=found.notes)
