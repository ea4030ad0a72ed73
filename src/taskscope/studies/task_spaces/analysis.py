"""From stored rows to findings, figures and tables; pure."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from taskscope.report.findings import Figure, Finding, Table
from taskscope.studies.remembering import once_per_table
from taskscope.studies.task_spaces import figures as drawing
from taskscope.studies.task_spaces import findings as judging
from taskscope.studies.task_spaces import tables as tabulating
from taskscope.studies.task_spaces.findings import Result
from taskscope.studies.task_spaces.params import TaskSpaceParams
from taskscope.studies.task_spaces.spaces import spaces


@once_per_table
def results(rows: pa.Table, params: TaskSpaceParams) -> list[Result]:
    """Work out the space of every model, in sorted order."""
    return [judging.result(space, params.draws) for space in spaces(rows)]


def analyse(rows: pa.Table, params: TaskSpaceParams) -> list[Finding]:
    """Judge the claims for every model."""
    return [finding for result in results(rows, params) for finding in judging.findings(result)]


def figures(rows: pa.Table, findings: Sequence[Finding], params: TaskSpaceParams) -> list[Figure]:
    """Draw the map of every model, neighbours in it, and estimates beside their controls."""
    return [figure for result in results(rows, params) for figure in drawing.figures(result, findings)]


def tables(rows: pa.Table, params: TaskSpaceParams) -> list[Table]:
    """Tabulate phenomena beside the published table, tasks, and ways of tuning."""
    return [table for result in results(rows, params) for table in tabulating.tables(result)]
