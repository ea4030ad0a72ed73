"""A user's own classified texts: a .jsonl or .csv file with the fields text and label.

A field ``split`` may say which rows are shown (pool or train) and which are asked (test); without it the
texts of each class are dealt to both in turn. A small .json file of the same name beside it may give label
words and field names; without it the classes' own names are the label words.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from taskscope.errors import TaskError, nearest
from taskscope.tasks.classification import ClassificationTask
from taskscope.tasks.entries import decode
from taskscope.tasks.labelled_rows import Description, Row, assemble, halves

SUFFIXES = (".jsonl", ".csv")
_SIDES = {"pool": 0, "train": 0, "test": 1}


class Header(BaseModel):
    """What the .json file beside the texts may say."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = ""
    title: str = ""
    description: str = ""
    labels: dict[str, str] = {}
    """Label word by class; its order is the order of the classes."""
    text_field: str = "Text"
    label_field: str = "Label"
    licence: str = ""
    notes: str = ""


def load(path: str | Path) -> ClassificationTask:
    """Read a user's classification task.

    Raises:
        TaskError: If a file cannot be read or used; the message names the file and, if possible, the line.
    """
    path = Path(path)
    if path.suffix.lower() not in SUFFIXES:
        raise TaskError(f"File of texts {str(path)!r}.", f"a name that ends in {' or '.join(SUFFIXES)}")
    if not path.is_file():
        beside = sorted(p.name for p in path.parent.glob("*") if p.suffix.lower() in SUFFIXES)
        raise TaskError(f"There is no file {str(path)!r}.", "a file of texts", nearest(path.name, beside))
    text = decode(path.read_bytes(), path)
    records = _csv(text, path) if path.suffix.lower() == ".csv" else _json_lines(text, path)
    rows, sides = _rows(records, path)
    header = _header(path.with_suffix(".json"))
    classes = sorted({name for _, name in rows}, key=_natural)
    name = header.name or path.stem
    about = Description(
        name=name,
        title=header.title or name,
        description=header.description or "Texts from a file.",
        labels=header.labels or {label: label for label in classes},
        text_field=header.text_field,
        label_field=header.label_field,
        source=str(path.resolve()),
        licence=header.licence,
        notes=header.notes,
    )
    pool, test = _split(rows, sides, path)
    return assemble(about, pool, test)


def _natural(label: str) -> tuple[int, int, str]:
    """Sort numbers by value, of however many digits, and before words."""
    digits = label.lstrip("0")
    return (0, len(digits), digits) if label.isdecimal() else (1, 0, label)


def _split(rows: Sequence[Row], sides: Sequence[int | None], path: Path) -> tuple[list[Row], list[Row]]:
    if all(side is None for side in sides):
        return halves(rows)
    if None in sides:
        raise TaskError(f"{path}: only some rows have a split.", "a split for every row, or for none")
    both = [[row for row, side in zip(rows, sides, strict=True) if side == wanted] for wanted in (0, 1)]
    return both[0], both[1]


def _rows(records: Iterator[tuple[int, dict[str, Any]]], path: Path) -> tuple[list[Row], list[int | None]]:
    rows: list[Row] = []
    sides: list[int | None] = []
    for line, record in records:
        where = f"{path}, line {line}"
        text, label, split = (record.get(key) for key in ("text", "label", "split"))
        if not isinstance(text, str) or not text.strip():
            raise TaskError(f"{where}: the text is missing or empty.", "a text", nearest("text", record))
        if isinstance(label, bool) or not isinstance(label, str | int) or not str(label).strip():
            raise TaskError(
                f"{where}: the label is {label!r}.", "the name or number of a class", nearest("label", record)
            )
        if split not in (None, "", *_SIDES):
            raise TaskError(f"{where}: the split is {split!r}.", f"one of {', '.join(_SIDES)}, or no split")
        rows.append((text, str(label).strip()))
        sides.append(_SIDES[split] if split else None)
    if not rows:
        raise TaskError(f"{path} holds no text.", "at least two texts of each class")
    return rows, sides


def _json_lines(text: str, path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except ValueError as error:
            raise TaskError(
                f"{path}, line {number}: this is not JSON ({error}).", "an object a line"
            ) from None
        if not isinstance(record, dict):
            raise TaskError(f"{path}, line {number}: {line[:40]!r}.", 'an object {"text": ..., "label": ...}')
        yield number, record


def _csv(text: str, path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [name.strip().lower() for name in reader.fieldnames or ()]
        if not {"text", "label"} <= set(header):
            raise TaskError(
                f"{path}, line 1: the columns are {', '.join(map(repr, header))}.", "text and label"
            )
        reader.fieldnames = header
        for record in reader:
            if None in record or None in record.values():
                raise TaskError(
                    f"{path}, line {reader.line_num}: not as many columns as in the header.",
                    f"{len(header)} columns",
                    'double quotes around a text that holds a comma: "good, but late"',
                )
            yield reader.line_num, record
    except csv.Error as error:
        raise TaskError(
            f"{path}, line {reader.line_num}: this is not CSV ({error}).", "closed quotes"
        ) from None


def _header(path: Path) -> Header:
    if not path.is_file():
        return Header()
    try:
        fields = json.loads(decode(path.read_bytes(), path))
        unknown = [key for key in fields if key not in Header.model_fields]
    except (ValueError, TypeError) as error:
        raise TaskError(f"{path}: this is not JSON ({error}).", "an object") from None
    if unknown:
        raise TaskError(
            f"{path}: unknown field {unknown[0]!r}.",
            f"only {', '.join(Header.model_fields)}",
            nearest(unknown[0], Header.model_fields),
        )
    try:
        return Header(**fields)
    except (ValueError, TypeError) as error:
        raise TaskError(f"{path}: {error}", "texts, and labels as an object of class and word") from None
