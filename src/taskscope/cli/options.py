"""Options of the commands, declared once: most are shared by several."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from taskscope.errors import StudyError

Models = Annotated[
    list[str] | None,
    typer.Option(
        "--model", "-m", help="Hub id, local folder or built-in name; repeat for several.", show_default=False
    ),
]
Series = Annotated[
    list[str] | None,
    typer.Option(
        "--series",
        metavar="NAME",
        help="All models of a family (pico, opt, pythia ...), all checkpoints of one (pico-s), or a CSV that "
        "lists models behind servers (inverse-scaling).",
        show_default=False,
    ),
]
Tasks = Annotated[
    list[str] | None,
    typer.Option(
        "--task", "-t", help="Built-in task name or path to a .json/.csv file; repeat.", show_default=False
    ),
]
Profile = Annotated[
    str, typer.Option("--profile", "-p", help="smoke (seconds), standard (minutes), full, or paper.")
]
Seeds = Annotated[
    list[int] | None,
    typer.Option("--seed", "-s", help="Seed of the draws; repeat.", show_default=False),
]
Scores = Annotated[
    list[str] | None,
    typer.Option(
        "--scores",
        metavar="FOLDER",
        help="Per-example results to judge, with no model; repeat (inverse-scaling).",
        show_default=False,
    ),
]
Parts = Annotated[
    list[str] | None,
    typer.Option(
        "--part",
        metavar="PART",
        help="Part of a study to run alone; repeat (kernel-regression, whose theory needs no model, and "
        "skill-emergence).",
        show_default=False,
    ),
]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="Change one parameter; repeat.", show_default=False),
]
Out = Annotated[
    Path | None,
    typer.Option("--out", "-o", help="Run folder; made from the command when left out.", show_default=False),
]
Dtype = Annotated[str, typer.Option("--dtype", help="float32, bfloat16 or float16.")]
Device = Annotated[str, typer.Option("--device", help="cpu, cuda, cuda:1 ... or auto.")]
DeviceMap = Annotated[
    str | None,
    typer.Option("--device-map", help="Spread a large model, e.g. auto.", show_default=False),
]
Attention = Annotated[str, typer.Option("--attention", help="Attention implementation: sdpa or eager.")]
Blocks = Annotated[
    str | None,
    typer.Option("--blocks", metavar="PATH", help="Dotted path of the block list.", show_default=False),
]
TrustRemoteCode = Annotated[
    bool, typer.Option("--trust-remote-code", help="Run Python code that comes with the model.")
]
AllowPickle = Annotated[
    bool, typer.Option("--allow-pickle", help="Read pickled weights, tensors only (torch weights_only).")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print for machines instead of people.")]


def _known_engine(name: str) -> str:
    """Return the name of an engine, or the address of a cluster.

    Raises:
        StudyError: If it is neither.
    """
    if name not in ("inline", "ray") and not name.startswith("ray://"):
        raise StudyError(f"--engine {name}", "inline, ray or ray://host:port")
    return name


Engine = Annotated[
    str,
    typer.Option(
        "--engine",
        metavar="NAME",
        callback=_known_engine,
        help="inline; ray for many processes (here, or at RAY_ADDRESS); or ray://host:port.",
    ),
]
Language = Annotated[
    str, typer.Option("--lang", metavar="LANG", help="Language of the page's own words: en or ja.")
]
RunFolderArgument = Annotated[Path, typer.Argument(help="Run folder.", metavar="RUN")]
