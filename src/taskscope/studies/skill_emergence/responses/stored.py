"""Responses of models to items: read from the rows of a run, or from a CSV file.

Rows of five kinds are known: choices (inverse scaling), mapping tasks after demonstrations (task vectors),
nested calls (structured tasks), pairs of skills and cloze questions (skill emergence). Anything else, such as
minimal pairs, comes as a file with the columns ``model,item,correct`` and, if there are tags, ``skills``.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from taskscope.errors import TaskscopeError
from taskscope.runs.store import RunFolder
from taskscope.studies.columns import where
from taskscope.studies.inverse_scaling.arms import TASK
from taskscope.studies.skill_emergence.pairs.names import TITLES, skills
from taskscope.studies.skill_emergence.pairs.rows import APART, BOTH, FIRST, SECOND
from taskscope.studies.structured_tasks.nested.draws import APART as CALLED_APART
from taskscope.studies.structured_tasks.nested.names import steps
from taskscope.studies.structured_tasks.nested.rows import NEST
from taskscope.studies.task_vectors.conditions import REGULAR
from taskscope.tasks.cloze import SKILLS, kind_of, q_matrix

Array = np.ndarray
Row = Mapping[str, Any]

_RIGHT = {"1": 1.0, "0": 0.0, "true": 1.0, "false": 0.0, "1.0": 1.0, "0.0": 0.0}


class Response(NamedTuple):
    """One examinee's answer to one item."""

    examinee: str
    item: str
    right: float
    skills: tuple[str, ...]


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
                    f"item {one.item!r} with {told}", "the same skills in every row, one or more"
                )
            found[one.examinee, one.item] = one.right
        if not found:
            raise TaskscopeError(
                "no responses",
                "rows of choices, mapping tasks, nested calls, pairs or cloze questions",
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
    folder = RunFolder.open(path)
    studies = sorted({record.cell.study for record in folder.cells()})
    return Responses.of(one for study in studies for one in of_rows(folder.rows(study=study)))


def of_csv(path: Path) -> Responses:
    """Read a table of responses: model, item, correct (1 or 0), and skills with semicolons between them.

    Without a column of skills all items have one and the same.

    Raises:
        TaskscopeError: If the file cannot be read, a column is missing, or a value is neither 1 nor 0.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError) as error:
        raise TaskscopeError(f"{path}: {error}", "a readable .csv file") from error
    missing = {"model", "item", "correct"} - set(rows[0] if rows else ())
    if missing:
        raise TaskscopeError(
            f"{path} without the columns {', '.join(sorted(missing))}",
            "model, item, correct and perhaps skills",
        )
    return Responses.of(_of_line(path, number, row) for number, row in enumerate(rows, start=2))


def of_rows(rows: pa.Table) -> Iterator[Response]:
    """Find the responses among a study's rows."""
    for kind in _KINDS:
        names = {*kind.columns, *kind.only}
        if names <= set(rows.column_names):
            own = where(rows.select(list({"model", "task", "seed"} | names)), **kind.only)
            for row in own.to_pylist():
                if all(row[name] is not None for name in kind.columns):
                    yield from kind.read(row)


def _of_line(path: Path, number: int, row: Row) -> Response:
    right = _RIGHT.get((row["correct"] or "").strip().lower())
    if right is None:
        raise TaskscopeError(f"correct = {row['correct']!r} in line {number} of {path}", "1 or 0")
    told = row.get("skills", "item")
    return Response(row["model"], row["item"], right, _tags(told or ""))


def _tags(text: str) -> tuple[str, ...]:
    return tuple(sorted({name.strip() for name in text.split(";")} - {""}))


def _choice(row: Row) -> Iterator[Response]:
    yield Response(row["model"], f"{row['task']}/{row['item']}", row["correct"], (row["task"],))


def _mapping(row: Row) -> Iterator[Response]:
    item = f"{row['task']}/{row['seed']}/{row['pair']}"
    yield Response(row["model"], item, float(row["correct"]), (row["task"],))


def _nested(row: Row) -> Iterator[Response]:
    tasks, step = steps(row["composition"]), row["step"]
    item = f"{row['composition']}/{row['seed']}/{row['repetition']}/{row['query']}/{step}"
    needs = tuple(sorted(set(tasks if step == NEST else tasks[step - 1 : step])))
    yield Response(row["model"], item, float(row["right"]), needs)


def _pair(row: Row) -> Iterator[Response]:
    first, second = skills(row["pair"])
    needs = {FIRST: (first,), SECOND: (second,), BOTH: (first, second)}.get(row["asked"])
    if needs is not None:
        item = f"{row['pair']}/{row['seed']}/{row['repetition']}/{row['query']}/{row['asked']}"
        tags = tuple(sorted({TITLES[name] for name in needs}))
        yield Response(row["model"], item, float(row["right"]), tags)


def _cloze(row: Row) -> Iterator[Response]:
    needs = q_matrix([kind_of(row["question"])])[0]
    tags = tuple(name for name, need in zip(SKILLS, needs, strict=True) if need)
    yield Response(row["model"], f"{row['seed']}/{row['question']}", row["solved"], tags)


class _Kind(NamedTuple):
    """One kind of rows."""

    columns: tuple[str, ...]
    """By which it is known; none is empty in its rows."""
    only: dict[str, str]
    """What columns say in the rows that are responses."""
    read: Callable[[Row], Iterator[Response]]


_KINDS = (
    _Kind(("item", "correct"), {"arm": TASK}, _choice),
    _Kind(("pair", "block", "correct"), {"condition": REGULAR, "split": "test"}, _mapping),
    _Kind(("composition", "repetition", "query", "step", "right"), {"condition": CALLED_APART}, _nested),
    _Kind(("pair", "repetition", "query", "asked", "right"), {"shown": APART}, _pair),
    _Kind(("question", "solved"), {}, _cloze),
)
