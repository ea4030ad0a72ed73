"""Responses of models to items: of the studies in a run folder that hand some out, or from a CSV file.

What hands none out comes as a file with the columns ``model,item,correct`` and, if there are tags,
``skills``.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from taskscope.errors import TaskscopeError
from taskscope.runs.store import RunFolder
from taskscope.studies.base import Responding
from taskscope.studies.registry import registry
from taskscope.studies.responses import Response

Array = np.ndarray
Row = Mapping[str, Any]

_RIGHT = {"1": 1.0, "0": 0.0, "true": 1.0, "false": 0.0, "1.0": 1.0, "0.0": 0.0}


@dataclass(frozen=True)
class Responses:
    """A table of responses with tags."""

    examinees: tuple[str, ...]
    items: tuple[str, ...]
    skills: tuple[str, ...]
    table: Array
    """(examinee, item), 1 right, 0 wrong, NaN not asked."""
    needs: Array
    """bool (item, skill)."""

    @classmethod
    def of(cls, responses: Iterable[Response]) -> Responses:
        """Lay responses out.

        Raises:
            TaskscopeError: If there are none, somebody answers an item twice, an item has no skill, or
                different ones in different rows.
        """
        found: dict[tuple[str, str], float] = {}
        tags: dict[str, tuple[str, ...]] = {}
        for one in responses:
            if (one.examinee, one.item) in found:
                raise TaskscopeError(f"{one.examinee!r} answers {one.item!r} twice", "one response each")
            if not one.skills or tags.setdefault(one.item, one.skills) != one.skills:
                told = "no skill" if not one.skills else f"{tags[one.item]} here and {one.skills} there"
                raise TaskscopeError(
                    f"item {one.item!r} with {told}",
                    "the same skills in every row, one or more",
                    "add; carry",
                )
            found[one.examinee, one.item] = one.right
        if not found:
            raise TaskscopeError(
                "no responses",
                "rows of choices, mapping tasks, minimal pairs, nested calls, pairs or cloze questions",
                "a .csv file with the columns model, item, correct and skills",
            )
        examinees, items = tuple(dict.fromkeys(name for name, _ in found)), tuple(tags)
        names = tuple(dict.fromkeys(skill for own in tags.values() for skill in own))
        at_examinee, at_item = ({name: n for n, name in enumerate(axis)} for axis in (examinees, items))
        table = np.full((len(examinees), len(items)), np.nan)
        for (examinee, item), right in found.items():
            table[at_examinee[examinee], at_item[item]] = right
        needs = np.array([[name in tags[item] for name in names] for item in items], dtype=bool)
        return cls(examinees, items, names, table, needs)


def of_run(path: Path) -> Responses:
    """Read the responses of all models in a run folder.

    Raises:
        RunError: If it is no run folder.
        TaskscopeError: If it holds no responses.
    """
    folder, known = RunFolder.open(path), registry()
    found = [(name, known.get(name)) for name in sorted({record.cell.study for record in folder.cells()})]
    return Responses.of(
        one
        for name, study in found
        if isinstance(study, Responding)
        for one in study.responses(folder.rows(study=name))
    )


def of_csv(path: Path) -> Responses:
    """Read a table of responses: model, item, correct (1 or 0), and skills with semicolons between them.

    Without a column of skills all items have one and the same.

    Raises:
        TaskscopeError: If the file cannot be read, a column is missing, or a value is neither 1 nor 0.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise TaskscopeError(f"{path}: {error}", "a readable .csv file") from error
    missing = {"model", "item", "correct"} - set(rows[0] if rows else ())
    if missing:
        raise TaskscopeError(
            f"{path} without the columns {', '.join(sorted(missing))}",
            "model, item, correct and perhaps skills",
        )
    return Responses.of(_of_line(path, number, row) for number, row in enumerate(rows, start=2))


def _of_line(path: Path, number: int, row: Row) -> Response:
    right = _RIGHT.get((row["correct"] or "").strip().lower())
    if right is None:
        raise TaskscopeError(f"correct = {row['correct']!r} in line {number} of {path}", "1 or 0")
    told = row.get("skills", "item")
    return Response(row["model"], row["item"], right, _tags(told or ""))


def _tags(text: str) -> tuple[str, ...]:
    return tuple(sorted({name.strip() for name in text.split(";")} - {""}))
