"""`taskscope report`: write the page again from what a run folder holds."""

from __future__ import annotations

from taskscope.cli import options
from taskscope.cli.console import out


def report(folder: options.RunFolderArgument, language: options.Language = "en") -> None:
    """Judge the stored rows again and rewrite findings, figures and page; loads no model.

    For example:

    `taskscope report runs/demo`

    `taskscope report runs/demo --lang ja`
    """
    from taskscope.report import languages
    from taskscope.runs.store import RunFolder
    from taskscope.studies import publish, runner

    chosen = languages.check(language)
    run = RunFolder.open(folder)
    page = publish.write(run, runner.conclude(run), chosen)
    out.print(f"Page: {page}", highlight=False)
