"""`taskscope list`: what can be run, on what, and which claims are answered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated

import typer
from rich.table import Table

from taskscope.cli.console import out
from taskscope.cli.options import AsJson
from taskscope.errors import TaskscopeError, nearest

Row = dict[str, object]


def _studies() -> list[Row]:
    from taskscope.studies.base import registry
    from taskscope.studies.catalogue import ACCOUNTS

    built = registry()
    return [
        {"study": a.name, "state": "ready" if a.name in built else "not yet", "asks": a.question}
        for a in ACCOUNTS
    ]


def _claims() -> list[Row]:
    from taskscope.studies.catalogue import ACCOUNTS

    return [
        {
            "study": account.name,
            "claim": claim.number,
            "title": claim.title,
            "experiments": " ".join(claim.experiments),
            "state": "implemented" if claim.implemented else "not yet",
        }
        for account in ACCOUNTS
        for claim in account.claims
    ]


def _tasks() -> list[Row]:
    from taskscope.tasks import classification_registry, registry

    mappings = [registry.get(name) for name in registry.names()]
    texts = [classification_registry.get(name) for name in classification_registry.names()]
    return [
        {
            "task": t.name,
            "group": t.group,
            "items": len(t.items),
            "majority": round(t.majority_rate, 3),
            "example": f"{t.items[0].input} -> {t.items[0].answers[0]}",
        }
        for t in mappings
    ] + [
        {
            "task": t.name,
            "group": "classification",
            "items": len(t.pool) + len(t.test),
            "majority": round(max(t.counts("test")) / len(t.test), 3),
            "example": f"{t.pool[0].text} -> {t.labels[t.pool[0].label]}",
        }
        for t in texts
    ]


def _models() -> list[Row]:
    from taskscope import pico

    return [pico.summary(name) for name in pico.names()]


def _profiles() -> list[Row]:
    return [
        {"profile": "smoke", "meaning": "every code path, in about 20 seconds for a built-in model"},
        {"profile": "standard", "meaning": "the default: minutes for a built-in model, or for 1 B on a GPU"},
        {"profile": "full", "meaning": "all controls and arms, several seeds"},
        {"profile": "paper", "meaning": "the sizes that were published"},
    ]


WHAT: dict[str, Callable[[], list[Row]]] = {
    "studies": _studies,
    "claims": _claims,
    "tasks": _tasks,
    "models": _models,
    "profiles": _profiles,
}


def _print(rows: Sequence[Row]) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in rows[0]:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(str(value) for value in row.values()))
    out.print(table)


def list_(
    what: Annotated[str, typer.Argument(help="studies, claims, tasks, models or profiles.")],
    as_json: AsJson = False,
) -> None:
    """List studies, claims (built or not yet), tasks, built-in models or profiles.

    Example: `taskscope list claims`
    """
    if what not in WHAT:
        known = f"one of {', '.join(WHAT)}"
        raise TaskscopeError(f"there is no list of {what!r}", known, nearest(what, WHAT))
    rows = WHAT[what]()
    if as_json:
        out.print_json(data=rows)
    elif rows:
        _print(rows)
