"""Simulated compositions with a known truth, to learn how often the rule on C7 is right."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from taskscope.studies.task_vectors import simulation
from taskscope.studies.task_vectors.composition.rows import ADDED, COMPOSED, ONE, OWN, PART, SUMMED
from taskscope.studies.task_vectors.heads.rows import (
    NONE,
    RANDOM_HEADS,
    SHOWN,
    SWAPPED,
    VECTOR,
    ZERO_SHOT,
)
from taskscope.studies.task_vectors.heads.simulation import (
    BEST,
    N_BLOCKS,
    N_SETS,
    Truth,
    simulated_answers,
)
from taskscope.studies.task_vectors.params import TaskVectorParams
from taskscope.studies.task_vectors.simulation import SimulatedTask
from taskscope.tasks.compositions import SQUARES


@dataclass(frozen=True)
class CompositionScenario:
    """A world of compositions, and whether C7 holds in it."""

    name: str
    description: str
    composed: float
    """Right answers with the composed vector added after the best block."""
    control: float = 0.1
    """Right answers with nothing, or with any control, added."""
    one: float | None = None
    """The same with the first summand alone, where it is another number."""
    parts: float = 0.74
    """Right answers to queries of the two tasks that are added, each with its own vector."""
    reference: float = 0.9
    """Right answers with demonstrations, on all four tasks."""
    spread: float = 0.0
    """S.d. of a composition's true `composed` around what is stated, new in every table."""
    n_squares: int = 6
    true: tuple[str, ...] = ()
    tested: tuple[str, ...] = field(default=("C7",))

    def simulate(self, params: TaskVectorParams, rng: np.random.Generator) -> pa.Table:
        """Simulate the rows of one model: one task that it does, and compositions."""
        task = SimulatedTask(baseline=0.1, regular=0.9, theta=(0.8,), control=(0.1,), queries=60)
        tables = [simulation.rows(simulation.Scenario(self.name, "", (task,)), 20, 4, rng)]
        for square in list(SQUARES.values())[: self.n_squares]:
            composed = float(np.clip(self.composed + rng.normal(0, self.spread), 0.01, 0.99))
            truths = [self._plain(), self._part(), self._part(), self._both(composed)]
            tables += [
                simulated_answers(name, truth, rng, PART, square.both)
                for name, truth in zip(square, truths, strict=True)
            ]
        return pa.concat_tables(tables, promote_options="default")

    def _plain(self) -> list[Truth]:
        return [
            (ZERO_SHOT, NONE, 0, 0, -1, self.control),
            (SHOWN, NONE, 0, 0, -1, self.reference),
            (SWAPPED, NONE, 0, 0, -1, self.control),
        ]

    def _part(self) -> list[Truth]:
        return self._plain() + self._at_blocks(VECTOR, 0, self.parts)

    def _both(self, composed: float) -> list[Truth]:
        one = self.control if self.one is None else self.one
        special = {COMPOSED: composed, SUMMED: composed, OWN: composed, ONE: one}
        found = self._plain()
        for condition in ADDED:
            found += self._at_blocks(condition, 0, special.get(condition, self.control))
        for i in range(N_SETS):
            found += self._at_blocks(RANDOM_HEADS, i, self.control)
        return found

    def _at_blocks(self, condition: str, repeat: int, share: float) -> list[Truth]:
        """A vector of one head that works after the best block alone."""
        return [
            (ZERO_SHOT, condition, repeat, 1, b, share if b == BEST else min(share, self.control))
            for b in range(N_BLOCKS)
        ]


SCENARIOS = (
    CompositionScenario(
        "sum at the midpoint",
        "the composed vector gets half-way between control (0.1) and demonstrations (0.9)",
        0.5,
    ),
    CompositionScenario(
        "sum at the midpoint, compositions differ",
        "the same on average, each composition off by 0.1 (s.d.)",
        0.5,
        spread=0.1,
    ),
    CompositionScenario(
        "sum at the midpoint, three compositions",
        "the same with three, too few to be resampled: the verdict is about these three",
        0.5,
        n_squares=3,
    ),
    CompositionScenario(
        "one summand does it all",
        "the composed vector recovers four fifths, and so does its first summand alone",
        0.74,
        one=0.74,
    ),
    CompositionScenario("no sum", "the composed vector does what every control does", 0.1),
    CompositionScenario(
        "no parts", "composed vectors work; those that are added do their own tasks half-way", 0.74, parts=0.5
    ),
    CompositionScenario("sums", "the composed vector recovers four fifths", 0.74, true=("C7",)),
    CompositionScenario(
        "sums, compositions differ",
        "the same on average, each composition off by 0.1 (s.d.)",
        0.74,
        spread=0.1,
        true=("C7",),
    ),
    CompositionScenario("sums, three compositions", "the same with three", 0.74, n_squares=3, true=("C7",)),
)
