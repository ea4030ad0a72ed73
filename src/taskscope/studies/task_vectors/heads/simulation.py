"""Simulated function vectors with a known truth, to learn how often the rule on C6 is right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from scipy.special import ndtri

from taskscope.studies.task_vectors import simulation
from taskscope.studies.task_vectors.heads.rows import (
    ANSWER,
    ANSWERS,
    EFFECT,
    EFFECTS,
    LAYER,
    NONE,
    OTHER,
    OWN,
    RANDOM,
    RANDOM_HEADS,
    SHOWN,
    SWAPPED,
    VECTOR,
    ZERO_SHOT,
)
from taskscope.studies.task_vectors.params import TaskVectorParams
from taskscope.studies.task_vectors.simulation import SimulatedTask

N_BLOCKS, BEST = 2, 1
N_DEV, N_TEST = 25, 50
N_SETS = 2
SAME_QUERY = 0.3
"""Share of the variance behind an answer common to all conditions of a query."""
Truth = tuple[str, str, int, int, int, float]
"""A column (context, condition, repeat, heads, block), and how often its answers are right."""
_FRONT = (("model", pa.string()), ("task", pa.string()), ("seed", pa.int64()))


@dataclass(frozen=True)
class HeadScenario:
    """A world of heads, and whether C6 holds in it."""

    name: str
    description: str
    vector: float
    """Right answers with the function vector added after the best block."""
    control: float = 0.1
    """Right answers with nothing, or with any control, added."""
    random_heads: float | None = None
    """The same with random heads, where it is another number."""
    reference: float = 0.9
    """Right answers with demonstrations."""
    task_spread: float = 0.0
    """S.d. of a task's true `vector` around what is stated, new in every table."""
    n_tasks: int = 6
    true: tuple[str, ...] = ()
    tested: tuple[str, ...] = field(default=("C6",))

    def simulate(self, params: TaskVectorParams, rng: np.random.Generator) -> pa.Table:
        """Simulate the rows of one model: accuracies that leave no doubt of the tasks, and heads."""
        task = SimulatedTask(baseline=0.1, regular=0.9, theta=(0.8,), control=(0.1,), queries=60)
        known = simulation.Scenario(self.name, "", (task,) * self.n_tasks)
        tables = [simulation.rows(known, 20, 4, rng), _effects()]
        shifts = rng.normal(0, self.task_spread, self.n_tasks)
        tables += [
            simulated_answers(f"task-{i:02d}", self._truth(shift), rng) for i, shift in enumerate(shifts)
        ]
        return pa.concat_tables(tables, promote_options="default")

    def _truth(self, shift: float) -> list[Truth]:
        """List every column."""
        vector = float(np.clip(self.vector + shift, 0.01, 0.99))
        random = self.control if self.random_heads is None else self.random_heads
        found = [
            (ZERO_SHOT, NONE, 0, 0, -1, self.control),
            (SHOWN, NONE, 0, 0, -1, self.reference),
            (SWAPPED, NONE, 0, 0, -1, self.control),
        ]
        kinds = [(VECTOR, 0, 1, vector), (OWN, 0, 1, vector), (OTHER, 0, 1, self.control)]
        kinds += [(RANDOM_HEADS, i, 1, random) for i in range(N_SETS)]
        kinds += [(RANDOM, 0, 0, self.control), (LAYER, 0, 0, self.control)]
        for condition, repeat, heads, share in kinds:
            contexts = (ZERO_SHOT, SWAPPED) if condition in (VECTOR, LAYER) else (ZERO_SHOT,)
            contexts = (ZERO_SHOT, SWAPPED) if (condition, repeat) == (RANDOM_HEADS, 0) else contexts
            for context in contexts:
                for block in range(N_BLOCKS):
                    there = share if block == BEST else min(share, self.control)
                    found.append((context, condition, repeat, heads, block, there))
        return found


def simulated_answers(
    task: str, truth: Sequence[Truth], rng: np.random.Generator, part: str = ANSWER, front: str = "task-00"
) -> pa.Table:
    """Simulate the answers to one task's queries; outcomes of one query hang together.

    Args:
        task: The task asked.
        truth: Every column, and how often it is right.
        rng: The only source of randomness.
        part: What the rows say that they are of.
        front: What stands in the column ``task``: the first task of the cell.
    """
    context, condition, repeat, heads, block, share = zip(*truth, strict=True)
    n, per_query = N_DEV + N_TEST, len(share)
    hard = SAME_QUERY**0.5 * rng.standard_normal((n, 1))
    noise = hard + (1 - SAME_QUERY) ** 0.5 * rng.standard_normal((n, per_query))
    number = np.concatenate([np.arange(N_DEV), np.arange(N_TEST)])
    rows = n * per_query

    def each(values: np.ndarray) -> np.ndarray:
        return np.repeat(values, per_query)

    def text(values: tuple[str, ...]) -> pa.DictionaryArray:
        names, codes = np.unique(values, return_inverse=True)
        return pa.DictionaryArray.from_arrays(pa.array(np.tile(codes, n), pa.int32()), names.tolist())

    def same(value: str) -> pa.DictionaryArray:
        return pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows), pa.int32()), [value])

    columns = [
        pa.repeat("simulated", rows),
        pa.repeat(front, rows),
        pa.repeat(pa.scalar(0, pa.int64()), rows),
        same(part),
        same(task),
        pa.DictionaryArray.from_arrays(
            pa.array(each(np.repeat([0, 1], [N_DEV, N_TEST])), pa.int32()), ["dev", "test"]
        ),
        pa.array(each(number), pa.int32()),
        pa.DictionaryArray.from_arrays(
            pa.array(each(np.arange(n)), pa.int32()), [f"query-{i}" for i in range(n)]
        ),
        pa.repeat(0.01, rows),
        pa.repeat(False, rows),
        text(context),
        text(condition),
        pa.array(np.tile(repeat, n), pa.int32()),
        pa.array(np.tile(heads, n), pa.int32()),
        pa.array(np.tile(block, n), pa.int32()),
        pa.array((noise < ndtri(np.array(share))).ravel()),
    ]
    return pa.table(columns, schema=pa.schema([*_FRONT, *ANSWERS]))


def _effects() -> pa.Table:
    """The effect of one head, which says that heads can be told apart."""
    row = {"model": "simulated", "task": "task-00", "seed": 0, "part": EFFECT, "target": "task-00"}
    row |= {"able": True, "context": SWAPPED, "pair": 0, "block": 0, "head": 0, "effect": 0.1, "chosen": True}
    return pa.Table.from_pylist([row], schema=pa.schema([*_FRONT, *EFFECTS]))


SCENARIOS = (
    HeadScenario(
        "heads at the midpoint",
        "the function vector gets half-way between control (0.1) and demonstrations (0.9)",
        0.5,
    ),
    HeadScenario(
        "heads at the midpoint, tasks differ",
        "the same on average, each task off by 0.1 (s.d.)",
        0.5,
        task_spread=0.1,
    ),
    HeadScenario(
        "heads at the midpoint, three tasks",
        "the same with three tasks, too few to be resampled: the verdict is about these three",
        0.5,
        n_tasks=3,
    ),
    HeadScenario(
        "a third from random heads",
        "the function vector recovers four fifths, as many random heads exactly a third of that",
        0.74,
        random_heads=0.1 + 0.64 / 3,
    ),
    HeadScenario(
        "any heads", "random heads do half of what the chosen ones do", 0.74, random_heads=0.1 + 0.64 / 2
    ),
    HeadScenario("no heads", "the function vector does what every control does", 0.1),
    HeadScenario("few heads", "the function vector recovers four fifths", 0.74, true=("C6",)),
    HeadScenario(
        "few heads, tasks differ",
        "the same on average, each task off by 0.1 (s.d.)",
        0.74,
        task_spread=0.1,
        true=("C6",),
    ),
    HeadScenario("few heads, three tasks", "the same with three tasks", 0.74, n_tasks=3, true=("C6",)),
)
