"""From stored rows to findings, figures and tables; pure."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from taskscope.report.findings import Figure, Finding, Table
from taskscope.studies.remembering import once_per_table
from taskscope.studies.structured_tasks.curves import figures as curve_figures
from taskscope.studies.structured_tasks.curves import findings as curve_findings
from taskscope.studies.structured_tasks.curves import grids as curve_grids
from taskscope.studies.structured_tasks.curves import resampling as curve_resampling
from taskscope.studies.structured_tasks.curves import tables as curve_tables
from taskscope.studies.structured_tasks.curves.resampling import ModelCurves
from taskscope.studies.structured_tasks.maps import figures as map_figures
from taskscope.studies.structured_tasks.maps import findings as map_findings
from taskscope.studies.structured_tasks.maps import grids as map_grids
from taskscope.studies.structured_tasks.maps import resampling as map_resampling
from taskscope.studies.structured_tasks.maps import tables as map_tables
from taskscope.studies.structured_tasks.maps.resampling import ModelMaps
from taskscope.studies.structured_tasks.nested import figures as nested_figures
from taskscope.studies.structured_tasks.nested import grids as nested_grids
from taskscope.studies.structured_tasks.nested import resampling as nested_resampling
from taskscope.studies.structured_tasks.nested import tables as nested_tables
from taskscope.studies.structured_tasks.nested.resampling import ModelNested
from taskscope.studies.structured_tasks.params import StructuredTaskParams
from taskscope.studies.structured_tasks.spoken import figures as spoken_figures
from taskscope.studies.structured_tasks.spoken import grids as spoken_grids
from taskscope.studies.structured_tasks.spoken.grids import Spoken
from taskscope.studies.structured_tasks.stages import figures as stage_figures
from taskscope.studies.structured_tasks.stages import grids as stage_grids
from taskscope.studies.structured_tasks.stages.grids import Stages


@dataclass(frozen=True)
class ModelResult:
    """Everything measured on one model; None where a part was not."""

    model: str
    curves: ModelCurves | None
    maps: ModelMaps | None
    nested: ModelNested | None
    stages: list[Stages]
    """One a task of which anything was answered rightly."""
    spoken: list[Spoken]
    """One a language and way of asking."""


@once_per_table
def results(rows: pa.Table, params: StructuredTaskParams) -> list[ModelResult]:
    """Read and resample the rows of every model, in sorted order."""
    curves, maps, nested = curve_grids.grids(rows), map_grids.grids(rows), nested_grids.grids(rows)
    stages, spoken = stage_grids.grids(rows, params.draws), spoken_grids.grids(rows, params.draws)
    return [
        ModelResult(
            model,
            curve_resampling.resample(model, curves[model], params.draws) if model in curves else None,
            map_resampling.resample(model, maps[model], params.draws) if model in maps else None,
            nested_resampling.resample(model, nested[model], params.draws) if model in nested else None,
            stages.get(model, []),
            spoken.get(model, []),
        )
        for model in sorted({*curves, *maps, *nested, *stages, *spoken})
    ]


def analyse(rows: pa.Table, params: StructuredTaskParams) -> list[Finding]:
    """Judge H1, H2 and H3 for every model; the other parts are reported and not judged."""
    found: list[Finding] = []
    for result in results(rows, params):
        if result.curves is not None:
            found += [curve_findings.selection(result.curves), curve_findings.learning(result.curves)]
        if result.maps is not None:
            found.append(map_findings.composition(result.maps))
    return found


def figures(rows: pa.Table, params: StructuredTaskParams) -> list[Figure]:
    """Draw learning curves, reference learners, the cipher ladder, and the other parts."""
    return _of_parts(
        rows,
        params,
        lambda curves: curve_figures.figures(curves, params.cipher_ladder),
        map_figures.figures,
        stage_figures.figures,
        nested_figures.figures,
        spoken_figures.figures,
    )


def tables(rows: pa.Table, params: StructuredTaskParams) -> list[Table]:
    """Tabulate every part."""
    return _of_parts(
        rows,
        params,
        curve_tables.tables,
        map_tables.tables,
        stage_figures.tables,
        nested_tables.tables,
        spoken_figures.tables,
    )


def _of_parts(
    rows: pa.Table, params: StructuredTaskParams, of_curves, of_maps, of_stages, of_nested, of_spoken
) -> list:
    found: list = []
    for result in results(rows, params):
        if result.curves is not None:
            found += of_curves(result.curves)
        if result.maps is not None:
            found += of_maps(result.maps)
        if result.stages:
            found += of_stages(result.model, result.stages)
        if result.nested is not None:
            found += of_nested(result.nested)
        if result.spoken:
            found += of_spoken(result.model, result.spoken)
    return found
