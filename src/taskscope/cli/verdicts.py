"""The short verdict table that ends a run in the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.markup import escape
from rich.table import Table

from taskscope.report import findings
from taskscope.report.findings import Finding, Verdict

STYLE = {
    Verdict.SUPPORTED: "[green]● supported[/]",
    Verdict.CONTRADICTED: "[red]○ contradicted[/]",
    Verdict.INCONCLUSIVE: "[yellow]◌ inconclusive[/]",
}


def _number(value: float | None) -> str:
    return "–" if value is None else f"{round(value, 2) + 0.0:.2f}"  # adding 0 turns -0 into 0


def verdict_table(found: Sequence[Finding]) -> Table:
    """One short row per model and claim; the reasons stand on the page and in ``--json``."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("model")
    table.add_column("claim", overflow="fold")
    table.add_column("verdict", no_wrap=True)
    table.add_column("estimate [95 %]", no_wrap=True)
    for f in found:
        interval = "" if f.interval is None else f" [{_number(f.interval.low)}, {_number(f.interval.high)}]"
        estimate = _number(f.estimate) + interval.replace("[", r"\[")
        table.add_row(f.model, f"{f.claim} {f.title}", STYLE[f.verdict], estimate)
    return table


def headline_table(told: findings.Table) -> Table:
    """The columns of a table that its study wants read in the terminal too."""
    table = Table(title=told.title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    wanted = [told.columns.index(column) for column in told.headline]
    for column in told.headline:
        table.add_column(column, overflow="fold")
    for row in told.rows:
        table.add_row(*(escape(str(row[place])) for place in wanted))
    return table
