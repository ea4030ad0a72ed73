"""Published means of whole models on whole tasks, to be drawn beside measured ones and never classified.

Models that cannot be run any more (GPT-3, PaLM, Gopher, Chinchilla) are known by such points alone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, Literal

from taskscope.errors import TaskError, nearest
from taskscope.tasks.choice_records import records
from taskscope.tasks.scored_models import number

Measure = Literal["accuracy", "loss"]
_MEASURES: dict[str, Measure] = {
    "accuracy": "accuracy",
    "classification_acc": "accuracy",
    "loss": "loss",
    "classification_loss": "loss",
    "sequence_prob": "loss",
}
"""What is drawn, by the names that it is published under."""
_OTHER_NAMES = {"n": "parameters", "d": "tokens", "se": "error"}
_NEEDED = ("family", "parameters", "task", "metric", "value")
_COLUMNS = ("family", "parameters", "tokens", "task", "metric", "value", "error", "source")


@dataclass(frozen=True)
class PublishedPoint:
    """One model's mean on one task, as somebody published it."""

    family: str
    parameters: float
    tokens: float | None
    """Training tokens; None where they are not told."""
    task: str
    metric: Measure
    value: float
    """Share of items, or nats."""
    error: float | None
    """Standard error of `value`; None where it is not told."""
    source: str


def find(name_or_path: str) -> Path:
    """Return the file of published points that a name means: ``opt``, which comes along, or a path."""
    with resources.as_file(resources.files("taskscope.tasks") / "data" / "published") as folder:
        shipped = folder / f"{name_or_path}.csv"
    return shipped if shipped.is_file() else Path(name_or_path)


def load_points(path: str | Path) -> tuple[PublishedPoint, ...]:
    """Read published points.

    Args:
        path: A CSV or JSON-lines file with the columns family, parameters (or N), tokens (or D), task,
            metric, value, error (or se) and source; tokens, error and source may be empty.

    Raises:
        TaskError: If the file cannot be read, or a row is no point; the message names the line.
    """
    points = tuple(_point(record.fields, f"{path}, line {record.line}") for record in records(path))
    if not points:
        raise TaskError(f"{path} holds no point.", f"a header {','.join(_COLUMNS)} and a row for each")
    return points


def _point(given: dict[str, Any], where: str) -> PublishedPoint:
    lower = {name.lower(): "" if value is None else str(value).strip() for name, value in given.items()}
    told = {_OTHER_NAMES.get(name, name): text for name, text in lower.items()}
    missing = [name for name in _NEEDED if not told.get(name)]
    if missing:
        near = nearest(missing[0], [name for name in told if name not in _COLUMNS])
        raise TaskError(f"{where}: no {missing[0]}.", f"the columns {', '.join(_COLUMNS)}", near)
    metric = _MEASURES.get(told["metric"].lower())
    if metric is None:
        raise TaskError(f"{where}: the metric {told['metric']!r}.", f"one of {', '.join(_MEASURES)}")
    value = _number("value", told, where)
    error = _number("error", told, where) if told.get("error") else None
    if value < 0 or (metric == "accuracy" and value > 1) or (error or 0) < 0:
        given_as = f"{metric} {value:g} with error {error}"
        raise TaskError(f"{where}: {given_as}.", "an accuracy from 0 to 1, a loss from 0")
    return PublishedPoint(
        family=told["family"],
        parameters=_size("parameters", told, where),
        tokens=_size("tokens", told, where) if told.get("tokens") else None,
        task=told["task"],
        metric=metric,
        value=value,
        error=error,
        source=told.get("source", ""),
    )


def _size(name: str, told: Mapping[str, str], where: str) -> float:
    value = number(told[name])
    if value is None:
        raise TaskError(f"{where}: {name} is {told[name]!r}.", "a size such as 1.3e9 or 1.3B")
    return value


def _number(name: str, told: Mapping[str, str], where: str) -> float:
    try:
        value = float(told[name])
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise TaskError(f"{where}: {name} is {told[name]!r}.", "a number")
    return value
