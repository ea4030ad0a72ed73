"""`taskscope run`: measure what is missing, judge what is stored, write the page."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from taskscope.cli import options
from taskscope.cli.console import (
    CELLS_FAILED,
    INTERRUPTED,
    TERMINATED,
    Terminated,
    err,
    out,
    sigterm_as_interrupt,
)
from taskscope.errors import StudyError

if TYPE_CHECKING:
    from taskscope.studies.request import RunRequest

_COPIED = "Cells are copied into place, and one that is being written may be named as damaged by onlookers."


def run(
    study: Annotated[str, typer.Argument(help="Name of a study, or all.")],
    model: options.Models = None,
    series: options.Series = None,
    task: options.Tasks = None,
    profile: options.Profile = "standard",
    seed: options.Seeds = None,
    scores: options.Scores = None,
    part: options.Parts = None,
    overrides: options.Overrides = None,
    folder: options.Out = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the cells and their cost; measure nothing.")
    ] = False,
    remeasure: Annotated[
        bool, typer.Option("--remeasure", help="Measure cells again that were made by other code.")
    ] = False,
    engine: options.Engine = "inline",
    dtype: options.Dtype = "float32",
    device: options.Device = "cpu",
    device_map: options.DeviceMap = None,
    attention: options.Attention = "sdpa",
    blocks: options.Blocks = None,
    language: options.Language = "en",
    trust_remote_code: options.TrustRemoteCode = False,
    allow_pickle: options.AllowPickle = False,
    as_json: options.AsJson = False,
) -> None:
    """Run a study, or all of them, on one or more models. The same command resumes; one more model extends.

    For example:

    `taskscope run task-vectors -m planted-vector`

    `taskscope run task-vectors -m EleutherAI/pythia-410m -t en-fr -t pairs.csv --set k=8 --device auto`

    `taskscope run inverse-scaling --series pico`

    `taskscope run kernel-regression --part theory`

    `taskscope run skill-emergence`

    `taskscope run inverse-scaling --series served.csv -t mine.csv`

    `taskscope run all -m ./my-model --profile smoke --dry-run`

    Exit codes: 0 done, 1 some cells failed, 2 bad input, 130 interrupted, 143 terminated.
    """
    from taskscope.models.series import expand
    from taskscope.models.spec import as_spec

    served = [one for one in series or () if one.lower().endswith(".csv")]
    families = [name for one in series or () if one not in served for name in expand(one)]
    specs = tuple(
        as_spec(
            name,
            dtype=dtype,
            device=device,
            device_map=device_map,
            attention=attention,
            blocks=blocks,
            trust_remote_code=trust_remote_code,
            allow_pickle=allow_pickle,
        )
        for name in dict.fromkeys([*(model or ()), *families])
    )
    given = {"tasks": task, "seeds": seed, "scores": scores, "parts": part, "served": served}
    named = {name: value for name, value in given.items() if value}
    request = _request(study, profile, named, overrides or (), specs)
    how = {"dry_run": dry_run, "remeasure": remeasure, "as_json": as_json}
    carry_out(request, folder, engine=engine, language=language, **how)


def _request(
    study: str, profile: str, named: dict[str, Any], overrides: Sequence[str], models: tuple[Any, ...]
) -> RunRequest:
    from taskscope.studies.registry import registry
    from taskscope.studies.request import RunRequest, StudyRequest, parse_overrides

    changed = {**parse_overrides(overrides), **named}
    names = list(registry()) if study == "all" else [study]
    alone = [name for name in changed if name != "seeds"]
    if len(names) > 1 and alone:
        raise StudyError(
            f"{', '.join(alone)} for all studies at once",
            "tasks and parameters given to one study, since each has its own",
            f"taskscope run {names[0]} with the same options",
        )
    return RunRequest(
        studies=tuple(StudyRequest(study=name, profile=profile, overrides=changed) for name in names),
        models=models,
        command=shlex.join(["taskscope", *sys.argv[1:]]),
    )


def carry_out(
    request: RunRequest,
    folder: Path | None,
    *,
    dry_run: bool = False,
    remeasure: bool = False,
    engine: str = "inline",
    as_json: bool = False,
    language: str = "en",
) -> None:
    """Plan, measure with a progress bar, conclude, print verdicts and the path of the page.

    Raises:
        typer.Exit: With 1 when cells failed, 130 or 143 when interrupted.
    """
    from taskscope.cli.planned import print_plan, print_schedule
    from taskscope.cli.progress import bar
    from taskscope.cli.verdicts import headline_table, verdict_table
    from taskscope.report import languages
    from taskscope.studies import publish, runner

    chosen = languages.check(language)
    plan = runner.plan(request)
    path = folder or runner.default_folder(request)
    if dry_run:
        print_plan(plan, path)
        if engine != "inline":
            print_schedule(plan, path, engine)
        return
    run_folder = runner.open_folder(path, plan)
    if remeasure:
        runner.forget_stale(plan, run_folder)
    if not run_folder.moves_in_one_step:
        err.print(f"[yellow]{path}[/] lies on a file system that moves no folder in one step. {_COPIED}")
    try:
        # A cluster tells of lost machines on standard output, where --json has its place.
        with sigterm_as_interrupt(), bar(plan.cells) as on_event, redirect_stdout(sys.stderr):
            outcome = runner.execute(plan, run_folder, on_event, engine)
    except KeyboardInterrupt as stop:
        err.print(f"[yellow]Stopped.[/] Everything measured so far is kept; resume with\n  {request.command}")
        raise typer.Exit(TERMINATED if isinstance(stop, Terminated) else INTERRUPTED) from None
    results = runner.conclude(run_folder)
    page = publish.write(run_folder, results, chosen)
    findings = [finding for result in results for finding in result.findings]
    if as_json:
        out.print_json(data=[finding.model_dump(mode="json") for finding in findings])
    else:
        out.print(verdict_table(findings))
        for table in (table for result in results for table in result.tables if table.headline):
            out.print("", headline_table(table), sep="\n")
        out.print(f"\nPage: {page}", highlight=False)
    for failure in outcome.failures:
        err.print(f"[red]failed[/] {escape(str(failure))}", highlight=False)
    if outcome.failures:
        count = len(outcome.failures)
        err.print(f"{count} cells failed; see taskscope show {path}, run the command again to retry.")
        raise typer.Exit(CELLS_FAILED)
