"""What the columns of a choice file mean: the kind of task, and the item on each row (protocol 4.2)."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from taskscope.errors import TaskError, nearest
from taskscope.tasks.choice_records import Record, records
from taskscope.tasks.choices import ChoiceItem, Metric, misfit

REQUIRED: dict[Metric, tuple[str, ...]] = {
    "classification": ("prompt", "classes", "answer_index"),
    "sequence": ("prompt", "completion"),
    "log-odds": ("prompt", "other_prompt", "classes", "answer_index"),
}
"""Columns by kind; those of absolute log-odds are the same, so the description beside a file must tell it."""
OPTIONAL = ("id", "part", "round", "cluster", "template", "control")
KNOWN = tuple(dict.fromkeys([*(name for names in REQUIRED.values() for name in names), *OPTIONAL]))

_FLAGS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False, "": False}


@dataclass(frozen=True)
class Problem:
    """Why a row is no item: the rule of protocol 4.3 that it breaks, and a sentence."""

    rule: str
    message: str


class Unusable(ValueError):
    """A field that cannot be read."""

    def __init__(self, rule: str, message: str) -> None:
        self.problem = Problem(rule, message)
        super().__init__(message)


@dataclass(frozen=True)
class Row:
    """One row of a choice file, read as far as it can be."""

    record: Record
    metric: Metric
    item: ChoiceItem | None
    """None where a problem keeps the row from being an item."""
    problems: tuple[Problem, ...]

    @property
    def where(self) -> str:
        """Name the place for a message: ``line 3``, or ``part-2.csv, line 3`` in a zip."""
        member = self.record.member
        return f"{member}, line {self.record.line}" if member else f"line {self.record.line}"


def read(path: str | Path) -> Iterator[Row]:
    """Yield the rows of a choice file; one that is no item comes with its problems instead.

    Raises:
        TaskError: If the file cannot be read, its columns are those of no kind, or parts are of two kinds.
    """
    metric: Metric | None = None
    for record in records(path):
        if metric is None:
            metric = metric_of(record.fields, path)
        yield parse(record, metric)


def metric_of(fields: Collection[str], path: str | Path) -> Metric:
    """Recognise the kind of task by the names of its columns.

    Raises:
        TaskError: If they are those of no kind.
    """
    names = set(fields)
    if {"true_answer", "anchor"} <= names:
        raise TaskError(
            f"{path}: the columns true_answer and anchor ask for a number.",
            "classes or a completion; the numeric kind was never one of the contest's metrics",
        )
    likely: Metric = "classification"
    if "other_prompt" in names:
        likely = "log-odds"
    elif "completion" in names and "classes" not in names:
        likely = "sequence"
    missing = [name for name in REQUIRED[likely] if name not in names]
    if missing:
        raise TaskError(
            f"{path}: no column {missing[0]!r} among {', '.join(map(repr, fields)) or 'none'}.",
            "; or ".join(f"{metric}: {', '.join(columns)}" for metric, columns in REQUIRED.items()),
            nearest(missing[0], names),
        )
    return likely


def parse(record: Record, metric: Metric) -> Row:
    """Read one row as an item of a kind."""
    fields = record.fields
    missing = [name for name in REQUIRED[metric] if fields.get(name) is None]
    if missing:
        return Row(record, metric, None, (Problem("columns", f"no {missing[0]}"),))
    problems = [*_texts(fields, metric)]
    try:
        item = _item(fields, metric, record.part)
    except Unusable as error:
        return Row(record, metric, None, (*problems, error.problem))
    problems += _empty_classes(item)
    odd = misfit(item, metric)
    if odd:
        problems.append(Problem("V14" if metric == "log-odds" else "V1", odd))
    return Row(record, metric, None if problems else item, tuple(problems))


def _texts(fields: Mapping[str, Any], metric: Metric) -> Iterator[Problem]:
    for name in ("prompt", "other_prompt") if metric == "log-odds" else ("prompt",):
        text = fields[name]
        if not isinstance(text, str) or not text.strip():
            yield Problem("V4", f"the {name} is {text!r}, which is no text")
        elif not _encodable(text):
            yield Problem("V12", f"the {name} holds half of a character (a lone surrogate)")


def _empty_classes(item: ChoiceItem) -> Iterator[Problem]:
    for text in item.classes:
        if not text.strip(" "):
            yield Problem("V4", f"the class {text!r} is empty")
        elif not _encodable(text):
            yield Problem("V12", f"the class {text!r} holds half of a character (a lone surrogate)")


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _item(fields: Mapping[str, Any], metric: Metric, place: int) -> ChoiceItem:
    if metric == "sequence":
        completion = fields["completion"]
        if not isinstance(completion, str):
            raise Unusable("V4", f"the completion is {completion!r}, which is no text")
        classes: tuple[str, ...] = (completion,)
        answer = 0
    else:
        classes = _classes(fields["classes"])
        answer = _answer(fields["answer_index"], len(classes))
    return ChoiceItem(
        prompt=str(fields["prompt"]),
        classes=classes,
        answer=answer,
        other_prompt=str(fields["other_prompt"]) if metric == "log-odds" else "",
        id=_name(fields.get("id")),
        part=_integer("part", fields.get("part"), place),
        cluster=_name(fields.get("cluster")) or _name(fields.get("template")),
        control=_flag(fields.get("control")),
    )


def _classes(given: Any) -> tuple[str, ...]:
    found = _literal(given) if isinstance(given, str) else given
    if not isinstance(found, list | tuple) or not all(isinstance(text, str) for text in found):
        raise Unusable(
            "V1", f"the classes are {_short(given)}, which is no list of texts such as [' A', ' B']"
        )
    if len(set(found)) < max(2, len(found)):
        raise Unusable("V1", f"the classes are {_short(given)}, which are not two or more distinct texts")
    return tuple(found)


@lru_cache(maxsize=4096)
def _literal(text: str) -> object:
    """Read a literal without running anything (V1); most files repeat few."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore"
            )  # an escape such as '\d' is the file's to mend, not Python's to tell
            return ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        return None


def _answer(given: Any, n: int) -> int:
    found = _integer("answer_index", given, None, rule="V2")
    if not 0 <= found < n:
        raise Unusable("V2", f"answer_index {found} is none of the {n} classes, counted from 0")
    return found


def _integer(name: str, given: Any, default: int | None, rule: str = "columns") -> int:
    if default is not None and (given is None or given == ""):
        return default
    if isinstance(given, str) and given.strip().removeprefix("-").isdecimal():
        with suppress(ValueError):  # of more digits than Python reads
            return int(given.strip())
    if isinstance(given, int) and not isinstance(given, bool):
        return given
    raise Unusable(rule, f"{name} is {given!r}, which is no whole number")


def _name(given: Any) -> str:
    return "" if given is None else str(given)


def _flag(given: Any) -> bool:
    text = str(given).strip().lower() if given is not None else ""
    if text not in _FLAGS:
        raise Unusable("columns", f"control is {given!r}, which is neither true nor false")
    return _FLAGS[text]


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
