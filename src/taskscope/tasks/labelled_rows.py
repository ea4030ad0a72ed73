"""From rows (text, name of the class) to a classification task, whatever file they were read from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from taskscope.errors import TaskError, nearest
from taskscope.tasks.classification import ClassificationTask, Text, one_line

Row = tuple[str, str]
"""A text and the name of its class."""


@dataclass(frozen=True)
class Description:
    """Everything about a task but its texts."""

    name: str
    title: str
    description: str
    labels: Mapping[str, str]
    """Label word by name of the class; the order is the order of the classes."""
    text_field: str
    label_field: str
    source: str = ""
    licence: str = ""
    notes: str = ""


def assemble(about: Description, pool: Sequence[Row], test: Sequence[Row]) -> ClassificationTask:
    """Make a task of rows; classes are found by name, since copies of a set number them differently.

    Repeated and empty texts are dropped, texts that stand under two classes too, and texts of the pool that
    are also in the test set.

    Raises:
        TaskError: If a row has an unknown class, or a class is left without a text.
    """
    classes = list(about.labels)
    asked = _distinct(test, classes, about.name)
    shown = {text: c for text, c in _distinct(pool, classes, about.name).items() if text not in asked}
    return ClassificationTask(
        name=about.name,
        title=about.title,
        description=about.description,
        classes=tuple(classes),
        labels=tuple(about.labels.values()),
        text_field=about.text_field,
        label_field=about.label_field,
        pool=tuple(Text(text=text, label=c) for text, c in shown.items()),
        test=tuple(Text(text=text, label=c) for text, c in asked.items()),
        source=about.source,
        licence=about.licence,
        notes=about.notes,
    )


def halves(rows: Sequence[Row]) -> tuple[list[Row], list[Row]]:
    """Deal the texts of each class in turn to the pool and to the test set; a repeated text goes once."""
    sides: tuple[list[Row], list[Row]] = ([], [])
    dealt: Counter[str] = Counter()
    for text, name in dict.fromkeys((one_line(text), name) for text, name in rows):
        sides[dealt[name] % 2].append((text, name))
        dealt[name] += 1
    return sides


def require_counts(rows: Sequence[Row], expected: Mapping[str, int], where: str) -> None:
    """Check how many rows of each class a file has.

    Raises:
        TaskError: If the counts are others; both are told.
    """
    found = Counter(name for _, name in rows)
    if found != Counter(expected):
        raise TaskError(
            f"{where} holds {len(rows)} texts: {_told(found)}.",
            f"{sum(expected.values())} texts: {_told(expected)}",
            "the published file unchanged; some copies are cut, reordered or carry dummy labels",
        )


def _told(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))


def _distinct(rows: Sequence[Row], classes: Sequence[str], task: str) -> dict[str, int]:
    found: dict[str, int] = {}
    disputed: set[str] = set()
    for raw, name in rows:
        if name not in classes:
            raise TaskError(
                f"Task {task!r}: a text has the class {name!r}.",
                f"one of {', '.join(classes)}",
                nearest(name, classes),
            )
        text = one_line(raw)
        if text and found.setdefault(text, classes.index(name)) != classes.index(name):
            disputed.add(text)
    return {text: c for text, c in found.items() if text not in disputed}
