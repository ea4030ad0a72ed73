"""Series of simulated models whose trends follow known laws, for calibrating the verdicts.

An item's margin, log p of the answer less that of the other class, is the sum of what the model can do, what
the item's group is like, the item, and chance. Right is a margin above zero and the loss follows from the
margin, so that accuracy and loss belong together as those of a real model with two classes.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from scipy.special import ndtri

from taskscope.models.series import Place
from taskscope.studies.inverse_scaling.arms import CONTROL, DISTRACTOR, ONE_SHOT, TASK, TRUE
from taskscope.studies.inverse_scaling.outcomes import Outcomes
from taskscope.studies.inverse_scaling.params import InverseScalingParams
from taskscope.studies.inverse_scaling.rows import Items, to_rows

N_MODELS, N_ITEMS, N_GROUPS, N_TASKS = 6, 300, 30, 4
SMALLEST, DECADES, TOKENS = 1e7, 3.0, 10**10
GROUP, ITEM, CHANCE, MODEL = 0.3, 0.7, 0.65, 0.05
"""Standard deviations of the parts of a margin; items correlate by about a half between models."""
COVERAGE = 0.9

Curve = tuple[float, ...]
"""Accuracy at places evenly spaced along the series; straight lines between them."""

STEADY: Curve = (0.55, 0.55)
RISING: Curve = (0.45, 0.75)
FALLING: Curve = (0.65, 0.40)
U_SHAPED: Curve = (0.70, 0.40, 0.75)
TURNED_OVER: Curve = (0.45, 0.75, 0.45)
SLIGHT: Curve = (0.52, 0.55)
SATURATING: Curve = (0.50, 0.72, 0.76, 0.77)


@dataclass(frozen=True)
class Scenario:
    """Four tasks, each with the laws of its arms."""

    name: str
    description: str
    tasks: tuple[dict[str, Curve], ...]
    tested: tuple[str, ...]
    true: tuple[str, ...] = ()
    models: int = N_MODELS
    groups: float = field(default=0.0)
    """Standard deviation of the slopes that groups of items have of their own."""

    def simulate(self, params: InverseScalingParams, rng: np.random.Generator) -> pa.Table:
        """Simulate the rows of one series."""
        del params  # nothing about how rows are judged is known here
        places = [
            Place(family="simulated", member=f"model {n}", parameters=int(SMALLEST * 10**size), tokens=TOKENS)
            for n, size in enumerate(np.linspace(0, DECADES, self.models))
        ]
        tables = []
        for number, arms in enumerate(self.tasks):
            for arm, curve in arms.items():
                tables.append(_arm(f"task {number}", arm, curve, places, self.groups, rng))
        return pa.concat_tables(tables)


def _arm(
    task: str, arm: str, curve: Curve, places: list[Place], slopes: float, rng: np.random.Generator
) -> pa.Table:
    x = np.linspace(0, 1, len(places))
    group = rng.permutation(np.arange(N_ITEMS) % N_GROUPS)
    spread = np.sqrt(GROUP**2 + ITEM**2 + CHANCE**2)
    able = spread * ndtri(np.interp(x, np.linspace(0, 1, len(curve)), curve))
    able = able + rng.normal(0, MODEL, len(places))
    shared = rng.normal(0, GROUP, N_GROUPS)[group] + rng.normal(0, ITEM, N_ITEMS)
    own_slope = rng.normal(0, slopes, N_GROUPS)[group] * (x[:, None] - 0.5)
    margin = able[:, None] + shared + own_slope + rng.normal(0, CHANCE, (len(places), N_ITEMS))
    items = Items(
        "classification",
        "distractor",
        [f"{number:04d}" for number in range(N_ITEMS)],
        [f"group {one:02d}" for one in group],
        [2] * N_ITEMS,
        (np.arange(N_ITEMS) % 2).tolist(),
    )
    total = np.full(N_ITEMS, np.log(COVERAGE))
    tables = []
    for place, margins in zip(places, margin, strict=True):
        found = Outcomes(np.logaddexp(0, -margins), (margins > 0).astype(float), total)
        tables.append(to_rows(place, arm, items, found))
    return in_front(pa.concat_tables(tables), task)


def in_front(rows: pa.Table, task: str) -> pa.Table:
    """Put the columns in front of a task's rows that a run folder puts there."""
    front = {"key": "simulated", "model": "", "task": task}
    for position, (name, value) in enumerate(front.items()):
        rows = rows.add_column(position, name, pa.repeat(pa.scalar(value), rows.num_rows))
    return rows.add_column(3, "seed", pa.repeat(pa.scalar(0, pa.int64()), rows.num_rows))


def _tasks(*curves: Curve) -> tuple[dict[str, Curve], ...]:
    return tuple({TASK: curve} for curve in curves)


_TRAPPED = {TASK: FALLING, CONTROL: RISING, DISTRACTOR: RISING, TRUE: STEADY}
_LOST = {TASK: FALLING, CONTROL: FALLING, DISTRACTOR: STEADY, TRUE: FALLING}
_BORDER = {TASK: FALLING, CONTROL: (0.50, 0.30), DISTRACTOR: (0.50, 0.55), TRUE: STEADY}
_SOFTENED, _UNTOUCHED, _HARDLY = (
    {TASK: FALLING, ONE_SHOT: shown} for shown in (STEADY, FALLING, (0.65, 0.45))
)

SCENARIOS = (
    Scenario("no trend", "size changes nothing on four tasks", _tasks(*[STEADY] * 4), ("C1", "C3")),
    Scenario(
        "groups differ",
        "no trend over all, but each group of items has a slope of its own",
        _tasks(*[STEADY] * 4),
        ("C1", "C3"),
        groups=1.0,
    ),
    Scenario(
        "saturating", "all tasks rise and level off; nothing turns", _tasks(*[SATURATING] * 4), ("C1", "C3")
    ),
    Scenario(
        "slight rise", "four tasks gain 3 points, less than counts", _tasks(*[SLIGHT] * 4), ("C1", "C3")
    ),
    Scenario(
        "three models",
        "one task falls, but three models are too few",
        _tasks(FALLING, RISING),
        ("C1", "C3"),
        models=3,
    ),
    Scenario(
        "one task falls",
        "one task of four loses 25 points",
        _tasks(FALLING, RISING, STEADY, RISING),
        ("C1", "C3"),
        ("C1",),
    ),
    Scenario(
        "one task turns",
        "one task of four falls by 30 points and comes back",
        _tasks(U_SHAPED, RISING, STEADY, RISING),
        ("C1", "C3"),
        ("C3",),
    ),
    Scenario(
        "one task turns over",
        "one task of four rises by 30 points and falls again",
        _tasks(TURNED_OVER, RISING, STEADY, RISING),
        ("C1", "C3"),
        ("C3",),
    ),
    Scenario(
        "a trap",
        "two tasks fall; without the trap the form rises, the distractor alone rises",
        (_TRAPPED, _TRAPPED),
        ("C2", "C6"),
        ("C2", "C6"),
    ),
    Scenario(
        "the form is lost",
        "two tasks fall, and so does the same form without the trap; no distractor is learned",
        (_LOST, _LOST),
        ("C2", "C6"),
    ),
    Scenario(
        "on the border",
        "two tasks fall; without the trap 5 points less, and the distractor gains 5 points",
        (_BORDER, _BORDER),
        ("C2", "C6"),
    ),
    Scenario(
        "one demonstration helps",
        "two tasks fall, but not after one demonstration",
        (_SOFTENED, _SOFTENED),
        ("C5",),
        ("C5",),
    ),
    Scenario(
        "a demonstration is no help",
        "two tasks fall, and as much after one demonstration",
        (_UNTOUCHED, _UNTOUCHED),
        ("C5",),
    ),
    Scenario(
        "a demonstration hardly helps",
        "two tasks fall, and 5 points less after one demonstration, the border",
        (_HARDLY, _HARDLY),
        ("C5",),
    ),
)
