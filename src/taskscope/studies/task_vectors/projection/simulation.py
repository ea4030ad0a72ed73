"""Simulated read-outs with a known truth, to learn how often the rule on C5 is right.

A word's rank under a state is log-normal around a rank of the word's own, off by a part of the task, which
means nothing, and one of the set. A word that is spelt out stands near rank `SPELT`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from taskscope.studies.task_vectors import simulation
from taskscope.studies.task_vectors.geometry.rows import BARE, SWAPPED, THETA
from taskscope.studies.task_vectors.params import TaskVectorParams
from taskscope.studies.task_vectors.projection.rows import CENTRED, DEEPEST, OF_ALL_SETS, to_rows
from taskscope.studies.task_vectors.simulation import SimulatedTask
from taskscope.tasks.descriptions import descriptions

N_BLOCKS, BEST = 2, 1
N_SETS = 16
TASKS = ("next-letter", "to-upper", "en-fr", "present-past", "antonyms", "person-religion")
"""Six built-in tasks, whose lists of words are used."""
WORDS = tuple(sorted({word for task in TASKS for word in descriptions()[task]}))
TYPICAL, SPELT = 2000.0, 4.0
WORD_SPREAD, TASK_SPREAD, SET_SPREAD = 1.2, 0.4, 0.7
"""S.d. of log rank: of words, of tasks within words, of sets within tasks."""


@dataclass(frozen=True)
class ReadingScenario:
    """A world of read-outs, and whether C5 holds in it."""

    name: str
    description: str
    theta: float
    """Share of a task's description words that its theta spells out."""
    swapped: float = 0.0
    bare: float = 0.0
    """The same of the controls; words that theta and a control spell are the same ones."""
    tasks: int = len(TASKS)
    """How many of the tasks spell anything."""
    stray: float = 0.0
    """Share of all words that each task's theta spells out whatever they mean."""
    true: tuple[str, ...] = ()
    tested: tuple[str, ...] = field(default=("C5",))

    def simulate(self, params: TaskVectorParams, rng: np.random.Generator) -> pa.Table:
        """Simulate the rows of one model: accuracies that leave no doubt of the block, and read-outs."""
        curve = tuple(0.8 if block == BEST else 0.1 for block in range(N_BLOCKS))
        task = SimulatedTask(baseline=0.1, regular=0.9, theta=curve, control=(0.1,) * N_BLOCKS, queries=60)
        known = simulation.Scenario(self.name, "", (task,) * len(TASKS))
        accuracies = simulation.rows(known, 20, 20, rng)
        numbered = {f"task-{number:02d}": name for number, name in enumerate(TASKS)}
        names = pa.array([numbered[name] for name in accuracies["task"].to_pylist()])
        accuracies = accuracies.set_column(accuracies.column_names.index("task"), "task", names)
        return pa.concat_tables([accuracies, self._read_outs(rng)], promote_options="default")

    def _read_outs(self, rng: np.random.Generator) -> pa.Table:
        shape = (len(TASKS), len(WORDS))
        own = np.array([[word in descriptions()[task] for word in WORDS] for task in TASKS])
        own[self.tasks :] = False
        luck, stray = rng.random(shape), rng.random(shape) < self.stray
        words = rng.normal(np.log(TYPICAL), WORD_SPREAD, len(WORDS))
        base = words + rng.normal(0, TASK_SPREAD, shape)
        tables = []
        for kind, share in ((THETA, self.theta), (SWAPPED, self.swapped), (BARE, self.bare)):
            spelt = own & (luck < share) | (stray & (kind != BARE))
            middle = np.where(spelt, np.log(SPELT), base)[:, None]
            ranks = np.exp(middle + rng.normal(0, SET_SPREAD, (shape[0], N_SETS, shape[1])))
            read = np.where(ranks <= DEEPEST, 1 / np.maximum(np.round(ranks), 1), 0.0)
            mean = read.mean(axis=1, keepdims=True)
            tables += [_table(kind, read), _table(kind, mean)]
            tables += [_table(CENTRED, mean)] if kind == THETA else []
        return pa.concat_tables(tables)


def _table(kind: str, read: np.ndarray) -> pa.Table:
    """Lay (task, set, word) out, alike at every block; a single set stands for the mean over all."""
    n_sets = read.shape[1]
    numbers = np.tile(np.arange(n_sets) if n_sets > 1 else [OF_ALL_SETS], len(TASKS))
    by_block = np.repeat(read.reshape(-1, 1, len(WORDS)), N_BLOCKS, axis=1)
    n = len(by_block) * N_BLOCKS
    table = to_rows(kind, numbers, WORDS, TASKS[:1], by_block, np.zeros((*by_block.shape[:2], 1)), [""] * n)
    tasks = pa.array([task for task in TASKS for _ in range(n // len(TASKS))])
    front = {"model": pa.repeat(pa.scalar("simulated"), n), "task": tasks, "seed": pa.repeat(pa.scalar(0), n)}
    for at, (column, values) in enumerate(front.items()):
        table = table.add_column(at, column, values)
    return table


SCENARIOS = (
    ReadingScenario("nothing is spelt out", "tasks' words rank as anywhere else", 0.0),
    ReadingScenario(
        "words of the demonstrations spell",
        "theta of swapped labels shows the same third of the words",
        0.35,
        swapped=0.35,
    ),
    ReadingScenario(
        "words of the dummies spell", "states without demonstrations show the same words", 0.35, bare=0.35
    ),
    ReadingScenario(
        "stray words",
        "each task's theta promotes an eighth of all words, whatever they mean",
        0.0,
        stray=0.125,
    ),
    ReadingScenario("one task spells", "one task of six shows a third of its words", 0.35, tasks=1),
    ReadingScenario(
        "half of the tasks spell", "three tasks of six show half of their words", 0.5, tasks=3, true=("C5",)
    ),
    ReadingScenario("every task spells", "every task shows a third of its words", 0.35, true=("C5",)),
)
