"""A hypothesis of a user's own: how much any two tasks should share, as a table in a file (protocol 2.6)."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict

from taskscope.errors import StudyError, nearest

_FORM = "a .csv file: a header of task names behind its first cell, and a row for each of the same tasks"


FEWEST = 6
"""Tasks below which no map is judged by anything."""


class Hypothesis(BaseModel):
    """What is expected of the map; kept with the parameters, so that a run can be judged without the file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str
    """Name of the file, without its folder."""
    tasks: tuple[str, ...]
    values: tuple[tuple[float, ...], ...]
    """(tuned, judged) in the order of `tasks`, in any unit; the diagonal is not looked at."""

    def check(self, tasks: Sequence[str]) -> None:
        """Refuse tasks that it does not know, names that no task of the run has, and too few tasks.

        Raises:
            StudyError: Naming them.
        """
        for missing in tasks:
            if missing not in self.tasks:
                raise StudyError(
                    f"task {missing!r} does not stand in {self.source}",
                    "a column and a row for every task of the run",
                    nearest(missing, self.tasks),
                )
        for unknown in self.tasks:
            if unknown not in tasks:
                raise StudyError(
                    f"{self.source} names {unknown!r}, which is no task of the run",
                    f"its tasks: {', '.join(tasks[:5])}{', ...' if len(tasks) > 5 else ''}",
                    nearest(unknown, tasks),
                )
        if len(tasks) < FEWEST:
            raise StudyError(
                f"{self.source} for {len(tasks)} tasks", f"at least {FEWEST}, or nothing is judged"
            )

    def of(self, tasks: Sequence[str]) -> np.ndarray:
        """Return the expectation for some of its tasks, in that order: (tuned, judged), 0 on the diagonal."""
        places = [self.tasks.index(task) for task in tasks]
        found = np.array(self.values)[np.ix_(places, places)]
        np.fill_diagonal(found, 0)
        return found


def read(path: str | Path) -> Hypothesis:
    """Read a hypothesis; cells of the diagonal may be empty.

    Raises:
        StudyError: If there is no such file, it is no square table with the same tasks in rows and columns, a
            cell off the diagonal is no number, or all of them are the same. The message names file and line.
    """
    path = Path(path)
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            lines = [(number, row) for number, row in enumerate(csv.reader(file), start=1) if any(row)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise StudyError(
            f"hypothesis {str(path)!r}: {getattr(error, 'strerror', None) or error}", _FORM
        ) from None
    if len(lines) < 3:
        raise StudyError(f"hypothesis {str(path)!r} has {len(lines)} lines", _FORM)
    tasks = tuple(name.strip() for name in lines[0][1][1:])
    twice = next((name for name in tasks if not name or tasks.count(name) > 1), None)
    if twice is not None:
        raise StudyError(f"{path}: task {twice!r} in the header, empty or twice", "each task once")
    found: dict[str, tuple[float, ...]] = {}
    for number, (name, *cells) in lines[1:]:
        name, where = name.strip(), f"{path}, line {number}"
        if name not in tasks or name in found:
            raise StudyError(
                f"{where}: row {name!r}",
                "the tasks of the header, each once",
                nearest(name, [task for task in tasks if task not in found]),
            )
        if len(cells) != len(tasks):
            raise StudyError(f"{where}: {len(cells)} cells", f"{len(tasks)}, one for each task of the header")
        own = tasks.index(name)
        found[name] = tuple(0.0 if i == own else _number(c, where) for i, c in enumerate(cells))
    if missing := [task for task in tasks if task not in found]:
        raise StudyError(f"{path}: no row for {missing[0]!r}", "a row for each task of the header")
    expected = {value for i, own in enumerate(tasks) for j, value in enumerate(found[own]) if i != j}
    if len(expected) < 2:
        raise StudyError(f"{path} says the same of any two tasks", "more of some than of others")
    return Hypothesis(source=path.name, tasks=tasks, values=tuple(found[task] for task in tasks))


def _number(cell: str, where: str) -> float:
    try:
        value = float(cell)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise StudyError(f"{where}: {cell!r}", "a number in every cell off the diagonal")
    return value
