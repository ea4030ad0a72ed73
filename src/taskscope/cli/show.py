"""`taskscope show`: what a run folder holds, what failed and what was found."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated

import typer
from rich.table import Table

from taskscope.cli import options
from taskscope.cli.console import CELLS_FAILED, out
from taskscope.errors import RunError


def show(
    folder: options.RunFolderArgument,
    live: Annotated[bool, typer.Option("--live", help="Follow a run that is at work elsewhere.")] = False,
    as_json: options.AsJson = False,
) -> None:
    """Show a run: its cells, failures with their messages, and the verdicts; loads no model.

    Example: `taskscope show runs/demo`

    `taskscope show runs/demo --live`
    """
    from pydantic import TypeAdapter, ValidationError

    from taskscope.cli.live import follow
    from taskscope.cli.verdicts import verdict_table
    from taskscope.report.findings import Finding
    from taskscope.runs.record import label_of, task_of
    from taskscope.runs.store import RunFolder

    if live:
        with suppress(KeyboardInterrupt):  # seen enough
            follow(folder)
    run = RunFolder.open(folder)
    records = run.cells()
    judged = (run.path / "findings.json").exists()  # an interrupted run has cells and no findings yet
    try:
        findings = TypeAdapter(list[Finding]).validate_python(run.findings() if judged else [])
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise RunError(
            f"{run.path / 'findings.json'} holds no findings: {first['msg']}.",
            hint=f"taskscope report {run.path}",
        ) from None
    failed = [r for r in records if r.status == "failed"]
    if as_json:
        out.print_json(
            data={
                "cells": len(records),
                "failed": [{"key": r.key, **(r.error.model_dump() if r.error else {})} for r in failed],
                "findings": [f.model_dump(mode="json") for f in findings],
            }
        )
    else:
        done = len(records) - len(failed)
        out.print(f"[bold]{folder}[/]: {done} cells measured, {len(failed)} failed", highlight=False)
        for what, why in run.damaged.items():
            out.print(f"[yellow]damaged[/] {what}: {why}; measured again by the next run", highlight=False)
        if findings:
            out.print(verdict_table(findings))
        if failed:
            table = Table(box=None, pad_edge=False, header_style="bold red")
            for column in ("failed cell", "model", "task", "error"):
                table.add_column(column, overflow="fold")
            for r in failed:
                reason = f"{r.error.type}: {r.error.message}" if r.error else ""
                table.add_row(r.key[:12], label_of(r.cell), task_of(r.cell), reason)
            out.print(table)
    if failed:
        raise typer.Exit(CELLS_FAILED)
