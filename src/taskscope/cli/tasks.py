"""`taskscope tasks`: check a choice task of one's own, and write it in another form."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from taskscope.cli.console import BAD_INPUT, out
from taskscope.cli.options import AsJson

if TYPE_CHECKING:
    from taskscope.tasks.choice_validation import Encoding, Issue

tasks = typer.Typer(name="tasks", no_args_is_help=True, help="Check or convert a choice task of your own.")

File = Annotated[Path, typer.Argument(help="A .csv, .jsonl or .zip file of choice items.")]


@tasks.command()
def validate(
    file: File,
    model: Annotated[
        str | None,
        typer.Option(
            "--model", "-m", help="Judge the token rules for this model's tokenizer.", show_default=False
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Judge a choice task by the contest's rules: labels, duplicates, templates, spaces, tokens.

    For example:

    `taskscope tasks validate mine.csv`

    `taskscope tasks validate mine.csv --model EleutherAI/pythia-160m`

    Exits with 2 when there is an error; warnings alone are no obstacle.
    """
    from taskscope.tasks.choice_validation import validate as judge

    issues = judge(file, _encoding(model) if model else None)
    errors = sum(issue.severity == "error" for issue in issues)
    if as_json:
        counts = {"errors": errors, "warnings": len(issues) - errors}
        out.print_json(data={"file": str(file), **counts, "issues": [vars(issue) for issue in issues]})
    else:
        _print(issues)
        out.print(
            f"[bold]{escape(str(file))}[/]: {errors} errors, {len(issues) - errors} warnings", highlight=False
        )
        later = "Not judged: V15, which needs a model's scores"
        tokens = "" if model else "; V6, V7, V10, V11, V20 and tokens in V14, which need --model"
        out.print(f"[dim]{later}{tokens}[/]", highlight=False)
    if errors:
        raise typer.Exit(BAD_INPUT)


@tasks.command()
def convert(
    file: File,
    target: Annotated[Path, typer.Argument(help="File to write, .csv or .jsonl; it must not be there yet.")],
) -> None:
    """Write a choice task as CSV or JSON lines, with a .json file that says what the columns do not.

    For example:

    `taskscope tasks convert parts.zip mine.jsonl`
    """
    from taskscope.tasks import choice_files

    task = choice_files.convert(file, target)
    out.print(
        f"{len(task.items):,} items of the kind {task.metric} in [bold]{escape(str(target))}[/]",
        highlight=False,
    )


@tasks.command()
def export(
    run: Annotated[Path, typer.Argument(help="Run folder of inverse-scaling.", metavar="RUN")],
    target: Annotated[Path, typer.Argument(help="Folder to write, one folder in it for each task.")],
) -> None:
    """Write measured scores of each item as the contest's pipeline wrote them: one CSV for each model.

    For example:

    `taskscope tasks export runs/inverse-scaling--pico scores/`

    `taskscope run inverse-scaling --scores scores/memo-trap` reads them back.
    """
    from taskscope.runs.store import RunFolder
    from taskscope.studies.inverse_scaling import exporting

    for folder in exporting.export(RunFolder.open(run), target):
        out.print(f"[bold]{escape(str(folder))}[/]", highlight=False)


@tasks.command()
def discover(
    run: Annotated[Path, typer.Argument(help="Run folder of inverse-scaling.", metavar="RUN")],
    target: Annotated[
        Path, typer.Argument(help="CSV file to write; it must not be there yet.", metavar="OUT")
    ],
    task: Annotated[
        str, typer.Option("--task", "-t", help="Task to write, if several have such groups.")
    ] = "",
    series: Annotated[
        str, typer.Option("--series", help="Series to search, the longest if none is named.")
    ] = "",
) -> None:
    """Search a run for groups of items that get worse with size; write those that are confirmed as a task.

    Half of each group's items is searched, with a false-discovery rate of 5 %; only what holds on the other
    half, corrected for all that were found, is written. Where nothing holds, nothing is written.

    For example:

    `taskscope tasks discover runs/inverse-scaling--pico found.csv`

    `taskscope tasks validate found.csv`
    """
    from taskscope.runs.store import RunFolder
    from taskscope.studies.inverse_scaling import discovering

    folder = RunFolder.open(run)
    found = discovering.look(folder, series)
    if not found.confirmed:
        out.print(escape(found.nothing), highlight=False)
        return
    made = discovering.write(folder, found, target, task)
    out.print(
        f"{len(made.items):,} items in [bold]{escape(str(target))}[/]: {escape(made.notes)}", highlight=False
    )
    others = [one.task for one in found.confirmed if one.task != (task or found.confirmed[0].task)]
    if others:
        out.print(f"Also confirmed, with --task: {escape(', '.join(others))}", highlight=False)


@tasks.command()
def plan(
    curve: Annotated[
        str, typer.Argument(help="Supposed accuracy of each model, smallest first: .6,.55,.5,.4")
    ],
    items: Annotated[int, typer.Option("--items", "-n", help="Items that would be measured.", min=2)] = 300,
    as_json: AsJson = False,
) -> None:
    """Say how often a supposed curve would get each name, and how many items its own name needs.

    Items are taken as independent and models of a family as usually alike; where items share a template, read
    groups of items for items.

    For example:

    `taskscope tasks plan .6,.55,.5,.4 --items 300`
    """
    from taskscope.errors import TaskError
    from taskscope.stats.trends.planner import foretell

    try:
        shares = [float(part) for part in curve.split(",")]
        told = foretell(shares, items)
    except ValueError as error:
        raise TaskError(
            f"the curve {curve!r}: {error}", "three or more shares within 0 and 1, such as .6,.5,.4"
        ) from None
    if as_json:
        out.print_json(data={"items": items, "shares": told.shares, "needed": told.needed})
        return
    for label, share in told.shares.items():
        if share >= 0.005:
            out.print(f"{100 * share:3.0f} %  {label}", highlight=False)
    needed = "more than 100,000" if told.needed is None else f"{told.needed:,}"
    out.print(f"{needed} items name it {told.label} in 80 % of series", highlight=False)


def _encoding(model: str) -> Encoding:
    from taskscope.models.tokenization import encoder_of
    from taskscope.tasks.choice_validation import Encoding

    encoder = encoder_of(model)

    def encode(text: str) -> list[int]:
        return encoder.tokenizer(text, add_special_tokens=False)["input_ids"]

    return Encoding(model, encode, encoder.context, len(encoder.probe.before))


def _print(issues: list[Issue]) -> None:
    if not issues:
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("rule", "", "line", "what"):
        table.add_column(column, overflow="fold")
    for issue in issues:
        colour = "red" if issue.severity == "error" else "yellow"
        line = "" if issue.line is None else str(issue.line)
        table.add_row(issue.rule, f"[{colour}]{issue.severity}[/]", line, escape(issue.message))
    out.print(table)
