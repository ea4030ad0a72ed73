"""How two models differ on the questions that both were asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pyarrow as pa

from taskscope.errors import RunError
from taskscope.report.findings import Frozen, Interval
from taskscope.runs.store import RunFolder
from taskscope.stats.paired import Paired, PairedTask, paired
from taskscope.studies.base import Comparable
from taskscope.studies.comparing.pairing import Shared, Side, contents, shared, sides
from taskscope.studies.randomness import stream
from taskscope.studies.request import find_study


class Word(StrEnum):
    """What a difference says, second less first."""

    HIGHER = "higher"
    LOWER = "lower"
    NOT_SHOWN = "no difference shown"
    IDENTICAL = "identical"
    TOO_FEW = "too few questions"


class Difference(Frozen):
    """One quantity, on one task or as a mean over all that both were asked."""

    study: str
    quantity: str
    unit: str
    task: str
    """Empty for the mean over tasks."""
    n_tasks: int
    n: int
    """Independent questions."""
    n_changed: int
    """Questions whose two answers differ."""
    first: float
    second: float
    difference: float
    """Second less first."""
    interval: Interval | None
    word: Word


@dataclass(frozen=True)
class Comparison:
    """Everything that two runs say of each other."""

    first: Side
    second: Side
    differences: tuple[Difference, ...]
    notes: tuple[str, ...]
    """What a reader must know before trusting them."""

    @property
    def overall(self) -> list[Difference]:
        """The means over tasks, one for each study and quantity."""
        return [one for one in self.differences if not one.task]


def compare(folders: tuple[RunFolder, RunFolder], models: Sequence[str] = (), study: str = "") -> Comparison:
    """Compare two models question by question.

    Args:
        folders: Two runs, or one twice.
        models: Labels of the models, see `pairing.sides`.
        study: Compare this study alone; all if empty.

    Raises:
        RunError: If it is not plain which models are meant, or they share no questions.
        StudyError: If a run holds cells of a study that is not installed, or `study` is none.
    """
    first, second = sides(folders, models)
    if study:
        find_study(study)
    found: list[Difference] = []
    notes = _notes(first, second)
    for each in shared(first, second):
        if study in ("", each.study):
            own = list(_study(first, second, each))
            found += own
            if own and each.other_code:
                notes.append(f"{each.study}: the two were measured by different versions of the code.")
            if own and each.other_files:
                notes.append(
                    f"{each.study}: the results come from different files. Their items are paired by number; "
                    "whether both were asked the same cannot be seen from them."
                )
    if not found:
        raise RunError(
            "the two share no questions\n  " + "\n  ".join(map(contents, (first, second))),
            "the same study, tasks of the same items, the same parameters and seeds",
            f"measuring {second.model} with the command of the first run",
        )
    return Comparison(first, second, tuple(found), tuple(notes))


def _notes(first: Side, second: Side) -> list[str]:
    notes = []
    if first.identity == second.identity:
        same = "weights" if first.records[0].cell.model else "results"
        notes.append(f"Both are the same {same}: what differs comes from code, machine or precision.")
    return notes


def _study(first: Side, second: Side, cells: Shared) -> Iterator[Difference]:
    study = find_study(cells.study)
    if not isinstance(study, Comparable):
        return
    one, other = (side.answers(study, keys) for side, keys in ((first, cells.first), (second, cells.second)))
    for side, answers in ((first, one), (second, other)):
        _refuse_two_settings(side, cells.study, answers)
    both = _joined(one, other)
    units = dict(zip(one["quantity"].to_pylist(), one["unit"].to_pylist(), strict=True))
    for quantity, unit in units.items():
        tasks = {task: pair for (task, name), pair in sorted(both.items()) if name == quantity}
        groups = {"": list(tasks.values())} if tasks else {}
        if len(tasks) > 1:
            groups |= {task: [pair] for task, pair in tasks.items()}
        for task, some in groups.items():
            found = paired(some, stream("comparing", cells.study, quantity, task))
            yield _difference(cells.study, quantity, unit, task, len(some), found)


def _refuse_two_settings(side: Side, study: str, answers: pa.Table) -> None:
    """Refuse a folder in which the same questions were asked under several parameters: which is meant?

    Raises:
        RunError: If it is.
    """
    named = answers.select(("task", "quantity", "question"))
    if named.group_by(named.column_names).aggregate([]).num_rows < named.num_rows:
        raise RunError(
            f"{side.folder.path} holds {study} of {side.model} under several parameters",
            "one setting in each run folder",
            "run each setting with an --out of its own",
        )


def _joined(first: pa.Table, second: pa.Table) -> dict[tuple[str, str], PairedTask]:
    """Find the questions that both answered: (task, quantity) to their answers, in the order of the first."""
    names = ("task", "quantity", "question", "value", "cluster")
    there, here = (
        zip(*(table[name].to_pylist() for name in names), strict=True) for table in (second, first)
    )
    at = {(task, quantity, question): value for task, quantity, question, value, _ in there}
    found: dict[tuple[str, str], list[tuple[float, float, str]]] = {}
    for task, quantity, question, value, cluster in here:
        other = at.get((task, quantity, question))
        if other is not None:
            found.setdefault((task, quantity), []).append((value, other, cluster))
    return {
        name: PairedTask(*(np.array(column) for column in zip(*rows, strict=True)))
        for name, rows in found.items()
    }


def _difference(study: str, quantity: str, unit: str, task: str, n_tasks: int, found: Paired) -> Difference:
    ends = found.interval
    return Difference(
        study=study,
        quantity=quantity,
        unit=unit,
        task=task,
        n_tasks=n_tasks,
        n=found.n,
        n_changed=found.n_changed,
        first=found.first,
        second=found.second,
        difference=found.difference,
        interval=None if ends is None else Interval(low=float(ends.low), high=float(ends.high)),
        word=_word(found),
    )


def _word(found: Paired) -> Word:
    if found.n_changed == 0:
        return Word.IDENTICAL
    if found.interval is None:
        return Word.TOO_FEW
    if found.interval.low > 0:
        return Word.HIGHER
    return Word.LOWER if found.interval.high < 0 else Word.NOT_SHOWN
