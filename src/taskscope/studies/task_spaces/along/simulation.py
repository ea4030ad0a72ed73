"""Simulated series of models whose maps change along them in a known way."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from taskscope.studies.task_spaces.params import TUNED, TaskSpaceParams
from taskscope.studies.task_spaces.rows import SIZE
from taskscope.studies.task_spaces.simulation import OWN_GAIN, rows_of_maps

_SIZES = (3, 4, 3, 3)
"""Tasks of each phenomenon: fewer than ours, since each table holds four models."""
_FLAT = (1.0, 1.0, 1.0, 1.0)
_AT = (1.0, 12.0, 40.0, 100.0)
"""Weights or tokens of the four models, in units of the smallest."""
_PAIRED = 0.2
"""Spread of what two tasks share beyond phenomena and words, standard deviations."""


@dataclass(frozen=True)
class SeriesWorld:
    """A world; tuples say a number for each of four models, in order."""

    name: str
    description: str
    true: tuple[str, ...]
    tested: tuple[str, ...]
    shared: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0)
    """What tuning adds to a task of the same phenomenon, standard deviations."""
    worded: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0)
    """What it adds for each unit of likeness in words."""
    strength: tuple[float, ...] = _FLAT
    """How far any tuning goes, on its own task and on others."""
    final: tuple[float, ...] = _FLAT
    """Correlation of each map with the last one; the rest is of a map that has nothing to do with it."""
    doublings: float = 0.0
    """By how much more weights a task concerns in the last model than in the first."""
    drift: float = 0.0
    """Spread of how easily a task is moved, the same in all models."""

    def simulate(self, params: TaskSpaceParams, rng: np.random.Generator) -> pa.Table:
        """Simulate the rows of the four models."""
        groups = np.repeat(np.arange(len(_SIZES)), _SIZES)
        n = len(groups)
        same = (groups[:, None] == groups[None, :]) & ~np.eye(n, dtype=bool)
        words = _even(np.where(same, rng.normal(0.3, 0.3, (n, n)), rng.normal(0, 0.1, (n, n))))
        first, last = (_even(rng.normal(0, _PAIRED, (n, n))) * 2**0.5 for _ in range(2))
        moved = self.drift * (rng.normal(0, 1, (n, 1)) + rng.normal(0, 1, (1, n)))
        likeness = {"gradient": words, "untrained": 0.7 * words, "words": words}
        holding = 0.1 * 2 ** rng.normal(0, 0.3, n)
        parts = []
        for number, at in enumerate(_AT):
            alike = self.final[number]
            truth = (
                alike * last
                + (1 - alike**2) ** 0.5 * first
                + self.shared[number] * same
                + self.worded[number] * words
            )
            effects = self.strength[number] * (truth + moved)
            np.fill_diagonal(effects, self.strength[number] * OWN_GAIN)
            noisy = {name: each + _even(rng.normal(0, 0.05, (n, n))) for name, each in likeness.items()}
            grown = holding * 2 ** (self.doublings * number / (len(_AT) - 1) + rng.normal(0, 0.3, n))
            sizes = [self._size(at, float(each), number) for each in grown]
            rows = rows_of_maps(
                groups, {TUNED: effects}, noisy, 0.08, params, rng, f"model {number + 1}", sizes
            )
            parts.append(rows)
        return pa.concat_tables(parts)

    def _size(self, at: float, holding: float, number: int) -> dict[str, object]:
        by_size = "8" in self.tested
        return {
            "part": SIZE,
            "above": holding,
            "holding": holding,
            "family": "simulated",
            "member": f"model {number + 1}" if by_size else "simulated",
            "parameters": 1e6 * (at if by_size else 1.0),
            "tokens": 1e7 * (1.0 if by_size else at),
            "finished": by_size or number == len(_AT) - 1,
        }


def _even(matrix: np.ndarray) -> np.ndarray:
    return (matrix + matrix.T) / 2


WORLDS = (
    SeriesWorld(
        "similarity grows with size",
        "The larger the model, the more tasks of one phenomenon share.",
        true=("8",),
        tested=("8",),
        shared=(0.0, 0.3, 0.45, 0.6),
    ),
    SeriesWorld(
        "the same at every size",
        "Tasks of one phenomenon share as much in every model.",
        true=(),
        tested=("8",),
        shared=(0.3, 0.3, 0.3, 0.3),
    ),
    SeriesWorld(
        "strength grows with size",
        "Tuning goes further in larger models, on its own task and on others alike.",
        true=(),
        tested=("8",),
        shared=(0.3, 0.3, 0.3, 0.3),
        strength=(0.6, 0.9, 1.1, 1.3),
    ),
    SeriesWorld(
        "words grow with size",
        "The larger the model, the further what it learns of words moves tasks with like words.",
        true=(),
        tested=("8",),
        worded=(0.1, 0.4, 0.6, 0.8),
        drift=0.2,
    ),
    SeriesWorld(
        "similarity shrinks with size",
        "The larger the model, the less tasks of one phenomenon share.",
        true=(),
        tested=("8",),
        shared=(0.6, 0.45, 0.3, 0.0),
    ),
    SeriesWorld(
        "settles early",
        "After an eighth of training the map is nearly the last one, and tasks come to concern more weights.",
        true=("9",),
        tested=("9",),
        final=(0.0, 0.95, 1.0, 1.0),
        doublings=1.0,
    ),
    SeriesWorld(
        "settles half",
        "After an eighth of training half of the change has come, and half is still to come.",
        true=(),
        tested=("9",),
        final=(0.0, 0.5, 0.8, 1.0),
        doublings=1.0,
    ),
    SeriesWorld(
        "settles late",
        "After an eighth of training the map is still that of the start.",
        true=(),
        tested=("9",),
        final=(0.0, 0.05, 0.5, 1.0),
        doublings=1.0,
    ),
    SeriesWorld(
        "settles early, grows not",
        "The map settles early, and tasks concern as many weights all along.",
        true=(),
        tested=("9",),
        final=(0.0, 0.95, 1.0, 1.0),
    ),
    SeriesWorld(
        "settled at the start",
        "The first map is the last one; tasks come to concern more weights.",
        true=(),
        tested=("9",),
        doublings=1.0,
    ),
)
