"""Simulated gaps with a known truth, to learn how often the rule on RQ1 is right."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from taskscope.studies.kernel_regression.simulated import convergence as s1
from taskscope.studies.kernel_regression.simulated.findings import SETTING
from taskscope.studies.kernel_regression.simulated.rows import RowWriter
from taskscope.studies.kernel_regression.simulated.slopes import FIRST

N_WORLDS = 8
"""Half of what the standard profile simulates."""
SIZES = s1.SIZES["standard"].sizes
NOISE = 0.03
"""S.d. of a point's log gap around its world's curve, as seen in S1."""
CONTROL = -0.18
"""Slope of shuffled labels, as seen in S1."""


@dataclass(frozen=True)
class ConvergenceScenario:
    """Worlds whose gaps are power laws from n = 64 on, perhaps with a floor."""

    name: str
    description: str
    slope: float
    """Mean slope of the recommended kernel."""
    spread: float = 0.03
    """S.d. of a world's slope around it."""
    floor: float = 0.0
    """Share of the gap at n = 64 that stays."""
    control: float = CONTROL
    control_spread: float = 0.1
    n_worlds: int = N_WORLDS
    true: tuple[str, ...] = ()
    tested: tuple[str, ...] = field(default=("RQ1",))

    def simulate(self, params: Any, rng: np.random.Generator) -> pa.Table:
        """Simulate the rows of S1 in the setting that is judged."""
        tables = []
        for seed in range(self.n_worlds):
            found = RowWriter(s1.NUMBER)
            for method, (slope, spread, floor) in self._truth().items():
                level = np.exp(rng.normal(-1, 0.2))
                falling = (np.array(SIZES) / FIRST) ** rng.normal(slope, spread)
                noise = np.exp(rng.normal(0, NOISE, len(SIZES)))
                gap = level * ((1 - floor) * falling + floor) * noise
                found.add(SETTING, method, s1.GAP, gap[:, None], SIZES)
            found.fact(SETTING, s1.LITERAL, s1.BIAS, 0.1)
            table = found.table()
            front = {"model": "", "task": "", "seed": seed}
            for place, (name, value) in enumerate(front.items()):
                table = table.add_column(place, name, pa.repeat(pa.scalar(value), len(table)))
            tables.append(table)
        return pa.concat_tables(tables)

    def _truth(self) -> dict[str, tuple[float, float, float]]:
        return {
            s1.RECOMMENDED: (self.slope, self.spread, self.floor),
            s1.SHUFFLED: (self.control, self.control_spread, 0.0),
            s1.FOREIGN: (-0.06, 0.05, 0.0),
            s1.LITERAL: (-0.45, 0.03, 0.0),
            s1.LEAKY: (-0.48, 0.03, 0.0),
        }


_BORDER = (-0.5 + CONTROL) / 2

SCENARIOS = (
    ConvergenceScenario(
        "slope half-way",
        f"the gap has slope {_BORDER:.2f}, half-way between theory and shuffled labels at {CONTROL}",
        _BORDER,
    ),
    ConvergenceScenario(
        "slope half-way, worlds differ", "the same, each world off by 0.1 (s.d.)", _BORDER, spread=0.1
    ),
    ConvergenceScenario("no convergence", "the gap shrinks as that of shuffled labels does", CONTROL),
    ConvergenceScenario(
        "convergence to a floor", "slope -1/2 at first, but half of the gap at n = 64 stays", -0.5, floor=0.5
    ),
    ConvergenceScenario(
        "controls converge too",
        "shuffled labels come close to Bayes as fast as the kernel",
        -0.5,
        control=-0.5,
    ),
    ConvergenceScenario("convergence", "the gap has slope -1/2 in every world", -0.5, true=("RQ1",)),
    ConvergenceScenario(
        "convergence, worlds differ",
        "the same on average, each world off by 0.07 (s.d.), twice what is seen",
        -0.5,
        spread=0.07,
        true=("RQ1",),
    ),
    ConvergenceScenario(
        "convergence, six worlds",
        "the same with six worlds, as in the smoke profile",
        -0.5,
        n_worlds=6,
        true=("RQ1",),
    ),
)
