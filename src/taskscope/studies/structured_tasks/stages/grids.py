"""What was found at every block, read from the rows of stages and resampled over maps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from taskscope.stats.intervals import bootstrap_means, resampling_weights, wilson
from taskscope.studies.columns import models_and_tasks, where
from taskscope.studies.judgement import Measure
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
    n_maps: int
    """The unit of analysis."""
    accuracy: np.ndarray
    """(1 + draw,) share of queries that are answered rightly."""
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
        """Whether clearly more queries are answered rightly than by guessing; else right answers are luck.

        Queries of one map share demonstrations and new words, so maps are resampled. Where all maps agree,
        that would claim to be certain: Wilson's interval for as many units as maps takes its place.
        """
        found = Measure.of(self.accuracy)
        low = found.low if found.low < found.high else wilson(min(found.value, 1.0), self.n_maps).low
        return bool(low > 1 / self.n_classes)


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
    drawn = np.column_stack([column["seed"][:, 0], column["map"][:, 0]])
    every = np.unique(drawn, axis=0, return_inverse=True)[1].ravel()
    rng = stream("structured-tasks stages accuracy", task)
    resampled = bootstrap_means(right[:, None], every, draws, rng)[:, 0]
    _, unit = np.unique(every[right], return_inverse=True)  # a map with nothing right has no curves
    n_units = int(unit.max()) + 1
    counts = resampling_weights(n_units, draws, stream("structured-tasks stages", task))
    weights = np.vstack([np.ones(n_units), counts])[:, unit]
    weights /= weights.sum(axis=1, keepdims=True)
    means = {name: weights @ values.astype(float) for name, values in shares.items()}
    return Stages(
        task,
        n_classes,
        n_right=int(right.sum()),
        n_queries=len(right),
        n_maps=int(every.max()) + 1,
        accuracy=np.concatenate([[right.mean()], resampled]),
        **means,
    )
