"""Rows of collages simulated from a known truth, on which the verdict on claim 8 is calibrated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from taskscope.studies.columns import repeated
from taskscope.studies.skill_emergence.collage.rows import ONE_BY_ONE, PLAIN, SHUFFLED, TILES, records
from taskscope.studies.skill_emergence.params import SkillEmergenceParams
from taskscope.studies.skill_emergence.rows import COLLAGES, to_rows

N_COLLAGES = 100
_SPREAD = 0.01
"""Standard deviation of recall between trainings."""


@dataclass(frozen=True)
class CollageScenario:
    """Classifiers that find each digit on its own with a known chance."""

    name: str
    description: str
    recall: float
    shuffled: float = 0.4
    alone: float = 0.8
    """The same where each digit is learned alone."""
    true: tuple[str, ...] = ()
    tested: tuple[str, ...] = ("8",)

    def simulate(self, params: SkillEmergenceParams, rng: np.random.Generator) -> pa.Table:
        """Simulate the rows of all trainings under all conditions."""
        told = []
        kinds = (TILES, self.recall), (SHUFFLED, self.shuffled), (PLAIN, 0.7), (ONE_BY_ONE, self.alone)
        for condition, recall in kinds:
            for training in range(params.n_trainings):
                classes = np.argsort(rng.random((N_COLLAGES, 10)), axis=1)[:, :4]
                own = np.clip(recall + _SPREAD * rng.standard_normal(), 0, 1)
                hits = rng.random(classes.shape) < own
                told += records(condition, training, classes, hits, hits[:, 0])
        rows = to_rows(COLLAGES, told)
        rows = rows.append_column("seed", pa.repeat(pa.scalar(0, pa.int64()), rows.num_rows))
        return rows.append_column("model", repeated("", rows.num_rows))


SCENARIOS = (
    CollageScenario("finds all digits", "each digit is found with a chance of 98 %", 0.98, true=("8",)),
    CollageScenario("more often than not", "all four are on top of half the collages, the border", 0.5**0.25),
    CollageScenario("finds some", "each digit is found with a chance of 70 %", 0.7),
    CollageScenario("finds nothing", "digits are found as after shuffled labels", 0.4),
    CollageScenario(
        "better together",
        "98 % of the digits are found together, 75 % one by one",
        0.98,
        alone=0.75,
        true=("3",),
        tested=("3",),
    ),
    CollageScenario("as well alone", "90 % are found either way", 0.9, alone=0.9, tested=("3",)),
    CollageScenario(
        "better alone", "70 % are found together, 90 % one by one", 0.7, alone=0.9, tested=("3",)
    ),
    CollageScenario("found either way", "99.9 % are found either way", 0.999, alone=0.999, tested=("3",)),
    CollageScenario("nothing learned", "guessing either way", 0.4, alone=0.3, tested=("3",)),
)
