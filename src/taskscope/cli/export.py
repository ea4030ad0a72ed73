"""`taskscope export`: a run as files for other tools."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from taskscope.cli import options
from taskscope.cli.console import out


def export(
    folder: options.RunFolderArgument,
    target: Annotated[Path, typer.Argument(help="Folder to write.", metavar="FOLDER")],
    form: Annotated[
        list[str] | None,
        typer.Option("--format", "-f", help="csv or parquet, for rows; repeat. Both.", show_default=False),
    ] = None,
) -> None:
    """Write rows as CSV and Parquet, findings as CSV and charts as Vega-Lite; loads no model.

    Example: `taskscope export runs/demo exported`
    """
    from taskscope.runs.plain_tables import FORMATS
    from taskscope.runs.store import RunFolder
    from taskscope.studies import exporting, runner

    run = RunFolder.open(folder)
    paths = exporting.export(run, runner.conclude(run), target, form or list(FORMATS))
    out.print(f"{len(paths)} files in {target}", highlight=False)
