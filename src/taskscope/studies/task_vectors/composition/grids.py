"""From the rows of composition cells to the answers of every square."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from taskscope.studies.task_vectors.composition.rows import COMPOSED
from taskscope.studies.task_vectors.heads.choice import ABLE_GAIN
from taskscope.studies.task_vectors.heads.grids import TaskAnswers, read
from taskscope.studies.task_vectors.heads.rows import SHOWN, ZERO_SHOT
from taskscope.tasks.compositions import SQUARES


@dataclass(frozen=True)
class SquareAnswers:
    """The answers to the queries of a square's four tasks."""

    neither: TaskAnswers
    one: TaskAnswers
    other: TaskAnswers
    both: TaskAnswers

    @property
    def name(self) -> str:
        """The task that is added up to."""
        return self.both.task

    @property
    def tasks(self) -> tuple[TaskAnswers, TaskAnswers, TaskAnswers, TaskAnswers]:
        """All four, the task that is added up to last."""
        return self.neither, self.one, self.other, self.both

    @property
    def unable(self) -> list[str]:
        """The tasks on which demonstrations do not help, by development queries."""
        found = []
        for task in self.tasks:
            gain = task.dev.plain[SHOWN].mean() - task.dev.plain[ZERO_SHOT].mean()
            if gain < ABLE_GAIN - 1e-9:
                found.append(task.task)
        return found

    @property
    def measured(self) -> bool:
        """Whether vectors were added up: demonstrations help on the three tasks that they are from."""
        return (ZERO_SHOT, COMPOSED) in self.both.dev.added

    @property
    def counted(self) -> bool:
        """Whether demonstrations help on all four tasks."""
        return self.measured and not self.unable


def squares(rows: pa.Table) -> list[SquareAnswers]:
    """Read the squares of one model's composition rows, in the order in which they are listed.

    Raises:
        StudyError: If a condition lacks queries or blocks.
    """
    asked, target = (rows[name].cast(pa.string()) for name in ("task", "target"))
    found = []
    for name, square in SQUARES.items():
        mine = rows.filter(pc.and_(pc.equal(asked, name), pc.is_valid(target)))  # type: ignore[attr-defined]
        if mine.num_rows:
            found.append(SquareAnswers(*(_task(mine, task) for task in square)))
    return found


def _task(rows: pa.Table, task: str) -> TaskAnswers:
    mine = rows.filter(pc.equal(rows["target"].cast(pa.string()), task))  # type: ignore[attr-defined]
    size = pc.max(mine["n_heads"]).as_py()  # type: ignore[attr-defined]
    return read(task, mine, int(size or 0))
