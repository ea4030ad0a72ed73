"""Simulated models whose map of tasks is known, written as the rows that measuring writes.

A world says what moves a task when another is tuned on: what both share, the words they have in common, how
easily a task is moved at all, and chance. Tasks stand in phenomena as ours do; words are shared more inside a
phenomenon than between, as they are in ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from taskscope.studies.task_spaces.params import (
    PLAIN,
    PLAIN_MASKED,
    SCATTERED,
    SHUFFLED,
    TUNED,
    TaskSpaceParams,
)
from taskscope.studies.task_spaces.rows import PAIR, SCORE, TRANSFER, to_rows

SIZES = (2, 3, 4, 3, 2, 2, 3)
"""Tasks of each phenomenon, as in our own pairs."""
OWN_GAIN = 1.5
"""What tuning adds to its own task, standard deviations of the margins."""


@dataclass(frozen=True)
class Scenario:
    """A world; every number is in standard deviations of the margins."""

    name: str
    description: str
    true: tuple[str, ...]
    tested: tuple[str, ...]
    shared: float = 0.0
    """What tuning adds to a task of the same phenomenon."""
    paired: float = 0.0
    """Spread of what two tasks share beyond phenomena and words; gradients know it."""
    worded: float = 0.0
    """What it adds to a task for each unit of likeness in words."""
    drift: float = 0.0
    """Spread of how easily a task is moved, and of how much a tuning moves, whatever was learned."""
    blurred: bool = False
    """Whether gradients know no more than the words do."""
    opposed: bool = False
    """Whether gradients say the opposite of transfer."""
    spilled: float = 0.3
    """Spread of what other ways of tuning do to other tasks, where this one does `noise`."""
    masked: float | None = None
    """The same spread of plain training on the chosen weights; None where that was not measured."""
    contained: bool = False
    """Whether plain training moves its own task alone."""
    noise: float = 0.08
    """Spread of a map's cell from one half of the pairs to the other."""

    def simulate(self, params: TaskSpaceParams, rng: np.random.Generator) -> pa.Table:
        """Simulate the rows of one model."""
        groups = np.repeat(np.arange(len(SIZES)), SIZES)
        n = len(groups)
        same = (groups[:, None] == groups[None, :]) & ~np.eye(n, dtype=bool)
        words = np.where(same, rng.normal(0.3, 0.3, (n, n)), rng.normal(0, 0.1, (n, n)))
        words = np.clip((words + words.T) / 2, -1, 1)
        pairs = rng.normal(0, self.paired, (n, n))
        pairs = (pairs + pairs.T) / 2**0.5
        known = self.shared * same + pairs
        truth = known + self.worded * words
        moved = self.drift * (rng.normal(0, 1, (n, 1)) + rng.normal(0, 1, (1, n)))
        untrained = 0.7 * words + rng.normal(0, 0.1, (n, n))
        gradient = 0.5 * words + rng.normal(0, 0.1, (n, n))
        if not self.blurred:
            gradient += (-2.0 if self.opposed else 1.0) * truth
        maps = {TUNED: truth + moved, SHUFFLED: moved}
        for name in (PLAIN, SCATTERED):
            maps[name] = truth + moved + rng.normal(0, self.spilled, (n, n))
        if self.masked is not None:
            maps[PLAIN_MASKED] = truth + moved + rng.normal(0, self.masked, (n, n))
        if self.contained:
            maps[PLAIN] = np.zeros((n, n))
        for name, each in maps.items():
            np.fill_diagonal(each, 0.0 if name == SHUFFLED else OWN_GAIN)
        likeness = {"gradient": gradient, "untrained": untrained, "words": words}
        return rows_of_maps(
            groups, maps, {k: (v + v.T) / 2 for k, v in likeness.items()}, self.noise, params, rng
        )


def rows_of_maps(
    groups: np.ndarray,
    maps: dict[str, np.ndarray],
    likeness: dict[str, np.ndarray],
    noise: float,
    params: TaskSpaceParams,
    rng: np.random.Generator,
    model: str = "simulated",
    more: Sequence[dict[str, object]] = (),
) -> pa.Table:
    """Write margins whose means move as the maps say, and the likeness of every two tasks.

    Args:
        groups: (task,) the phenomenon of each.
        maps: Way of tuning to what it does, (tuned, judged), standard deviations.
        likeness: What compares two tasks without tuning, (task, task).
        noise: Spread of a cell from one half of the pairs to the other.
        params: Sizes.
        rng: Source of randomness.
        model: Its label.
        more: Further records, a task each.
    """
    n, names = len(groups), [f"task-{i:02d}" for i in range(len(groups))]
    told = [{"judged": names[i], "phenomenon": f"phenomenon {groups[i]}"} for i in range(n)]
    records: list[dict[str, object]] = []
    for half in range(2):
        first = rng.normal(rng.normal(0, 0.5, (n, 1)), 1.0, (n, params.n_eval))
        records += [{**told[j], "part": SCORE, "half": half, "margins": first[j].tolist()} for j in range(n)]
        for condition, effects in maps.items():
            cells = effects + rng.normal(0, noise, (n, n))
            own = {"part": TRANSFER, "condition": condition, "half": half, "steps": 5, "changed": 1}
            records += [
                {**told[j], **own, "tuned": names[i], "margins": (first[j] + cells[i, j]).tolist()}
                for i in range(n)
                for j in range(n)
            ]
    word_pairs = 0.8 * likeness["words"] + rng.normal(0, 0.05, (n, n))
    for i in range(n):
        records += [
            {
                **told[i],
                "part": PAIR,
                "tuned": names[j],
                **{name: float(matrix[i, j]) for name, matrix in likeness.items()},
                "overlap": 0.0,
                "word_pairs": float(word_pairs[i, j]),
            }
            for j in range(n)
            if j != i
        ]
    records += [{**told[i], **each} for i, each in enumerate(more)]
    return with_front(to_rows(records), model)


def with_front(rows: pa.Table, model: str) -> pa.Table:
    """Add the columns that a run folder puts in front."""
    front = {"key": "", "model": model, "task": "", "seed": 0}
    columns = [pa.array([value] * len(rows)) for value in front.values()]
    return pa.table([*columns, *rows.columns], names=[*front, *rows.column_names])


ALL = ("1", "2", "3", "4", "6")
SCENARIOS = (
    Scenario(
        "map of phenomena",
        "Tasks of one phenomenon share what is learned, and gradients know it.",
        true=ALL,
        tested=ALL,
        shared=0.35,
        paired=0.12,
    ),
    Scenario(
        "map without phenomena",
        "Tasks share what is learned in pairs of their own.",
        true=("1", "4"),
        tested=("1", "4", "6"),
        paired=0.25,
    ),
    Scenario(
        "words alone",
        "What is learned moves tasks as far as their words are alike.",
        true=("1",),
        tested=("1", "4", "6"),
        worded=0.8,
        blurred=True,
    ),
    Scenario(
        "drift alone",
        "Some tasks are moved by whatever is tuned, and nothing else happens.",
        true=(),
        tested=("1", "4", "6"),
        drift=0.3,
        blurred=True,
    ),
    Scenario(
        "no isolation",
        "Every way of tuning does the same to other tasks.",
        true=(),
        tested=("2", "3"),
        paired=0.2,
        spilled=0.0,
    ),
    Scenario(
        "chosen weights isolate",
        "Plain training on the chosen weights does to other tasks what gradient differences do; on all "
        "weights, and on others drawn at random, it spills.",
        true=(),
        tested=("3",),
        paired=0.2,
        masked=0.0,
    ),
    Scenario(
        "gradient differences isolate",
        "Every other way of tuning spills, plain training on the chosen weights too.",
        true=("3",),
        tested=("3",),
        paired=0.2,
        masked=0.3,
    ),
    Scenario(
        "contained",
        "Plain training moves its own task alone, gradient differences move others too.",
        true=(),
        tested=("2",),
        paired=0.3,
        contained=True,
    ),
    Scenario(
        "opposed",
        "Tasks of one phenomenon hurt each other, and like gradients mean less transfer.",
        true=(),
        tested=("4", "6"),
        shared=-0.5,
        paired=0.1,
        opposed=True,
    ),
)
