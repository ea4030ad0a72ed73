"""Losses simulated from a known law, on which the verdicts on claims 1 and 2 are calibrated."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
import pyarrow as pa

from taskscope.studies.columns import repeated
from taskscope.studies.skill_emergence.params import SkillEmergenceParams
from taskscope.studies.skill_emergence.rows import SCALING, to_rows
from taskscope.studies.skill_emergence.scaling.rows import GIVEN
from taskscope.theory.scaling_laws.law import ScalingLaw

SIZES, TOKENS = np.geomspace(5e7, 2e10, 8), np.geomspace(5e8, 5e11, 6)
_MIDDLE = float(np.exp(np.log(SIZES).mean())), float(np.exp(np.log(TOKENS).mean()))


def law(floor: float, exponent: float, excess: float = 0.8) -> ScalingLaw:
    """Make a law whose two excesses are equal in the middle of the trainings, with one exponent."""
    size, data = (0.5 * excess * middle**exponent for middle in _MIDDLE)
    return ScalingLaw(floor, size, data, exponent, exponent)


@dataclass(frozen=True)
class LossScenario:
    """Finished trainings whose losses follow a law but for noise."""

    name: str
    description: str
    law: ScalingLaw
    noise: float = 0.005
    """Standard deviation of ln L."""
    true: tuple[str, ...] = ()
    tested: tuple[str, ...] = ("1", "2")

    def simulate(self, params: SkillEmergenceParams, rng: np.random.Generator) -> pa.Table:
        """Simulate one loss for every size and number of tokens."""
        del params
        told = []
        for number, (size, tokens) in enumerate(product(SIZES, TOKENS)):
            loss = float(self.law.loss(size, tokens)) * float(np.exp(self.noise * rng.standard_normal()))
            own = {"parameters": float(size), "tokens": float(tokens), "loss": loss}
            told.append({"source": "simulation", "trained": f"row {number + 1}", "text": GIVEN, **own})
        rows = to_rows(SCALING, told)
        rows = rows.append_column("seed", pa.repeat(pa.scalar(0, pa.int64()), rows.num_rows))
        return rows.append_column("model", repeated("", rows.num_rows))


_ROOT, _SLOW = float(np.log10(2)) / 2, 0.2
SCENARIOS = (
    LossScenario(
        "a floor, 2.2 per decade",
        "losses fall towards 1.7, and ten times of both divide the excess by 2.2",
        law(1.7, float(np.log10(2.2))),
        true=("1", "2"),
    ),
    LossScenario(
        "a floor, 2.2, noisier",
        "the same with twice the noise",
        law(1.7, float(np.log10(2.2))),
        noise=0.01,
        tested=("1",),
        true=("1",),
    ),
    LossScenario("a floor, 1.6 per decade", "the excess is divided by 1.6", law(1.7, _SLOW), tested=("2",)),
    LossScenario(
        "a floor, the root of two", "the excess is divided by 1.4, the border", law(1.7, _ROOT), tested=("2",)
    ),
    LossScenario("no floor", "all of the loss falls, a fifth per decade of both", law(0.0, 0.1, excess=2.5)),
    LossScenario(
        "no floor, falls fast",
        "all of the loss falls, by half per decade",
        law(0.0, 0.3, excess=2.5),
        tested=("1",),
    ),
    LossScenario(
        "no floor, noisy",
        "the same with four times the noise",
        law(0.0, 0.3, excess=2.5),
        noise=0.02,
        tested=("1",),
    ),
)
