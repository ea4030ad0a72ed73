"""Readers of the file shapes in which the published sets circulate; most return (text, raw label)."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

from taskscope.errors import TaskError
from taskscope.tasks.entries import decode
from taskscope.tasks.labelled_rows import Row


def label_first(path: Path) -> list[Row]:
    """Read lines ``label text``."""
    return [(text, label) for label, _, text in (line.partition(" ") for line in _read(path).splitlines())]


def json_lines(path: Path) -> list[Row]:
    """Read lines ``{"sentence": ..., "label": ...}``; quotes that wrap a whole text are no part of it."""
    rows = [json.loads(line) for line in _read(path).splitlines() if line.strip()]
    return [(_unquoted(row["sentence"]), str(row["label"])) for row in rows]


def sentence_table(path: Path) -> list[Row]:
    """Read tab-separated lines under a header ``sentence label``."""
    rows = csv.reader(io.StringIO(_read(path), newline=""), delimiter="\t")
    next(rows)
    return [(text, label) for text, label in rows]


def titled_table(path: Path) -> list[Row]:
    """Read comma-separated lines ``label, title, body``; the text is "title. body".

    A backslash is what is left of a line break.
    """
    rows = csv.reader(io.StringIO(_read(path), newline=""))
    return [(f"{title}. {body}".replace("\\", " "), label) for label, title, body in rows]


def sentence_pairs(path: Path) -> list[tuple[str, str, str]]:
    """Read lines ``{"premise": ..., "hypothesis": ..., "label": ...}``: (premise, hypothesis, label)."""
    rows = [json.loads(line) for line in _read(path).splitlines() if line.strip()]
    return [(row["premise"], row["hypothesis"], str(row["label"])) for row in rows]


def beside(texts: Path, labels: Path) -> list[Row]:
    """Read a file of texts, one a line, and a file of their labels.

    Raises:
        TaskError: If there are not as many labels as texts.
    """
    # Only a line feed ends a text: other line breaks of Unicode stand inside tweets.
    lines, marks = _read(texts).rstrip("\n").split("\n"), _read(labels).split()
    if len(lines) != len(marks):
        raise TaskError(
            f"{texts.name} holds {len(lines)} texts, {labels.name} {len(marks)} labels.",
            "a label for each text",
        )
    return list(zip(lines, marks, strict=True))


def numbered_names(path: Path) -> dict[str, str]:
    """Read lines ``number name``: the names of classes by number."""
    return dict(line.split(maxsplit=1) for line in names(path))


def names(path: Path) -> list[str]:
    """Read the names of classes, one a line."""
    return [line.strip() for line in _read(path).splitlines() if line.strip()]


def _unquoted(text: str) -> str:
    text = text.strip()
    wrapped = len(text) > 1 and text[0] == text[-1] == '"' and '"' not in text[1:-1]
    return text[1:-1] if wrapped else text


def _read(path: Path) -> str:
    if not path.is_file():
        raise TaskError(
            f"There is no file {str(path)!r}.",
            "the published files of the set, laid out as in the folder that TASKSCOPE_DATA names",
        )
    return decode(path.read_bytes(), path)
