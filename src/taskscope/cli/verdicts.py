"""The short verdict table that ends a run in the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table

from taskscope.report.findings import Finding, Verdict

STYLE = {
    Verdict.SUPPORTED: "[green]● supported[/]",
    Verdict.CONTRADICTED: "[red]○ contradicted[/]",
    Verdict.INCONCLUSIVE: "[yellow]◌ inconclusive[/]",
}


def _number(value: float | None) -> str:
    return "–" if value is None else f"{round(value, 2) + 0.0:.2f}"  # adding 0 turns -0 into 0


def verdict_table(findings: Sequence[Finding]) -> Table:
    """One short row per model and claim; the reasons stand on the page and in ``--json``."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("model")
    table.add_column("claim", overflow="fold")
    table.add_column("verdict", no_wrap=True)
    table.add_column("estimate [95 %]", no_wrap=True)
    for f in findings:
        interval = "" if f.interval is None else f" [{_number(f.interval.low)}, {_number(f.interval.high)}]"
        estimate = _number(f.estimate) + interval.replace("[", r"\[")
        table.add_row(f.model, f"{f.claim} {f.title}", STYLE[f.verdict], estimate)
    return table
