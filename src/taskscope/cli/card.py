"""`taskscope card`: measure a model's card again, and say whether it agrees with the one that is stored."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from taskscope.cli.console import INTERRUPTED, TERMINATED, Terminated, err, out, sigterm_as_interrupt
from taskscope.cli.training_progress import parts_line
from taskscope.errors import ModelError, TaskError, nearest

DIFFERS = 1
"""Exit code where a card measured again differs from the stored one."""


def card(
    model: Annotated[str, typer.Argument(help="Built-in name, or a folder that `taskscope train` wrote.")],
    data: Annotated[
        Path | None,
        typer.Option(
            "--data",
            envvar="TASKSCOPE_DATA",
            help="Folder with corpora_en (held-out English) and blimp (grammar).",
            show_default=False,
        ),
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Write card.json and README.md there.", show_default=False),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Compare with the stored card; exit with 1 where they differ.")
    ] = False,
) -> None:
    """Measure a model's card from its weights and print it.

    For example:

    `taskscope card pico-s --data DATA --check`

    `taskscope card models/pico-m --data DATA --out models/pico-m`

    Without the data folder, what needs it is left out and named. The check lets losses differ by 0.002 and
    shares by 0.02, because another machine adds up in another order; on one machine nothing differs.
    """
    if data is not None and not data.is_dir():
        beside = sorted(p.name for p in data.parent.glob("*") if p.is_dir())
        raise TaskError(
            f"{str(data)!r} is not a folder", "the folder of public data", nearest(data.name, beside)
        )
    source = _folder(model)

    from taskscope.training import card as cards

    stored = _stored(source, cards.CARD) if check else {}
    try:
        with sigterm_as_interrupt(), parts_line(source.name, cards.n_parts(source, data)) as on_part:
            measured = cards.measure(source, on_part, data=data)
    except KeyboardInterrupt as stop:
        err.print("[yellow]Stopped.[/] Nothing was written.")
        raise typer.Exit(TERMINATED if isinstance(stop, Terminated) else INTERRUPTED) from None
    for part, reason in measured.get("left_out", {}).items():
        err.print(f"[yellow]left out[/] {part}: {reason}", highlight=False)
    if folder is not None:
        cards.write(measured, folder)
        out.print(f"Card: {folder / cards.README}", highlight=False)
    if check:
        _report(cards.disagreements(source, stored, measured))
    elif folder is None:
        out.print(cards.render(measured), markup=False, highlight=False, emoji=False)


def _folder(model: str) -> Path:
    """Return where a model lies.

    Raises:
        ModelError: If it is neither built in nor a folder.
    """
    from taskscope import pico

    found = pico.folder(model) or Path(model)
    if not found.is_dir():
        raise ModelError(f"no model {model!r}", "a built-in name or a folder", nearest(model, pico.names()))
    return found


def _stored(folder: Path, name: str) -> dict[str, Any]:
    path = folder / name
    if not path.is_file():
        raise ModelError(
            f"{str(folder)!r} has no {name} to compare with",
            "a folder with its card",
            f"taskscope card {folder} --out {folder}",
        )
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ModelError(f"{path} cannot be read: {error}", "the card as it was written") from None


def _report(differences: list[str]) -> None:
    """Print what differs and leave with the exit code that says so."""
    if not differences:
        out.print("The card agrees with the stored one.")
        return
    for line in differences:
        out.print(line, markup=False, highlight=False)
    raise typer.Exit(DIFFERS)
