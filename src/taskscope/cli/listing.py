"""`taskscope list`: what can be run, on what, and which claims are answered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from taskscope.cli.console import out
from taskscope.cli.options import AsJson
from taskscope.errors import TaskscopeError, nearest

if TYPE_CHECKING:
    from taskscope.tasks.choices import ChoiceTask
    from taskscope.tasks.classification import ClassificationTask
    from taskscope.tasks.minimal_pairs import Paradigm
    from taskscope.tasks.task import MappingTask

Row = dict[str, object]
SUMMARY = "summary"
"""Column of whole sentences."""


def _studies() -> list[Row]:
    from taskscope.studies.registry import accounts, registry

    built = registry()
    return [
        {"study": a.name, "state": "ready" if a.name in built else "not yet", "asks": a.question}
        for a in accounts()
    ]


def _claims() -> list[Row]:
    from taskscope.studies.registry import accounts

    return [
        {
            "study": account.name,
            "claim": claim.number,
            "title": claim.title,
            "experiments": " ".join(claim.experiments),
            "state": "implemented" if claim.implemented else "not yet",
        }
        for account in accounts()
        for claim in account.claims
    ]


def _tasks() -> list[Row]:
    from taskscope import plugins
    from taskscope.tasks import choice_registry, classification_registry, pair_registry, registry, texts

    return [
        *(_mapping(registry.get(name)) for name in registry.names()),
        *(
            _texts(classification_registry.get(name))
            for name in (*classification_registry.names(), *texts.FEW)
        ),
        *(_choices(choice_registry.get(name)) for name in choice_registry.names()),
        *map(_pairs, pair_registry.get(pair_registry.OURS)),
        *map(_offered, plugins.names(plugins.TASKS)),
    ]


def _mapping(task: MappingTask) -> Row:
    first = task.items[0]
    return _task(
        task.name, task.group, len(task.items), task.majority_rate, f"{first.input} -> {first.answers[0]}"
    )


def _texts(task: ClassificationTask) -> Row:
    majority = max(task.counts("test")) / len(task.test)
    example = f"{task.pool[0].text} -> {task.labels[task.pool[0].label]}"
    return _task(task.name, "classification", len(task.pool) + len(task.test), majority, example)


def _choices(task: ChoiceTask) -> Row:
    majority = max(Counter(item.answer for item in task.items).values()) / len(task.items)
    first = task.items[0]
    example = f"{' '.join(first.prompt.split())[-60:]} ->{first.classes[first.answer]}"
    return _task(task.name, "choice", len(task.items), majority, example)


def _pairs(paradigm: Paradigm) -> Row:
    first = paradigm.pairs[0]
    return _task(paradigm.name, "minimal pairs", len(paradigm.pairs), 0.5, f"{first.good} / {first.bad}")


def _offered(name: str) -> Row:
    """Name a task of another package without running its code."""
    return {"task": name, "group": "plugin", "items": "", "majority": "", "example": ""}


def _task(name: str, group: str, items: int, majority: float, example: str) -> Row:
    return {
        "task": name,
        "group": group,
        "items": items,
        "majority": round(majority, 3),
        "example": example,
    }


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
    """Print a table; summaries, which a last column would break into single words, stand below it."""
    columns = [column for column in rows[0] if column != SUMMARY]
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(_told(row[column]) for column in columns))
    out.print(table)
    for row in rows if SUMMARY in rows[0] else ():
        out.print(f"\n[bold]{escape(str(row[columns[0]]))}[/]: {escape(str(row[SUMMARY]))}", highlight=False)


def _told(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)


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
