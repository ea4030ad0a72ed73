"""Rows of curve cells simulated from a known truth, on which the verdicts on H1 and H2 are calibrated."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from taskscope.studies.structured_tasks.curves.conditions import (
    CIPHERED,
    REFERENCE,
    RENAMED,
    SCRAMBLED,
    UNLEARNABLE,
    VANILLA,
)
from taskscope.studies.structured_tasks.curves.rows import join, to_rows
from taskscope.studies.structured_tasks.params import StructuredTaskParams

SHOTS = (1, 2, 4, 8, 16, 32)
N_CLASSES = (2, 4)
"""Classes of the simulated tasks, one task each."""


@dataclass(frozen=True)
class Scenario:
    """A simulated model: how much of the way from guessing to always right each condition goes.

    Each condition rises linearly in log2 L from 0 at one demonstration to its `reach`.
    """

    name: str
    description: str
    reach: dict[str, float]
    true: tuple[str, ...] = ()
    tested: tuple[str, ...] = ("H1", "H2")
    spread: float = 0.1
    """Standard deviation of a draw of demonstrations around the truth."""
    flat: tuple[str, ...] = field(default=())
    """Conditions that are at their `reach` from the first demonstration on."""

    def simulate(self, params: StructuredTaskParams, rng: np.random.Generator) -> pa.Table:
        """Simulate the rows of one model on tasks of `N_CLASSES`."""
        tables = []
        for n_classes in N_CLASSES:
            rows = join(
                [
                    self._condition(name, at, n_classes, params, rng)
                    for name in (VANILLA, RENAMED, UNLEARNABLE, CIPHERED, SCRAMBLED, REFERENCE)
                    for at in range(len(SHOTS))
                ]
            )
            n = rows.num_rows
            tables.append(
                rows.append_column("model", pa.array(["simulated"] * n))
                .append_column("task", pa.array([f"{n_classes} classes"] * n))
                .append_column("seed", pa.array(np.zeros(n, dtype=np.int64)))
            )
        return pa.concat_tables(tables)

    def _condition(
        self, name: str, at: int, n_classes: int, params: StructuredTaskParams, rng: np.random.Generator
    ) -> pa.Table:
        gold = np.tile(np.arange(params.n_queries) % n_classes, (params.n_repetitions, 1))
        risen = 1.0 if name in self.flat else at / (len(SHOTS) - 1)
        reach = self.reach.get(name, 0.0) * risen
        drawn = np.clip(reach + self.spread * rng.standard_normal((params.n_repetitions, 1)), 0, 1)
        knows = rng.random(gold.shape) < (drawn if reach else np.zeros_like(drawn))
        predicted = np.where(knows, gold, rng.integers(n_classes, size=gold.shape))
        return to_rows(name, SHOTS[at], gold, predicted, np.zeros_like(knows), n_classes)


SCENARIOS = (
    Scenario(
        "selects",
        "does the tasks as they are; with new labels and in cipher it guesses, as H1 predicts",
        {VANILLA: 0.8, REFERENCE: 0.5},
        true=("H1",),
        flat=(VANILLA,),
    ),
    Scenario(
        "learns",
        "learns new labels and ciphers as well as logistic regression does, as H2 predicts",
        {VANILLA: 0.8, RENAMED: 0.7, CIPHERED: 0.5, REFERENCE: 0.5},
        true=("H2",),
    ),
    Scenario(
        "half learns",
        "gains in cipher exactly half of what logistic regression gains",
        {VANILLA: 0.8, RENAMED: 0.4, CIPHERED: 0.25, REFERENCE: 0.5},
    ),
    Scenario(
        "renames",
        "learns new labels and nothing in cipher: neither H1 nor H2",
        {VANILLA: 0.8, RENAMED: 0.7, REFERENCE: 0.5},
    ),
    Scenario(
        "renames a little",
        "new labels bring exactly as little as counts as nothing (5 points)",
        # Abilities below 0 are cut off, so that their mean is 0.08: macro-F1 of 0.04 and 0.06 on the tasks.
        {VANILLA: 0.8, RENAMED: 0.064, REFERENCE: 0.5},
        tested=("H1",),
    ),
    Scenario(
        "does nothing",
        "guesses everywhere, while logistic regression learns",
        {REFERENCE: 0.5},
    ),
    Scenario(
        "nothing to learn",
        "knows the tasks beforehand; the demonstrations hold nothing that logistic regression could use",
        {VANILLA: 0.8},
        flat=(VANILLA,),
        tested=("H2",),
    ),
)
