"""What was found at every block, read from the rows of stages and resampled over maps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from taskscope.stats.intervals import wilson
from taskscope.studies.columns import models_and_tasks, where
from taskscope.studies.randomness import stream
from taskscope.studies.structured_tasks.stages.rows import NOBODY, PART


@dataclass(frozen=True)
class Stages:
    """One task of one model, over the queries that it answers rightly; curves are (1 + draw, block)."""

    task: str
    n_classes: int
    n_right: int
    """Queries that are answered rightly."""
    n_queries: int
    own: np.ndarray
    """Share of queries whose own label leads."""
    wrong: np.ndarray
    """The same for a label that is not theirs, the mean over these."""
    renamed: np.ndarray
    """Share whose new word leads."""
    moved: np.ndarray
    """Share answered with the other class's new word when that class's residual stands in."""
    kept: np.ndarray
    """The same word, when the residual of another query of the own class stands in."""
    passed: np.ndarray
    """(1 + draw, 2) share of queries whose own label leads after some block; a wrong label, likewise."""

    @property
    def above_guessing(self) -> bool:
        """Whether clearly more queries are answered rightly than by guessing; else right answers are luck."""
        return bool(wilson(self.n_right / self.n_queries, self.n_queries).low > 1 / self.n_classes)


def grids(rows: pa.Table, draws: int) -> dict[str, list[Stages]]:
    """Read all rows of stages: model -> its tasks that were answered rightly at all, in sorted order."""
    if "leader" not in rows.column_names:
        return {}
    rows = where(rows, part=PART)
    found: dict[str, list[Stages]] = {}
    for model, task in models_and_tasks(rows):
        read = _read(task, where(rows, model=model, task=task), draws)
        if read is not None:
            found.setdefault(model, []).append(read)
    return found


def _read(task: str, rows: pa.Table, draws: int) -> Stages | None:
    n_blocks = int(rows["block"].to_numpy().max()) + 1
    order = np.lexsort([rows[c].to_numpy() for c in ("block", "query", "map", "seed")])
    names = ("seed", "map", "gold", "predicted", "partner", "leader", "renamed", "moved", "kept")
    column = {name: rows[name].to_numpy()[order].reshape(-1, n_blocks) for name in names}
    n_classes = rows["n_classes"][0].as_py()
    right = column["gold"][:, 0] == column["predicted"][:, 0]
    if not right.any():
        return None
    kept = {name: values[right] for name, values in column.items()}
    gold = kept["gold"]
    others = [(gold + step) % n_classes for step in range(1, n_classes)]  # (other class), each (query, block)
    shares = {
        "own": kept["leader"] == gold,
        "wrong": ((kept["leader"] != gold) & (kept["leader"] != NOBODY)) / (n_classes - 1),
        "renamed": kept["renamed"],
        "moved": kept["moved"] == kept["partner"],
        "kept": kept["kept"] == kept["partner"],
        "passed": np.column_stack(
            [
                (kept["leader"] == gold).any(axis=1),
                np.mean([(kept["leader"] == c).any(axis=1) for c in others], axis=0),
            ]
        ),
    }
    drawn = np.column_stack([kept["seed"][:, 0], kept["map"][:, 0]])
    _, unit = np.unique(drawn, axis=0, return_inverse=True)
    weights = _weights(unit.ravel(), draws, stream("structured-tasks stages", task))
    means = {name: weights @ values.astype(float) for name, values in shares.items()}
    return Stages(task, n_classes, int(right.sum()), len(right), **means)


def _weights(unit: np.ndarray, draws: int, rng: np.random.Generator) -> np.ndarray:
    """Return what each query counts in each draw of maps, (1 + draw, query), rows summing to 1."""
    n_units = int(unit.max()) + 1
    picked = rng.integers(n_units, size=(draws, n_units))
    counts = np.stack([np.bincount(row, minlength=n_units) for row in picked])
    weights = np.vstack([np.ones(n_units), counts])[:, unit].astype(float)
    return weights / weights.sum(axis=1, keepdims=True)
