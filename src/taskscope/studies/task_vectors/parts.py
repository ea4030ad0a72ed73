"""The parts of the study beyond C1 and C2: how each is read from the rows, drawn and tabulated."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import pyarrow as pa

from taskscope.report.findings import Figure, Table
from taskscope.studies.task_vectors.averaged import figures as averaged
from taskscope.studies.task_vectors.averaged.analysis import averages_of
from taskscope.studies.task_vectors.composition import figures as composition_figures
from taskscope.studies.task_vectors.composition import tables as composition_tables
from taskscope.studies.task_vectors.composition.findings import compositions
from taskscope.studies.task_vectors.conflict import figures as conflict_figures
from taskscope.studies.task_vectors.conflict import tables as conflict_tables
from taskscope.studies.task_vectors.conflict.findings import conflicts
from taskscope.studies.task_vectors.geometry import figures as geometry_figures
from taskscope.studies.task_vectors.geometry import tables as geometry_tables
from taskscope.studies.task_vectors.geometry.findings import geometries
from taskscope.studies.task_vectors.heads import figures as heads_figures
from taskscope.studies.task_vectors.heads import surroundings
from taskscope.studies.task_vectors.heads import tables as heads_tables
from taskscope.studies.task_vectors.heads.findings import function_vectors
from taskscope.studies.task_vectors.params import TaskVectorParams
from taskscope.studies.task_vectors.projection import figures as projection
from taskscope.studies.task_vectors.projection.findings import reads
from taskscope.studies.task_vectors.results import ModelResult
from taskscope.studies.task_vectors.shots import analysis as shots
from taskscope.studies.task_vectors.suites import analysis as suites
from taskscope.studies.task_vectors.templates import analysis as templates


class Part(NamedTuple):
    """What was found in one part of the study, model by model, and how it is shown."""

    read: Callable[[pa.Table, Sequence[ModelResult], TaskVectorParams], Sequence[Any]]
    """Rows to what was found; nothing where the part was not measured."""
    figures: Callable[[Any], list[Figure]]
    tables: Callable[[Any], list[Table]]


PARTS = (
    Part(geometries, geometry_figures.figures, geometry_tables.tables),
    Part(conflicts, conflict_figures.figures, conflict_tables.tables),
    Part(reads, projection.figures, projection.tables),
    Part(averages_of, averaged.figures, averaged.tables),
    Part(shots.curves, shots.figures, shots.tables),
    Part(suites.suites, suites.figures, suites.tables),
    Part(templates.matrices, templates.figures, templates.tables),
    Part(function_vectors, heads_figures.figures, heads_tables.tables),
    Part(surroundings.surroundings, surroundings.figures, surroundings.tables),
    Part(compositions, composition_figures.figures, composition_tables.tables),
)
"""In the order in which the page shows them."""
