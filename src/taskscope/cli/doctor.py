"""`taskscope doctor`: check that a model can be read and edited, and say what to do where it cannot."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from taskscope.cli import options
from taskscope.cli.console import BAD_INPUT, out


def doctor(
    model: Annotated[str, typer.Argument(help="Hub id, local folder or built-in name.")],
    dtype: options.Dtype = "float32",
    device: options.Device = "cpu",
    device_map: options.DeviceMap = None,
    attention: options.Attention = "sdpa",
    blocks: options.Blocks = None,
    trust_remote_code: options.TrustRemoteCode = False,
    allow_pickle: options.AllowPickle = False,
    as_json: options.AsJson = False,
) -> None:
    """Check a model: blocks found, edits exact, prompts tokenised safely; and what to do about a failure.

    Example: `taskscope doctor EleutherAI/pythia-160m`

    Exits with 2 when a check fails.
    """
    from taskscope.models.checks import doctor as examine
    from taskscope.models.loading import load
    from taskscope.models.spec import as_spec

    spec = as_spec(
        model,
        dtype=dtype,
        device=device,
        device_map=device_map,
        attention=attention,
        blocks=blocks,
        trust_remote_code=trust_remote_code,
        allow_pickle=allow_pickle,
    )
    subject = load(spec)
    checks = examine(subject)
    if as_json:
        out.print_json(data={"model": subject.id, "checks": [vars(c) for c in checks]})
    else:
        out.print(f"[bold]{subject.id}[/]", highlight=False)
        table = Table(box=None, pad_edge=False, show_header=False)
        for check in checks:
            mark = "[green]✓[/]" if check.passed else "[red]✗[/]"
            advice = "" if check.passed or not check.advice else f"\n[yellow]{check.advice}[/]"
            table.add_row(mark, check.name, f"{check.detail}{advice}")
        out.print(table)
    if not all(check.passed for check in checks):
        raise typer.Exit(BAD_INPUT)
