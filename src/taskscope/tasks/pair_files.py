"""Files of minimal pairs: JSON lines as BLiMP is published, and the plain form of a user's own.

The plain form has the fields ``good`` and ``bad``; ``task`` names the paradigm (the file does, where it is
missing) and ``group`` the phenomenon.  BLiMP's own fields are known too, and three irregularities of its
files are put right (protocol task_spaces 4.1): a thirteenth label belongs to one of the twelve phenomena, the
field of linguistics has several spellings, and copies name the number of a pair differently.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from taskscope.errors import TaskError, nearest
from taskscope.tasks.entries import decode
from taskscope.tasks.minimal_pairs import FIELDS, PHENOMENA, Method, MinimalPair, Paradigm, in_order

SUFFIXES = (".jsonl",)
UNGROUPED = "ungrouped"
"""Phenomenon of a paradigm whose file names none."""

_ALIASES = {"s-selection": "argument_structure"}
_METHODS: dict[str, Method] = {
    "simple_LM_method": "simple",
    "one_prefix_method": "one-prefix",
    "two_prefix_method": "two-prefix",
}
_NUMBERS = ("pairID", "pair_id", "number")

Row = tuple[str, Mapping[str, Any]]
"""Where a record stands, for messages, and its fields."""


def load_folder(folder: str | Path) -> tuple[Paradigm, ...]:
    """Read every .jsonl file of a folder, sorted by phenomenon and then by name.

    Raises:
        TaskError: If there is no such file, two files hold the same paradigm, or one cannot be read.
    """
    folder = Path(folder)
    files = sorted(folder.glob("*.jsonl"))
    if not files:
        raise TaskError(f"{str(folder)!r} holds no .jsonl file.", "a folder of minimal pairs")
    found: dict[str, Paradigm] = {}
    for file in files:
        for paradigm in load_file(file):
            if paradigm.name in found:
                raise TaskError(
                    f"{file}: paradigm {paradigm.name!r} stands in another file too.", "each paradigm once"
                )
            found[paradigm.name] = paradigm
    return in_order(list(found.values()))


def load_file(path: str | Path) -> tuple[Paradigm, ...]:
    """Read the paradigms of one file, one JSON object a line.

    Raises:
        TaskError: If the file cannot be used; the message names file and line.
    """
    path = Path(path)
    if not path.is_file():
        beside = sorted(p.name for p in path.parent.glob("*.jsonl"))
        raise TaskError(f"There is no file {str(path)!r}.", "a .jsonl file", nearest(path.name, beside))
    return paradigms(rows_of(path), path.stem, str(path.resolve()), str(path))


def paradigms(rows: Iterable[Row], name: str, source: str, where: str) -> tuple[Paradigm, ...]:
    """Put records together to paradigms, sorted by phenomenon and then by name.

    Args:
        rows: Records with where they stand.
        name: Of the paradigm of records that name none.
        source: What the registry finds them by.
        where: What is named when there is no record at all.

    Raises:
        TaskError: If there is no record, one lacks a field, or records of one paradigm disagree on it.
    """
    heads: dict[str, dict[str, Any]] = {}
    pairs: dict[str, dict[int, MinimalPair]] = {}
    for at, row in rows:
        head = _head(row, name, at)
        known = heads.setdefault(head["name"], head)
        if head != known:
            differing = next(key for key in head if head[key] != known[key])
            raise TaskError(
                f"{at}: {differing} {head[differing]!r} of paradigm {head['name']!r}, before "
                f"{known[differing]!r}.",
                "the same for all pairs of a paradigm",
            )
        own = pairs.setdefault(head["name"], {})
        pair = _pair(row, len(own), at)
        if pair.number in own:
            raise TaskError(f"{at}: pair {pair.number} stands in the file already.", "each number once")
        own[pair.number] = pair
    if not heads:
        raise TaskError(f"{where} is empty.", "at least two pairs")
    made = [Paradigm(**head, pairs=tuple(pairs[n].values()), source=source) for n, head in heads.items()]
    return in_order(made)


def rows_of(path: Path) -> Iterator[Row]:
    """Read the records of a JSON-lines file.

    Raises:
        TaskError: If a line is no JSON object; the message names file and line.
    """
    for number, line in enumerate(decode(path.read_bytes(), path).splitlines(), 1):
        if not line.strip():
            continue
        where = f"{path}, line {number}"
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise TaskError(
                f"{where}: this is not JSON ({error.msg}, column {error.colno}).", "an object a line"
            ) from None
        if not isinstance(row, dict):
            raise TaskError(f"{where}: {line[:40]!r} is not a JSON object.", "an object a line")
        yield where, row


def _head(row: Mapping[str, Any], name: str, where: str) -> dict[str, Any]:
    """Return what is the same for all pairs of a paradigm."""
    if "linguistics_term" in row:
        return _published_head(row, where)
    given = {key: row.get(key) for key in ("task", "group")}
    for key, value in given.items():
        if value is not None and (not isinstance(value, str) or not value.strip()):
            raise TaskError(f"{where}: {key} {value!r}.", "a name, or no such field")
    return {"name": given["task"] or name, "phenomenon": given["group"] or UNGROUPED}


def _published_head(row: Mapping[str, Any], where: str) -> dict[str, Any]:
    raw = _text(row, "linguistics_term", where)
    phenomenon = _ALIASES.get(raw, raw)
    field = _text(row, "field", where).replace("_", "-").replace("/", "-").lower()
    for value, known, key in ((phenomenon, PHENOMENA, "linguistics_term"), (field, FIELDS, "field")):
        if value not in known:
            raise TaskError(
                f"{where}: unknown {key} {value!r}.", f"one of {', '.join(known)}", nearest(value, known)
            )
    return {
        "name": _text(row, "UID", where),
        "phenomenon": phenomenon,
        "field": field,
        "methods": frozenset(method for key, method in _METHODS.items() if row.get(key)),
        "lexically_identical": bool(row.get("lexically_identical")),
    }


def _pair(row: Mapping[str, Any], default: int, where: str) -> MinimalPair:
    key = next((key for key in _NUMBERS if key in row), "")
    number = row.get(key, default)
    try:
        number = int(str(number))
    except ValueError:
        raise TaskError(f"{where}: {key} {number!r}.", "a whole number") from None
    prefix = "sentence_" if "linguistics_term" in row else ""
    good, bad = (_text(row, prefix + side, where) for side in ("good", "bad"))
    return MinimalPair(number=number, good=good, bad=bad)


def _text(row: Mapping[str, Any], key: str, where: str) -> str:
    value = row.get(key)
    if not isinstance(value, str) or not value.strip():
        raise TaskError(
            f"{where}: the field {key!r} is missing or empty.",
            "a text",
            nearest(key, row) or f'a line such as {{"good": "...", "bad": "..."}}, with {key!r} filled in',
        )
    return value
