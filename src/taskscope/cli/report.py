"""`taskscope report`: write the page again from what a run folder holds."""

from __future__ import annotations

from taskscope.cli import options
from taskscope.cli.console import out


def report(folder: options.RunFolderArgument) -> None:
    """Judge the stored rows again and rewrite findings, figures and page; loads no model.

    Example: `taskscope report runs/demo`
    """
    from taskscope.runs.store import RunFolder
    from taskscope.studies import publish, runner

    run = RunFolder.open(folder)
    page = publish.write(run, runner.conclude(run))
    out.print(f"Page: {page}", highlight=False)
