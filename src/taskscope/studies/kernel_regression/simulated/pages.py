"""What the page shows of the simulated experiments: a new experiment's figures and tables are listed here."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import pyarrow as pa

from taskscope.report.findings import Figure, Table
from taskscope.studies.kernel_regression.simulated import figures as theorem_figures
from taskscope.studies.kernel_regression.simulated import (
    ginc_page,
    linear_page,
    smoothing_page,
    triangle_page,
)
from taskscope.studies.kernel_regression.simulated import tables as theorem_tables
from taskscope.studies.kernel_regression.simulated.findings import MODEL


class Page(NamedTuple):
    """How some experiments are shown; nothing of what was not simulated."""

    figures: Callable[[pa.Table], list[Figure]]
    tables: Callable[[pa.Table], list[Table]]


PAGES = (
    Page(theorem_figures.figures, theorem_tables.tables),
    Page(triangle_page.figures, triangle_page.tables),
    Page(ginc_page.figures, ginc_page.tables),
    Page(linear_page.figures, linear_page.tables),
    Page(smoothing_page.figures, smoothing_page.tables),
)
"""In the order in which the page shows them."""


def figures(rows: pa.Table) -> list[Figure]:
    """Draw every simulated experiment, under the name that stands for no model."""
    return [each.model_copy(update={"model": MODEL}) for page in PAGES for each in page.figures(rows)]


def tables(rows: pa.Table) -> list[Table]:
    """Tabulate every simulated experiment, under the name that stands for no model."""
    return [each.model_copy(update={"model": MODEL}) for page in PAGES for each in page.tables(rows)]
