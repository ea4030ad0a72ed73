"""From stored rows to findings, figures and tables; pure."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa

from taskscope.report.findings import Figure, Finding, Table
from taskscope.studies.inverse_scaling import attribution, beside, written
from taskscope.studies.inverse_scaling import figures as drawing
from taskscope.studies.inverse_scaling import tables as tabling
from taskscope.studies.inverse_scaling.beside import ArmTrend, arm_trends
from taskscope.studies.inverse_scaling.evidence import evidence, families
from taskscope.studies.inverse_scaling.findings import findings
from taskscope.studies.inverse_scaling.grids import ArmGrid, Series, SeriesGrid, TaskGrid, grids, published
from taskscope.studies.inverse_scaling.params import InverseScalingParams
from taskscope.studies.inverse_scaling.trends import SeriesTrends, trends
from taskscope.studies.inverse_scaling.verdict import LARGE
from taskscope.studies.remembering import once_per_table


@once_per_table
def results(rows: pa.Table, params: InverseScalingParams) -> list[SeriesTrends]:
    """Name the trends along every series."""
    return [trends(grid, params.draws) for grid in laid_out(rows)]


@once_per_table
def asked_beside(rows: pa.Table, params: InverseScalingParams) -> list[list[ArmTrend]]:
    """Judge what was asked beside the tasks of every series."""
    return [arm_trends(found, params.draws) for found in results(rows, params)]


def analyse(rows: pa.Table, params: InverseScalingParams) -> list[Finding]:
    """Judge every claim along every series."""
    found = []
    for grid, series in zip(laid_out(rows), results(rows, params), strict=True):
        without = smaller(grid)
        before = None if without is None else trends(without, params.draws)
        found += findings(series, before, params.draws)
    return found


@once_per_table
def laid_out(rows: pa.Table) -> list[SeriesGrid]:
    """Find the series and lay out their tasks."""
    return grids(rows)


def figures(rows: pa.Table, params: InverseScalingParams) -> list[Figure]:
    """Draw every series, beside published points where some were given."""
    points = published(rows)
    found = results(rows, params)
    return [
        figure
        for one, arms in zip(found, asked_beside(rows, params), strict=True)
        for figure in (*drawing.figures(one, points), *beside.figures(one, arms), *attribution.figures(one))
    ]


def tables(rows: pa.Table, params: InverseScalingParams) -> list[Table]:
    """Tabulate every series."""
    found = results(rows, params)
    points = published(rows)
    own = [
        (
            *tabling.tables(one, params.draws),
            *tabling.against_published(one, points),
            *beside.tables(one, arms),
            *beside.draws(one, arms),
            *written.tables(one),
            *attribution.tables(one, params.draws),
            *evidence(one, params.draws),
        )
        for one, arms in zip(found, asked_beside(rows, params), strict=True)
    ]
    return [table for tables in own for table in tables] + families(found)


def smaller(grid: SeriesGrid) -> SeriesGrid | None:
    """Leave the largest models out; None where none is so large that C4 speaks of it, or all are."""
    kept = grid.series.parameters < LARGE
    if grid.series.over_training or kept.all() or not kept.any():
        return None
    series = grid.series
    return SeriesGrid(
        Series(
            name=series.name,
            labels=tuple(label for label, keep in zip(series.labels, kept, strict=True) if keep),
            parameters=series.parameters[kept],
            body_parameters=series.body_parameters[kept],
            tokens=series.tokens[kept],
            over_training=False,
        ),
        tuple(_smaller(task, kept) for task in grid.tasks),
    )


def _smaller(task: TaskGrid, kept: np.ndarray) -> TaskGrid:
    own = kept[task.models]
    arms = {name: _only(arm, own) for name, arm in task.arms.items()}
    return replace(task, models=(np.cumsum(kept) - 1)[task.models[own]], arms=arms)


def _only(arm: ArmGrid, kept: np.ndarray) -> ArmGrid:
    return replace(
        arm,
        loss=arm.loss[kept],
        correct=None if arm.correct is None else arm.correct[kept],
        total=None if arm.total is None else arm.total[kept],
        logprobs=None if arm.logprobs is None else arm.logprobs[kept],
        named=None if arm.named is None else arm.named[kept],
    )
