"""Mapping tasks from JSON and CSV files; every complaint names the line.

Three JSON shapes are read: this package's own (an object with "items"), a list of objects with "input" and
"output", "answer" or "answers", and one object from inputs to answers. The last two are the shapes in which
lists for task vectors and function vectors were published.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any

from pydantic import BaseModel, ConfigDict

from taskscope.errors import TaskError, nearest
from taskscope.tasks.entries import ANSWER_FIELDS, Entry, decode, read_csv, read_json
from taskscope.tasks.task import Group, Item, MappingTask

SUFFIXES = (".json", ".csv")


class Header(BaseModel):
    """What a file in this package's own shape says about its task, beside the items."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = ""
    title: str = ""
    group: Group = "user"
    description: str = ""
    cluster_unit: str = "input"
    notes: str = ""
    source: str = ""


def load(path: str | Path) -> MappingTask:
    """Read a user's task from a .json or .csv file.

    The task is named by the file's own "name", else by the file; its group is "user" and its source the path.

    Raises:
        TaskError: If the file cannot be read or used; the message names the file and, if possible, the line.
    """
    path = Path(path)
    if path.suffix.lower() not in SUFFIXES:
        raise TaskError(f"Task file {str(path)!r}.", f"a name that ends in {' or '.join(SUFFIXES)}")
    if not path.is_file():
        beside = sorted(p.name for p in path.parent.glob("*") if p.suffix.lower() in SUFFIXES)
        raise TaskError(f"There is no file {str(path)!r}.", "a task file", nearest(path.name, beside))
    task = parse(path.read_bytes(), path)
    notes = f"{task.notes} Source: {task.source}".strip() if task.source else task.notes
    return task.model_copy(update={"group": "user", "source": str(path.resolve()), "notes": notes})


def parse(raw: bytes, path: PurePath) -> MappingTask:
    """Read a task from the bytes of a file; the path gives the shape, the name and the words of complaints.

    Raises:
        TaskError: If the bytes are not UTF-8, are empty, or are not a task.
    """
    text = decode(raw, path)
    if not text.strip():
        raise TaskError(f"{path} is empty.", "at least 2 items")
    fields, entries = read_csv(text, path) if path.suffix.lower() == ".csv" else read_json(text, path)
    header = _header(fields, path)
    items = _items(entries, path)
    name = header.name or path.stem
    return MappingTask(**{**header.model_dump(), "name": name, "title": header.title or name, "items": items})


def _header(fields: Mapping[str, Any], path: PurePath) -> Header:
    unknown = [key for key in fields if key not in Header.model_fields]
    if unknown:
        raise TaskError(
            f"{path}: unknown field {unknown[0]!r} beside the items.",
            f"only {', '.join(Header.model_fields)} and items",
            nearest(unknown[0], [*Header.model_fields, "items"]),
        )
    try:
        return Header(**fields)
    except ValueError as error:
        raise TaskError(f"{path}: {_reason(error)}", "a text for each field beside the items") from None


def _items(entries: Sequence[Entry], path: PurePath) -> tuple[Item, ...]:
    items: list[Item] = []
    number_of: dict[str, int] = {}
    for number, entry in enumerate(entries):
        item = _item(entry, path)
        first = number_of.setdefault(item.input, number)
        if first != number:
            raise TaskError(
                f"{path}: input {item.input!r} stands on line {entries[first].line} and on line {entry.line} "
                f"(items {first + 1} and {number + 1}).",
                "each input once",
                'one item with both answers: "answers": ["a", "b"] in JSON, a|b in CSV',
            )
        items.append(item)
    if len(items) < 2:
        raise TaskError(f"{path} has {len(items)} item{'' if len(items) == 1 else 's'}.", "at least 2 items")
    return tuple(items)


def _item(entry: Entry, path: PurePath) -> Item:
    where = f"{path}, line {entry.line}"
    given = {key: value for key, value in entry.fields.items() if value not in (None, "", [])}
    answer_field = next((name for name in ANSWER_FIELDS if name in given), None)
    if "input" not in given or answer_field is None:
        missing = "input" if "input" not in given else "answer"
        raise TaskError(
            f"{where}: the field {missing!r} is missing or empty.",
            f"'input' and one of {', '.join(map(repr, ANSWER_FIELDS))}",
            nearest(missing, [key for key in entry.fields if key not in ("input", *ANSWER_FIELDS)]),
        )
    answers = given[answer_field]
    try:
        return Item(
            input=_text(given["input"]),
            answers=tuple(map(_text, answers if isinstance(answers, list) else [answers])),
            cluster=_text(given.get("cluster", "")),
        )
    except ValueError as error:
        raise TaskError(
            f"{where}: {_reason(error)}", "texts that are not empty, and answers that differ"
        ) from None


def _text(value: Any) -> str:
    """Strip the spaces around a text: where spaces go is the prompt format's business."""
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is not a text; in JSON a text stands in double quotes")
    return value.strip()


def _reason(error: ValueError) -> str:
    """Phrase a validation error in one line, without the validator's own vocabulary."""
    details = getattr(error, "errors", None)
    if details is None:
        return str(error)
    first = details()[0]
    field = ".".join(str(part) for part in first["loc"])
    return f"{field}: {first['msg'].removeprefix('Value error, ')}"
