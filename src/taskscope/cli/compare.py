"""`taskscope compare`: two models, checkpoints or versions, question by question."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from taskscope.cli.console import out
from taskscope.cli.options import AsJson
from taskscope.errors import RunError

if TYPE_CHECKING:
    from taskscope.studies.comparing.differences import Comparison, Difference

STYLE = {"higher": "green", "lower": "red", "no difference shown": "yellow", "too few questions": "yellow"}


def compare(
    first: Annotated[Path, typer.Argument(help="Run folder.", metavar="RUN")],
    second: Annotated[Path, typer.Argument(help="Run folder; may be the same one.", metavar="RUN")],
    model: Annotated[
        list[str] | None,
        typer.Option(
            "--model",
            "-m",
            help="Model of the first run, then of the second; one name for both.",
            show_default=False,
        ),
    ] = None,
    study: Annotated[str, typer.Option("--study", help="Compare this study alone.", show_default=False)] = "",
    page: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", help="Page to write; named after the two when left out.", show_default=False
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Compare two models, two checkpoints or two versions on the questions that both were asked.

    For example:

    `taskscope compare runs/before runs/after`

    `taskscope compare runs/demo runs/demo -m pico-s -m pico-m`

    Every number is a paired difference, second less first, with its 95 % interval; loads no model.
    """
    from taskscope.runs.store import RunFolder
    from taskscope.studies.comparing.differences import compare as find

    found = find((RunFolder.open(first), RunFolder.open(second)), model or (), study)
    if as_json:
        out.print_json(data=_for_machines(found))
        return
    from taskscope.studies.comparing.page import lead, names

    for name in dict.fromkeys(one.study for one in found.overall):
        out.print(_table([one for one in found.overall if one.study == name], name), "")
    out.print(
        f"First: {names(found)[0]}. Second: {names(found)[1]}. {lead(found)}", highlight=False, markup=False
    )
    path = page or Path("runs") / f"compare--{found.first.model}--{found.second.model}.html".replace("/", "-")
    _write(found, path)
    out.print(f"\nPage: {path}", highlight=False)


def _table(found: Sequence[Difference], study: str) -> Table:
    table = Table(title=escape(study), title_justify="left", box=None, pad_edge=False, header_style="bold")
    table.add_column("what", overflow="fold")
    for column in ("questions", "first", "second", "second less first", ""):
        table.add_column(column, no_wrap=True)
    for one in found:
        colour = STYLE.get(one.word.value, "dim")
        table.add_row(
            escape(one.quantity),
            str(one.n),
            f"{one.first:.3g}",
            f"{one.second:.3g}",
            _estimate(one),
            f"[{colour}]{one.word.value}[/]",
        )
    return table


def _estimate(one: Difference) -> str:
    ends = "" if one.interval is None else f" \\[{one.interval.low:+.2f}, {one.interval.high:+.2f}]"
    return f"{one.difference:+.2f}{ends}"


def _for_machines(found: Comparison) -> dict[str, Any]:
    sides = {"first": found.first, "second": found.second}
    told = {
        name: {"run": str(side.folder.path), "model": side.model, "id": side.identity}
        for name, side in sides.items()
    }
    return {
        **told,
        "notes": list(found.notes),
        "differences": [one.model_dump(mode="json") for one in found.differences],
    }


def _write(found: Comparison, path: Path) -> None:
    """Write the page.

    Raises:
        RunError: If it cannot be written.
    """
    from taskscope.report.page import write_panels
    from taskscope.studies.comparing.page import page

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_panels(path, page(found, shlex.join(["taskscope", *sys.argv[1:]])))
    except OSError as error:
        raise RunError(f"the page {str(path)!r} cannot be written: {error}", "a path in a folder") from None
