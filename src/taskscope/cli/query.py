"""`taskscope query`: SQL over the rows of any number of runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from taskscope.cli.console import out
from taskscope.cli.options import AsJson


def query(
    sql: Annotated[str, typer.Argument(help="One SELECT over the views rows and cells.")],
    runs: Annotated[list[Path], typer.Argument(help="Run folders.", metavar="RUN...")],
    as_json: AsJson = False,
) -> None:
    """Query the stored rows of one or more runs with SQL (DuckDB, read only).

    Example: `taskscope query "select task, condition, avg(correct::int) from rows group by all" runs/demo`
    """
    from taskscope.runs.query import query as ask

    answer = ask(sql, runs)
    if as_json:
        out.print_json(data=answer.to_pylist(), default=str)
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in answer.column_names:
        table.add_column(name, overflow="fold")
    for row in answer.to_pylist():
        table.add_row(*(f"{v:.4g}" if isinstance(v, float) else str(v) for v in row.values()))
    out.print(table)
