"""Simulated thetas with a known split of their variation, to learn how often the rule on C3 is right.

A direction is the sum of a part of its task, one of its set of demonstrations and one of its dummy, each a
random direction of stated squared length; the three add up to 1, so that the first is the task's share.
Tasks' own parts are drawn anew in every table: some come out near each other, as tasks do.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from taskscope.studies.task_vectors import simulation
from taskscope.studies.task_vectors.geometry.rows import BARE, SWAPPED, THETA, to_rows
from taskscope.studies.task_vectors.params import TaskVectorParams
from taskscope.studies.task_vectors.simulation import SimulatedTask

N_BLOCKS, BEST = 4, 2
WIDTH = 64
N_SETS = 16

Split = tuple[float, float]
"""Shares of the task and of the set; the rest is the dummy's."""


@dataclass(frozen=True)
class ThetaScenario:
    """A world of thetas, and whether C3 holds in it."""

    name: str
    description: str
    theta: Split
    bare: float
    """Task's share of the states without demonstrations."""
    first: float = 0.0
    """Task's share of theta after the first block."""
    swapped: float = 0.0
    """Task's share of theta of swapped labels, which hide the task from the model here."""
    task_spread: float = 0.0
    """S.d. of a task's true share around what is stated, new in every table."""
    n_tasks: int = 6
    orthogonal: bool = False
    """Whether the tasks lie at right angles: what is stated is then true of these very tasks."""
    true: tuple[str, ...] = ()
    tested: tuple[str, ...] = field(default=("C3",))

    def simulate(self, params: TaskVectorParams, rng: np.random.Generator) -> pa.Table:
        """Simulate the rows of one model: accuracies that leave no doubt of the block, and thetas."""
        curve = tuple(0.8 if block == BEST else 0.1 for block in range(N_BLOCKS))
        task = SimulatedTask(baseline=0.1, regular=0.9, theta=curve, control=(0.1,) * N_BLOCKS, queries=60)
        known = simulation.Scenario(self.name, "", (task,) * self.n_tasks)
        accuracies = simulation.rows(known, 20, 20, rng)
        return pa.concat_tables([accuracies, self._thetas(rng)], promote_options="default")

    def _thetas(self, rng: np.random.Generator) -> pa.Table:
        shift = rng.normal(0, self.task_spread, self.n_tasks)
        task, sets = self.theta
        splits = {
            THETA: [(float(np.clip(task + s, 0, 1 - sets)), sets) for s in shift],
            SWAPPED: [(self.swapped, 0.0)] * self.n_tasks,
            BARE: [(self.bare, 0.0)] * self.n_tasks,
        }
        here = {kind: _states(split, rng, self.orthogonal) for kind, split in splits.items()}
        before = _states([(self.first, 0.0)] * self.n_tasks, rng, self.orthogonal)
        tables = []
        for t in range(self.n_tasks):
            states = {
                kind: np.repeat(values[t, :, :, None], N_BLOCKS, axis=2) for kind, values in here.items()
            }
            states[THETA][:, :, 0] = before[t]
            table = to_rows(states, "user")
            front = {"model": "simulated", "task": f"task-{t:02d}", "seed": 0}
            for at, (column, value) in enumerate(front.items()):
                table = table.add_column(at, column, pa.repeat(pa.scalar(value), table.num_rows))
            tables.append(table)
        return pa.concat_tables(tables)


def _states(
    splits: list[Split], rng: np.random.Generator, orthogonal: bool, n_dummies: int = 2
) -> np.ndarray:
    """Draw (task, set, dummy, width) vectors whose variation splits as stated."""

    def part(share: list[float], *shape: int) -> np.ndarray:
        directions = rng.standard_normal((len(splits), *shape, WIDTH))
        if orthogonal and shape == (1, 1):
            directions = np.linalg.qr(directions[:, 0, 0].T)[0].T[:, None, None]
        directions /= np.linalg.norm(directions, axis=-1, keepdims=True)
        return directions * np.sqrt(share).reshape(-1, 1, 1, 1)

    return (
        part([t for t, _ in splits], 1, 1)
        + part([s for _, s in splits], N_SETS, 1)
        + part([max(1 - t - s, 0.0) for t, s in splits], N_SETS, n_dummies)
    ).astype(np.float32)


SCENARIOS = (
    ThetaScenario("thetas at the midpoint", "half-way between the control (0.5) and 1", (0.75, 0.1), 0.5),
    ThetaScenario(
        "thetas at the midpoint, tasks differ",
        "the same on average, each task's share off by 0.1 (s.d.)",
        (0.75, 0.1),
        0.5,
        task_spread=0.1,
    ),
    ThetaScenario(
        "thetas at the midpoint, three tasks",
        "the same with three tasks, too few to be resampled: the verdict is about these three",
        (0.75, 0.1),
        0.5,
        n_tasks=3,
        orthogonal=True,
    ),
    ThetaScenario(
        "thetas at the midpoint above chance",
        "every control at chance, the task's share one half",
        (0.5, 0.25),
        0.0,
    ),
    ThetaScenario(
        "thetas at the midpoint of swapped labels",
        "the words of the demonstrations give 0.6, theta 0.8",
        (0.8, 0.1),
        0.2,
        swapped=0.6,
    ),
    ThetaScenario(
        "dummies' words alone", "theta is what the dummies give without demonstrations", (0.6, 0.0), 0.6
    ),
    ThetaScenario(
        "demonstrations move theta", "as much as the task does; dummies move nothing", (0.5, 0.5), 0.1
    ),
    ThetaScenario(
        "a first look is enough",
        "theta as separate after the first block as later",
        (0.9, 0.05),
        0.3,
        first=0.9,
    ),
    ThetaScenario(
        "clustered thetas",
        "the task's share 0.9, the strongest control's 0.5",
        (0.9, 0.05),
        0.5,
        true=("C3",),
    ),
    ThetaScenario(
        "clustered thetas, strong control",
        "the task's share 0.96, that after the first block 0.8",
        (0.96, 0.02),
        0.4,
        first=0.8,
        true=("C3",),
    ),
    ThetaScenario(
        "clustered thetas, tasks differ",
        "the task's share 0.8, off by 0.1 (s.d.), the strongest control's 0.2",
        (0.8, 0.05),
        0.2,
        task_spread=0.1,
        true=("C3",),
    ),
    ThetaScenario(
        "clustered thetas, three tasks",
        "0.9 against 0.5 with three tasks",
        (0.9, 0.05),
        0.5,
        n_tasks=3,
        orthogonal=True,
        true=("C3",),
    ),
)
