"""Simulated conflicts with a known truth, to learn how often the rule on C4 is right."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from scipy.special import ndtri

from taskscope.studies.task_vectors import simulation
from taskscope.studies.task_vectors.conflict.rows import INJECTED, NONE, OWN, PART, RANDOM, SCHEMA, UNRELATED
from taskscope.studies.task_vectors.geometry.simulation import BEST, N_BLOCKS
from taskscope.studies.task_vectors.params import TaskVectorParams
from taskscope.studies.task_vectors.simulation import SimulatedTask

N_QUERIES = 30
SAME_QUERY = 0.3
"""Share of the variance behind an answer common to all conditions of a query."""


@dataclass(frozen=True)
class ConflictScenario:
    """A world of conflicts between tasks next to each other on a ring, and whether C4 holds in it."""

    name: str
    description: str
    other: float
    """How often theta of B brings B's answer."""
    own: float
    """How often A's answer comes all the same."""
    control: float = 0.1
    """How often B's answer comes under every control but theta of an unrelated task."""
    unrelated: float = 0.1
    """How often it comes under that one."""
    reference: float = 0.9
    """How often it comes with demonstrations of B."""
    task_spread: float = 0.0
    """S.d. of a task's true `other` around what is stated, new in every table; `own` moves against it."""
    n_tasks: int = 6
    true: tuple[str, ...] = ()
    tested: tuple[str, ...] = field(default=("C4",))

    def simulate(self, params: TaskVectorParams, rng: np.random.Generator) -> pa.Table:
        """Simulate the rows of one model: accuracies that leave no doubt of the block, and conflicts."""
        curve = tuple(0.8 if block == BEST else 0.1 for block in range(N_BLOCKS))
        task = SimulatedTask(baseline=0.1, regular=0.9, theta=curve, control=(0.1,) * N_BLOCKS, queries=60)
        known = simulation.Scenario(self.name, "", (task,) * self.n_tasks)
        tables = [simulation.rows(known, 20, 20, rng)]
        shift = rng.normal(0, self.task_spread, self.n_tasks)
        for a in range(self.n_tasks):
            b = (a + 1) % self.n_tasks
            tables += [self._rows(a, b, shift[b], rng), self._rows(b, a, shift[a], rng)]
        return pa.concat_tables(tables, promote_options="default")

    def _rows(self, shown: int, injected: int, shift: float, rng: np.random.Generator) -> pa.Table:
        other = float(np.clip(self.other + shift, 0, 1))
        own = float(np.clip(self.own - shift, 0, 1 - other))
        truth = {
            NONE: (self.reference, min(self.control, 1 - self.reference)),
            INJECTED: (own, other),
            OWN: (self.reference, min(self.control, 1 - self.reference)),
            UNRELATED: (min(0.2, 1 - self.unrelated), self.unrelated),
            RANDOM: (0.2, self.control),
        }
        hard = SAME_QUERY**0.5 * rng.standard_normal(N_QUERIES)
        records = []
        for condition, (mine, theirs) in truth.items():
            noise = hard + (1 - SAME_QUERY) ** 0.5 * rng.standard_normal(N_QUERIES)
            for query, value in enumerate(noise):
                records.append(
                    {
                        "model": "simulated",
                        "task": f"task-{min(shown, injected):02d}",
                        "seed": 0,
                        "part": PART,
                        "shown": f"task-{shown:02d}",
                        "injected": f"task-{injected:02d}",
                        "pair": query,
                        "cluster": f"query-{query}",
                        "condition": condition,
                        "block": -1 if condition == NONE else BEST,
                        "right_shown": bool(value > -ndtri(mine)) if mine else False,
                        "right_injected": bool(value < ndtri(theirs)) if theirs else False,
                    }
                )
        front = [("model", pa.string()), ("task", pa.string()), ("seed", pa.int64())]
        return pa.Table.from_pylist(records, schema=pa.schema([*front, *SCHEMA]))


_MIDPOINT = "theta of B brings B's answer half-way between control (0.1) and its own demonstrations (0.9)"

SCENARIOS = (
    ConflictScenario("override at the midpoint", _MIDPOINT, 0.5, 0.1),
    ConflictScenario(
        "override at the midpoint, tasks differ",
        "the same on average, each task off by 0.1 (s.d.)",
        0.5,
        0.1,
        task_spread=0.1,
    ),
    ConflictScenario(
        "override at the midpoint, three tasks",
        "the same with three tasks, too few to be resampled: the verdict is about these three",
        0.5,
        0.1,
        n_tasks=3,
    ),
    ConflictScenario(
        "a draw",
        "both tasks' answers come equally often, B's nearer to its own demonstrations",
        0.48,
        0.48,
        control=0.05,
        reference=0.8,
    ),
    ConflictScenario("demonstrations win", "theta of another task changes nothing", 0.1, 0.9),
    ConflictScenario("theta confuses", "theta of another task brings neither answer", 0.1, 0.1),
    ConflictScenario(
        "any theta will do",
        "theta of B recovers four fifths, and so does theta of an unrelated task: B is what is done anyway",
        0.74,
        0.1,
        unrelated=0.74,
    ),
    ConflictScenario(
        "override",
        "theta of B recovers four fifths, a tenth of the answers stay A's",
        0.74,
        0.1,
        true=("C4",),
    ),
    ConflictScenario(
        "override, tasks differ",
        "the same on average, each task off by 0.1 (s.d.)",
        0.74,
        0.1,
        task_spread=0.1,
        true=("C4",),
    ),
    ConflictScenario(
        "override, three tasks", "the same with three tasks", 0.74, 0.1, n_tasks=3, true=("C4",)
    ),
)
