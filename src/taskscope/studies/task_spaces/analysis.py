"""From stored rows to findings, figures and tables; pure."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from taskscope.report.findings import Figure, Finding, Table
from taskscope.studies.remembering import once_per_table
from taskscope.studies.task_spaces import figures as drawing
from taskscope.studies.task_spaces import findings as judging
from taskscope.studies.task_spaces import tables as tabulating
from taskscope.studies.task_spaces.along import figures as along_drawing
from taskscope.studies.task_spaces.along import neighbours
from taskscope.studies.task_spaces.along.findings import series_finding
from taskscope.studies.task_spaces.along.series import Series, all_series
from taskscope.studies.task_spaces.damage.findings import damage_finding, damages
from taskscope.studies.task_spaces.discoveries import discoveries_table
from taskscope.studies.task_spaces.findings import Result
from taskscope.studies.task_spaces.lives import showing as lives_showing
from taskscope.studies.task_spaces.lives import spread
from taskscope.studies.task_spaces.lives.found import Lives, lives
from taskscope.studies.task_spaces.lives.spread import Spread
from taskscope.studies.task_spaces.params import TaskSpaceParams
from taskscope.studies.task_spaces.patterns import tables as patterns_tabulating
from taskscope.studies.task_spaces.patterns.findings import Patterns, patterns, patterns_finding
from taskscope.studies.task_spaces.spaces import spaces


@once_per_table
def results(rows: pa.Table, params: TaskSpaceParams) -> list[Result]:
    """Work out the space of every model, in sorted order."""
    return [judging.result(space, params.draws) for space in spaces(rows)]


@once_per_table
def series(rows: pa.Table, params: TaskSpaceParams) -> list[Series]:
    """Find the series among the models, in sorted order."""
    return all_series(rows, [result.space for result in results(rows, params)])


@once_per_table
def all_patterns(rows: pa.Table, params: TaskSpaceParams) -> list[Patterns]:
    """Tell what tasks of each phenomenon do to each other, for every model, in sorted order."""
    return [patterns(result.space, params.draws) for result in results(rows, params)]


@once_per_table
def all_lives(rows: pa.Table, params: TaskSpaceParams) -> list[Lives]:
    """Find where tasks live, for every model that was asked, in sorted order."""
    return lives(rows, [result.space for result in results(rows, params)])


@once_per_table
def all_spreads(rows: pa.Table, params: TaskSpaceParams) -> list[Spread]:
    """Tell over how many heads and neurons tasks are spread, for every model that was asked."""
    return spread.spreads(rows, [result.space for result in results(rows, params)])


def analyse(rows: pa.Table, params: TaskSpaceParams) -> list[Finding]:
    """Judge the claims for every model, and those along a series for every series."""
    found = [finding for result in results(rows, params) for finding in judging.findings(result)]
    found += [damage_finding(each) for each in damages(rows)]
    found += [patterns_finding(each) for each in all_patterns(rows, params)]
    return found + [series_finding(each, params.draws) for each in series(rows, params)]


def figures(rows: pa.Table, findings: Sequence[Finding], params: TaskSpaceParams) -> list[Figure]:
    """Draw the map of every model, neighbours in it, and estimates beside their controls."""
    drawn = [figure for result in results(rows, params) for figure in drawing.figures(result, findings)]
    drawn += [figure for each in all_lives(rows, params) for figure in lives_showing.figures(each)]
    of_heads = [spread.figure(each) for each in all_spreads(rows, params)]
    drawn += [each for each in of_heads if each is not None]
    drawn += [figure for each in series(rows, params) for figure in along_drawing.figures(each, params.draws)]
    steps = [neighbours.figure(each) for each in series(rows, params)]
    return drawn + [each for each in steps if each is not None]


def tables(rows: pa.Table, params: TaskSpaceParams) -> list[Table]:
    """Tabulate phenomena beside the published table, tasks, and ways of tuning."""
    found = [
        table for result in results(rows, params) for table in tabulating.tables(result, params.hypothesis)
    ]
    judged = [patterns_tabulating.table(each) for each in all_patterns(rows, params)]
    found += [each for each in judged if each is not None]
    there = [discoveries_table(each) for each in all_patterns(rows, params)]
    found += [each for each in there if each is not None]
    found += [table for each in all_lives(rows, params) for table in lives_showing.tables(each)]
    by_model: dict[str, list[Spread]] = {}
    for one in all_spreads(rows, params):
        by_model.setdefault(one.model, []).append(one)
    found += [spread.table(some) for some in by_model.values()]
    found += [along_drawing.table(each, params.draws) for each in series(rows, params)]
    steps = [neighbours.table(each) for each in series(rows, params)]
    return found + [each for each in steps if each is not None]
