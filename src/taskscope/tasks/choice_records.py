"""Rows of the files in which choice tasks are handed round, one at a time, so that size costs no memory.

Three shapes are read: CSV with a header, JSON lines, and a zip of several such files, the parts of one task.
"""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import IO, Any, AnyStr

from taskscope.errors import TaskError, nearest
from taskscope.tasks.archive_members import check_names

SUFFIXES = (".csv", ".jsonl", ".zip")
_PARTS = (".csv", ".jsonl")
_LONGEST_CELL = 1 << 24
"""Characters of one CSV cell; the library's own bound is below a prompt with many demonstrations."""
_LONGEST_LINE = 1 << 26
"""Bytes; a zip of a megabyte may unpack to a line of a gigabyte."""
_UNREADABLE = (zipfile.BadZipFile, UnicodeDecodeError, NotImplementedError)
"""What opening an archive or a member raises where its directory or a name in it is damaged."""
_DAMAGED = (*_UNREADABLE, zlib.error, EOFError, OSError, RuntimeError)
"""What reading a member raises where the archive is damaged, has a password or an unknown compression."""
_INDEX_COLUMN = re.compile(r"|unnamed: 0")
"""Names of a first column that only numbers the rows."""


@dataclass(frozen=True)
class Record:
    """One row: its fields by name, and where it stands."""

    fields: dict[str, Any]
    line: int
    """Line where the row begins, counted from 1."""
    member: str
    """File inside the zip; empty outside of one."""
    part: int
    """Place of that file among the parts, counted from 1."""


def records(path: str | Path) -> Iterator[Record]:
    """Yield the rows of a choice file, from top to bottom.

    Raises:
        TaskError: If the file is none, or at the row that is not UTF-8, not JSON or not CSV; the message
            names the line.
    """
    path = Path(path)
    if path.suffix.lower() not in SUFFIXES:
        raise TaskError(f"Choice file {str(path)!r}.", f"a name that ends in {', '.join(SUFFIXES)}")
    if not path.is_file():
        beside = sorted(p.name for p in path.parent.glob("*") if p.suffix.lower() in SUFFIXES)
        raise TaskError(f"There is no file {str(path)!r}.", "a choice file", nearest(path.name, beside))
    if path.suffix.lower() == ".zip":
        yield from _zip(path)
        return
    with path.open("rb") as stream:
        yield from _rows(stream, path, "", 1)


def members(path: str | Path) -> list[str]:
    """Name the parts inside a zip, part 2 before part 10; a file that is no zip has none.

    Raises:
        TaskError: If it is called .zip and is none, or a member points outside.
    """
    if Path(path).suffix.lower() != ".zip":
        return []
    with _opened(Path(path)) as archive:
        return _parts(archive)


def _zip(path: Path) -> Iterator[Record]:
    with _opened(path) as archive:
        parts = _parts(archive)
        if not parts:
            raise TaskError(f"{path} holds no part.", f"files that end in {' or '.join(_PARTS)}")
        for place, name in enumerate(parts, 1):
            try:
                with archive.open(name) as stream:
                    yield from _rows(stream, path / name, name, place)
            except _DAMAGED as error:
                raise TaskError(
                    f"{path}: {name} cannot be read ({error}).", "a whole zip, no password"
                ) from None


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        archive = zipfile.ZipFile(path)
    except _UNREADABLE as error:
        raise TaskError(f"{path}: this is not a zip ({error}).", "a zip of .csv or .jsonl files") from None
    with archive:
        check_names(archive.namelist(), path)
        yield archive


def _parts(archive: zipfile.ZipFile) -> list[str]:
    """Leave out what packers add: resource forks of macOS, hidden files."""
    names = (name for name in archive.namelist() if PurePath(name).suffix.lower() in _PARTS)
    shown = [n for n in names if "__MACOSX" not in n and not PurePath(n).name.startswith(".")]
    return sorted(shown, key=lambda name: [_in_order(text) for text in re.split(r"(\d+)", name)])


def _in_order(text: str) -> tuple[int, str]:
    """Sort numbers by value, of however many digits, and after words."""
    return (len(text.lstrip("0")), text.lstrip("0")) if text.isdecimal() else (-1, text)


def _rows(stream: IO[bytes], where: PurePath, member: str, part: int) -> Iterator[Record]:
    read = _csv if where.suffix.lower() == ".csv" else _json_lines
    for line, fields in read(stream, where):
        yield Record(fields, line, member, part)


def _lines(stream: IO[AnyStr], where: PurePath) -> Iterator[AnyStr]:
    number = 0
    while line := stream.readline(_LONGEST_LINE):
        number += 1
        if len(line) >= _LONGEST_LINE:
            raise TaskError(
                f"{where}, line {number}: over {_LONGEST_LINE >> 20} MiB.", "an item on each line"
            )
        yield line


def _json_lines(stream: IO[bytes], where: PurePath) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, raw in enumerate(_lines(stream, where), 1):
        if not raw.strip():
            continue
        try:
            fields = json.loads(raw.removeprefix(b"\xef\xbb\xbf") if number == 1 else raw)
        except UnicodeDecodeError:
            raise _not_utf8(where, number) from None
        except (ValueError, RecursionError) as error:
            raise TaskError(
                f"{where}, line {number}: this is not JSON ({error}).", "an object a line"
            ) from None
        if not isinstance(fields, dict):
            given = raw[:40].decode(errors="replace").strip()
            raise TaskError(f"{where}, line {number}: {given!r}.", 'an object {"prompt": ..., ...}')
        yield number, fields


def _csv(stream: IO[bytes], where: PurePath) -> Iterator[tuple[int, dict[str, Any]]]:
    csv.field_size_limit(max(csv.field_size_limit(), _LONGEST_CELL))
    header: list[str] = []
    line = 1
    with io.TextIOWrapper(stream, encoding="utf-8-sig", newline="") as text:
        reader = csv.reader(_lines(text, where), strict=True)
        try:
            for row in reader:
                if row and not header:
                    header = [name.strip().lower() for name in row]
                    _distinct(header, line, where)
                elif row:
                    yield line, _cells(header, row, line, where)
                line = reader.line_num + 1
        except UnicodeDecodeError:
            raise _not_utf8(where, line) from None
        except csv.Error as error:
            raise TaskError(
                f"{where}, line {line}: this is not CSV ({error}).", "quotes that are closed"
            ) from None


def _distinct(header: list[str], line: int, where: PurePath) -> None:
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise TaskError(
            f"{where}, line {line}: two columns are called {twice[0]!r}.", "a name for each column"
        )


def _cells(header: list[str], row: list[str], line: int, where: PurePath) -> dict[str, Any]:
    if len(row) != len(header):
        raise TaskError(
            f"{where}, line {line}: {len(row)} columns where the header has {len(header)}.",
            "as many columns on each line",
            'double quotes around a text that holds a comma: "Paris, France"',
        )
    first = 1 if _INDEX_COLUMN.fullmatch(header[0]) else 0
    return dict(zip(header[first:], row[first:], strict=True))


def _not_utf8(where: PurePath, line: int) -> TaskError:
    return TaskError(
        f"{where}, at or after line {line}: this is not UTF-8.",
        "a text file in UTF-8",
        "saving the file again with the encoding UTF-8",
    )
