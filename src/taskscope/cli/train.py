"""`taskscope train`: train a built-in model again, or the miniature of one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from taskscope.cli.console import INTERRUPTED, TERMINATED, Terminated, err, out, sigterm_as_interrupt


def train(
    recipe: Annotated[str, typer.Argument(help="Name of a recipe, e.g. planted-vector or smoke.")],
    folder: Annotated[Path, typer.Option("--out", "-o", help="Where the model goes, checkpoints included.")],
    device: Annotated[str, typer.Option("--device", help="cpu or cuda.")] = "cpu",
) -> None:
    """Train a model by one of the project's recipes; the same command resumes after a stop.

    Example: `taskscope train smoke --out /tmp/smoke`
    """
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    from taskscope.training import recipes, trainer

    chosen = recipes.get(recipe)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=None),
        TextColumn("{task.completed}/{task.total}"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    try:
        with sigterm_as_interrupt(), Progress(*columns, console=err, transient=True) as progress:
            task = progress.add_task(recipe, total=chosen.steps)

            def on_progress(now: trainer.Progress) -> None:
                told = f"{recipe} {now.tokens:,} tokens, loss {now.loss:.3f}"
                progress.update(task, completed=now.step, description=told)

            trainer.train(chosen, folder, device=device, on_progress=on_progress)
    except KeyboardInterrupt as stop:
        err.print("[yellow]Stopped.[/] The same command goes on from the last checkpoint.")
        raise typer.Exit(TERMINATED if isinstance(stop, Terminated) else INTERRUPTED) from None
    out.print(f"Model: {folder}", highlight=False)
