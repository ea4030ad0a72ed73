"""`taskscope train`: train a built-in model again, or the miniature of one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from taskscope.cli.console import INTERRUPTED, TERMINATED, Terminated, err, out, sigterm_as_interrupt
from taskscope.cli.training_progress import parts_line, training_line
from taskscope.errors import RunError, TaskscopeError, nearest

if TYPE_CHECKING:
    from taskscope.training.recipes import AnyRecipe

PROFILES = {"smoke": "pico-smoke"}
"""Recipe that a profile stands for."""


def train(
    folder: Annotated[Path, typer.Option("--out", "-o", help="Where the model goes, checkpoints included.")],
    recipe: Annotated[
        str | None,
        typer.Argument(help="Name of a recipe, e.g. pico-m or planted-vector.", show_default=False),
    ] = None,
    corpus: Annotated[
        Path | None,
        typer.Option(
            "--corpus",
            "-c",
            help="Folder of plain-text sources (folders or .tar.xz), or a corpus built from them.",
            show_default=False,
        ),
    ] = None,
    profile: Annotated[
        str | None,
        typer.Option("--profile", "-p", help="smoke: a miniature in under 2 minutes.", show_default=False),
    ] = None,
    device: Annotated[str, typer.Option("--device", help="cpu or cuda.")] = "cpu",
) -> None:
    """Train a model by one of the project's recipes; the same command resumes after a stop.

    For example:

    `taskscope train pico-m --corpus SOURCES --out models/pico-m`

    `taskscope train planted-vector --out models/planted`

    `taskscope train --profile smoke --out models/smoke`
    """
    name = _name(recipe, profile)

    from taskscope.training import recipes

    chosen = recipes.get(name)
    sources = _sources(chosen, corpus)

    from taskscope.training import card, trainer

    try:
        with sigterm_as_interrupt():
            if sources is not None:
                _say_corpus(sources, folder)
            with training_line(name, chosen.steps) as on_progress:
                trainer.train(chosen, folder, corpus=sources, device=device, on_progress=on_progress)
            if chosen.kind != "language" and not card.is_current(folder):
                with parts_line("card", card.n_parts(folder)) as on_part:
                    card.write_card(folder, on_part)
    except KeyboardInterrupt as stop:
        err.print("[yellow]Stopped.[/] The same command goes on from the last checkpoint.")
        raise typer.Exit(TERMINATED if isinstance(stop, Terminated) else INTERRUPTED) from None
    out.print(f"Model: {folder}", highlight=False)
    if chosen.kind == "language":
        out.print(f"Measure its card: taskscope card {folder} --out {folder}", highlight=False)


def _name(recipe: str | None, profile: str | None) -> str:
    """Return the recipe that is meant.

    Raises:
        TaskscopeError: If it is named twice or not at all, or the profile is unknown.
    """
    if profile is not None and profile not in PROFILES:
        raise TaskscopeError(
            f"unknown profile {profile!r} of training",
            f"one of {', '.join(PROFILES)}, or the name of a recipe",
            nearest(profile, PROFILES),
        )
    if (recipe is None) == (profile is None):
        given = (
            "neither a recipe nor a profile"
            if recipe is None
            else f"recipe {recipe!r} and profile {profile!r}"
        )
        raise TaskscopeError(given, "one of the two", "taskscope train --profile smoke --out FOLDER")
    return recipe if profile is None else PROFILES[profile]  # pyright: ignore[reportReturnType]


def _sources(chosen: AnyRecipe, corpus: Path | None) -> Path | None:
    """Return the folder a recipe's text is read from; None for a recipe that reads none.

    Raises:
        RunError: If the recipe reads text and no folder was given, or the other way round.
        TaskError: If the folder is not there, or lacks a source that the recipe names.
    """
    from taskscope.training.corpus.packed import MANIFEST
    from taskscope.training.corpus.sources import BUNDLED, find_source

    if chosen.kind != "language":
        if corpus is not None:
            raise RunError(f"--corpus with {chosen.name}, which makes its own documents", "no --corpus")
        return None
    mixture = chosen.mixture  # pyright: ignore[reportAttributeAccessIssue]
    if corpus is None and all((BUNDLED / source.name).is_dir() for source in mixture.sources):
        corpus = BUNDLED
    if corpus is None:
        raise RunError(
            f"{chosen.name} is trained on a corpus, and none was given",
            "--corpus FOLDER with the sources " + ", ".join(source.name for source in mixture.sources),
            "taskscope train --profile smoke --out FOLDER, which brings its own text",
        )
    if not (corpus / MANIFEST).exists():
        for source in mixture.sources:
            find_source(corpus, source.name)
    return corpus


def _say_corpus(sources: Path, folder: Path) -> None:
    """Say that a corpus is built first: for the whole family that takes minutes."""
    from taskscope.training.corpus.packed import MANIFEST
    from taskscope.training.trainer import CORPUS

    if not any((place / MANIFEST).exists() for place in (sources, folder / CORPUS)):
        err.print(f"Building the corpus from {sources} ...", markup=False, highlight=False)
