"""Records of a JSON or CSV text, each with the line where it begins."""

from __future__ import annotations

import csv
import io
import json
import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from taskscope.errors import TaskError

ANSWER_FIELDS = ("answers", "answer", "output")
"""Names under which the answers of an item may stand, in the order in which they are looked for."""

_BLANK = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()

_JSON_SHAPES = 'an object with "items", a list of {"input": ..., "output": ...}, or an object {input: answer}'


@dataclass(frozen=True)
class Entry:
    """One record: its fields by name, and the line where it begins, counted from 1."""

    line: int
    fields: dict[str, Any]


def decode(raw: bytes, path: PurePath) -> str:
    """Read bytes as UTF-8, with or without a byte order mark.

    Raises:
        TaskError: If they are not UTF-8; the message names the line.
    """
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise TaskError(
            f"{path}, line {line}: byte 0x{raw[error.start]:02x} at position {error.start} is not UTF-8.",
            "a text file in UTF-8",
            "saving the file again with the encoding UTF-8",
        ) from None


def read_json(text: str, path: PurePath) -> tuple[dict[str, Any], list[Entry]]:
    """Read a JSON text into the fields beside the items and one entry for each item.

    Raises:
        TaskError: If the text is not JSON (line and column are named), or of no known shape.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        at = f", line {error.lineno}, column {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
        raise TaskError(f"{path}{at}: this is not JSON ({error}).", _JSON_SHAPES) from None
    lines = _Lines(text)
    start = _skip(text, 0)
    if isinstance(document, list):
        return {}, list(_objects(text, start, lines, path))
    if not isinstance(document, dict):
        raise TaskError(f"{path} holds {type(document).__name__} {document!r}.", _JSON_SHAPES)
    if not isinstance(document.get("items"), list) or _maps_words(document):
        members = _members(text, start)
        return {}, [Entry(lines.at(at), {"input": key, "answers": value}) for key, value, at, _ in members]
    fields = {key: value for key, value in document.items() if key != "items"}
    # As json.loads does, the last of several equal keys counts.
    items_at = [value_at for key, _, _, value_at in _members(text, start) if key == "items"][-1]
    return fields, list(_objects(text, items_at, lines, path))


def _maps_words(document: dict[str, Any]) -> bool:
    """Tell an object {input: answers} in which "items" is one of the inputs from this package's own shape."""
    lists_of_texts = (
        isinstance(value, list) and all(isinstance(one, str) for one in value) for value in document.values()
    )
    return len(document) > 1 and all(lists_of_texts)


def read_csv(text: str, path: PurePath) -> tuple[dict[str, Any], list[Entry]]:
    """Read a CSV text with a header line; several answers in one cell are separated by "|".

    Raises:
        TaskError: If the header lacks a column, or a line has other columns than the header.
    """
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    header: list[str] = []
    entries: list[Entry] = []
    line = 1
    try:
        for row in reader:
            if row and not header:
                header = _columns(row, line, path)
            elif row:
                entries.append(Entry(line, _cells(header, row, line, path)))
            line = reader.line_num + 1
    except csv.Error as error:
        raise TaskError(
            f"{path}, line {line}: this is not CSV ({error}).", "quotes that are closed"
        ) from None
    return {}, entries


def _columns(row: list[str], line: int, path: PurePath) -> list[str]:
    header = [name.strip().lower() for name in row]
    if "input" not in header or not set(header) & set(ANSWER_FIELDS):
        raise TaskError(
            f"{path}, line {line}: the columns are {', '.join(map(repr, row))}.",
            "a first line that names the columns input and answer, separated by a comma",
        )
    return header


def _cells(header: list[str], row: list[str], line: int, path: PurePath) -> dict[str, Any]:
    if len(row) != len(header):
        raise TaskError(
            f"{path}, line {line}: {len(row)} columns where the header has {len(header)}.",
            "as many columns on each line",
            'double quotes around a text that holds a comma: "Paris, France"',
        )
    return {
        name: [part for part in cell.split("|") if part.strip()] if name in ANSWER_FIELDS else cell
        for name, cell in zip(header, row, strict=True)
    }


class _Lines:
    """Line numbers of positions in a text."""

    def __init__(self, text: str) -> None:
        self._ends = [match.start() for match in re.finditer("\n", text)]

    def at(self, position: int) -> int:
        return bisect_left(self._ends, position) + 1


def _skip(text: str, at: int) -> int:
    match = _BLANK.match(text, at)
    return match.end() if match else at


def _objects(text: str, at: int, lines: _Lines, path: PurePath) -> Iterator[Entry]:
    """Walk the array that begins at a position; the text is known to be valid JSON."""
    at = _skip(text, at + 1)
    while text[at] != "]":
        value, end = _DECODER.raw_decode(text, at)
        if not isinstance(value, dict):
            raise TaskError(f"{path}, line {lines.at(at)}: item {value!r}.", 'an object {"input": ..., ...}')
        yield Entry(lines.at(at), value)
        at = _skip(text, end)
        at = _skip(text, at + 1) if text[at] == "," else at


def _members(text: str, at: int) -> Iterator[tuple[str, Any, int, int]]:
    """Walk the object that begins at a position: key, value, position of the key and of the value.

    Unlike json.loads it shows a key that stands twice.
    """
    at = _skip(text, at + 1)
    while text[at] != "}":
        key, end = _DECODER.raw_decode(text, at)
        value_at = _skip(text, _skip(text, end) + 1)
        value, end = _DECODER.raw_decode(text, value_at)
        yield key, value, at, value_at
        at = _skip(text, end)
        at = _skip(text, at + 1) if text[at] == "," else at
