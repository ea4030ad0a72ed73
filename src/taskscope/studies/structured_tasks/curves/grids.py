"""Confusion counts of every condition, read from the rows of curve cells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from taskscope.stats.classification import confusion_by_unit, constant_f1
from taskscope.studies.columns import coded, models_and_tasks, where
from taskscope.studies.structured_tasks.curves.rows import PART, SKIPPED


@dataclass(frozen=True)
class CurveGrid:
    """One task of one model; all seeds' repetitions in a row."""

    model: str
    task: str
    n_classes: int
    shots: tuple[int, ...]
    """Numbers of demonstrations that were measured."""
    left_out: tuple[int, ...]
    """Numbers whose prompts did not fit the context."""
    counts: dict[str, np.ndarray]
    """Condition or learner -> (repetition, shots, gold class, predicted class)."""
    shown: dict[str, np.ndarray]
    """The same for those queries alone whose class is among the demonstrations (P4)."""

    @property
    def n_repetitions(self) -> int:
        """Draws of demonstrations, the unit of analysis."""
        return len(next(iter(self.counts.values())))

    @property
    def guessing(self) -> float:
        """Macro-F1 of uniform guessing; queries hold every class equally often."""
        return 1 / self.n_classes

    @property
    def one_class(self) -> float:
        """Macro-F1 of always giving one class."""
        return constant_f1([1 / self.n_classes] * self.n_classes)


def grids(rows: pa.Table) -> dict[str, list[CurveGrid]]:
    """Read all curve rows: model -> its tasks, both in sorted order."""
    if "part" not in rows.column_names:
        return {}
    mine = where(rows, part=PART)
    found: dict[str, list[CurveGrid]] = {}
    for model, task in models_and_tasks(mine):
        found.setdefault(model, []).append(_grid(model, task, where(mine, model=model, task=task)))
    return found


def _grid(model: str, task: str, rows: pa.Table) -> CurveGrid:
    names, condition = coded(rows["condition"])
    column = {
        name: rows[name].to_numpy()
        for name in ("seed", "repetition", "shots", "gold", "predicted", "missing", "n_classes")
    }
    n_classes = int(column["n_classes"][0])
    measured = condition != (names.index(SKIPPED) if SKIPPED in names else -1)
    left_out = tuple(sorted({int(s) for s in column["shots"][~measured]}))
    shots = tuple(sorted({int(s) for s in column["shots"][measured]}))
    seeds, seed = np.unique(column["seed"], return_inverse=True)
    n_repetitions = int(column["repetition"].max()) + 1
    unit = seed * n_repetitions + column["repetition"]
    at = np.searchsorted(shots, column["shots"])
    n_units = len(seeds) * n_repetitions
    counts, shown = {}, {}
    for code in dict.fromkeys(condition[measured].tolist()):
        name, own = names[code], condition == code
        for table, keep in ((counts, own), (shown, own & ~column["missing"])):
            found = confusion_by_unit(
                column["gold"][keep],
                column["predicted"][keep],
                unit[keep] * len(shots) + at[keep],
                n_units * len(shots),
                n_classes,
            )
            table[name] = found.reshape(n_units, len(shots), n_classes, n_classes)
    return CurveGrid(model, task, n_classes, shots, left_out, counts, shown)
