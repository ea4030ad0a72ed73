"""Simulated models of which it is known what tasks of each phenomenon do to each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from taskscope.studies.task_spaces.params import TUNED, TaskSpaceParams
from taskscope.studies.task_spaces.simulation import OWN_GAIN, SIZES, rows_of_maps

Array = np.ndarray
_NOISE = 0.08
"""Spread of a cell from one half of the pairs to the other, as in the other worlds."""
_WORDED_PHENOMENON = 0.9
"""Likeness in words, up or down, of tasks that contrast the same words with like or opposite labels."""


@dataclass(frozen=True)
class PatternWorld:
    """A world; numbers are in standard deviations of the margins where nothing else is said."""

    name: str
    description: str
    true: tuple[str, ...]
    kinds: str
    """A letter for each phenomenon: A alike, B partly opposed, C unrelated, N opposed, W as B by words."""
    shared: float = 1.0
    """How far tasks of a phenomenon move each other, up or down."""
    paired: float = 0.12
    """Spread of what any two tasks share, beyond phenomena and words."""
    worded: float = 0.3
    """What is added for each unit of likeness in words."""
    drift: float = 0.2
    """Spread of how easily a task is moved, and of how much a tuning moves, whatever was learned."""
    added: float = 0.0
    """The same spread over phenomena: all tasks of one are moved alike."""
    times: float = 0.0
    """Spread of the logarithm of how much is moved by tunings, and in tasks, of a phenomenon."""
    always: float = 0.0
    """What any tuning does to any task, before that is multiplied."""
    tested: tuple[str, ...] = ("7",)

    def simulate(self, params: TaskSpaceParams, rng: np.random.Generator) -> pa.Table:
        """Simulate the rows of one model."""
        groups = np.repeat(np.arange(len(SIZES)), SIZES)
        n = len(groups)
        same = groups[:, None] == groups[None, :]
        words = np.where(same, rng.normal(0.3, 0.3, (n, n)), rng.normal(0, 0.1, (n, n)))
        known = _even(rng.normal(0, self.paired, (n, n))) * 2**0.5
        for kind, group in zip(self.kinds, range(len(SIZES)), strict=True):
            cut = np.ix_(*[np.flatnonzero(groups == group)] * 2)
            signs = _signs(SIZES[group], rng)
            if kind == "W":
                words[cut] = _WORDED_PHENOMENON * signs + rng.normal(0, 0.05, signs.shape)
            else:
                known[cut] += self.shared * {"A": 1, "N": -1, "C": 0, "B": signs}[kind]
        words = np.clip(_even(words), -1, 1)
        strong, easy = (np.exp(self.times * rng.normal(0, 1, len(SIZES)))[groups] for _ in range(2))
        effects = np.outer(strong, easy) * (self.always + known + self.worded * words)
        for spread, of in ((self.drift, np.arange(n)), (self.added, groups)):
            for shape in ((-1, 1), (1, -1)):
                effects += spread * rng.normal(0, 1, n)[of].reshape(shape)
        np.fill_diagonal(effects, OWN_GAIN)
        likeness = {"words": words, "untrained": _even(0.7 * words + rng.normal(0, 0.1, (n, n)))}
        likeness["gradient"] = _even(0.5 * words + effects + rng.normal(0, 0.1, (n, n)))
        return rows_of_maps(groups, {TUNED: effects}, likeness, _NOISE, params, rng)


def _even(matrix: Array) -> Array:
    return (matrix + matrix.T) / 2


def _signs(tasks: int, rng: np.random.Generator) -> Array:
    """Two camps: 1 for two tasks of one, -1 for one of each."""
    side = np.where(rng.permutation(tasks) < tasks // 2, -1, 1)
    return np.outer(side, side)


WORLDS = (
    PatternWorld(
        "three patterns",
        "Inside two phenomena tasks are alike, in two they form opposed camps, in three they share nothing.",
        true=("7",),
        kinds="CABCACB",
    ),
    PatternWorld(
        "three patterns, drift by phenomenon",
        "The same, and all tasks of a phenomenon are moved, and move others, more than those of another.",
        true=("7",),
        kinds="CABCACB",
        added=0.3,
    ),
    PatternWorld("one pattern", "Inside every phenomenon tasks are alike.", true=(), kinds="AAAAAAA"),
    PatternWorld(
        "words inside phenomena",
        "Tasks move each other as far as their words are alike, in two phenomena up and down.",
        true=(),
        kinds="CCWCCCW",
        worded=0.8,
    ),
    PatternWorld(
        "added drift by phenomenon",
        "All tasks of a phenomenon are moved more by any tuning, or move others more; nothing else.",
        true=(),
        kinds="CCCCCCC",
        added=0.6,
    ),
    PatternWorld(
        "multiplied drift by phenomenon",
        "What any tuning does to any task is larger in some phenomena, by a factor.",
        true=(),
        kinds="CCCCCCC",
        times=0.5,
        always=0.3,
    ),
    PatternWorld(
        "pairs without phenomena",
        "Any two tasks share something, those of a phenomenon no more than others.",
        true=(),
        kinds="CCCCCCC",
        paired=0.3,
    ),
    PatternWorld("none opposed", "Tasks are alike or unrelated.", true=(), kinds="CACCACA"),
    PatternWorld(
        "none opposed, drift by phenomenon",
        "Tasks are alike or unrelated; besides, phenomena differ in how far they are moved, by a term and by "
        "a factor.",
        true=(),
        kinds="CACCACA",
        added=0.3,
        times=0.3,
        always=0.3,
    ),
    PatternWorld(
        "opposed by words alone",
        "Tasks are alike or unrelated, and in two phenomena opposed as their words are.",
        true=(),
        kinds="CAWCACW",
        worded=0.8,
    ),
    PatternWorld("none unrelated", "Tasks are alike or partly opposed.", true=(), kinds="AABAAAB"),
    PatternWorld("none alike", "Tasks are partly opposed or unrelated.", true=(), kinds="CBBCCCB"),
    PatternWorld(
        "none alike, drift by phenomenon",
        "Tasks are partly opposed or unrelated; besides, phenomena differ in how far they are moved, by a "
        "term and by a factor.",
        true=(),
        kinds="CBBCCCB",
        added=0.3,
        times=0.3,
        always=0.3,
    ),
)
