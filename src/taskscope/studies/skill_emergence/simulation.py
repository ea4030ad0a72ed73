"""Rows simulated from a known truth, on which the verdicts on claims 5 and 6 are calibrated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from taskscope.studies.columns import repeated
from taskscope.studies.skill_emergence.emergence import ADVERSARIAL, LINEAR, ROOT, SIZES, START, TOKENS
from taskscope.studies.skill_emergence.grids import certified
from taskscope.studies.skill_emergence.params import SkillEmergenceParams
from taskscope.studies.skill_emergence.rows import CLUSTERED, EMERGENCE, GRAPHS, WORST, to_rows
from taskscope.studies.skill_emergence.settings import Setting

_SPREAD = 0.01
"""Standard deviation of ln beta between graphs of one setting."""
_WORLDS, _READING = 0.05, 0.01
"""Standard deviations of ln(-ln competence) between worlds and between the numbers of one world."""


@dataclass(frozen=True)
class GraphScenario:
    """Graphs whose worst failures lie at a known share of their certified bound."""

    name: str
    description: str
    reached: float
    """Worst failures found on random graphs, over the certified bound; of a graph within it."""
    past: float
    """Chance that a random graph is past its bound."""
    broken: float
    """The same share of the bound on clustered graphs."""
    true: tuple[str, ...] = ()
    tested: tuple[str, ...] = ("5",)

    def simulate(self, params: SkillEmergenceParams, rng: np.random.Generator) -> pa.Table:
        """Simulate the rows of all settings, and of the control."""
        large = [setting for setting in params.settings if not setting.enumerated]
        records = []
        for setting in params.settings:
            records += self._graphs(setting, WORST, self.reached, self.past, params.n_graphs, rng)
        records += self._graphs(large[0], CLUSTERED, self.broken, 0.0, params.n_clustered, rng)
        return _in_front(to_rows(GRAPHS, records))

    def _graphs(
        self,
        setting: Setting,
        failures: str,
        reached: float,
        past: float,
        n: int,
        rng: np.random.Generator,
    ) -> list[dict]:
        shape = (setting.alpha, setting.theta, setting.k, setting.n_texts, setting.n_skills)
        bound = certified(*shape, distinct=setting.enumerated)
        share = np.where(rng.random(n) < past, 1.05, reached) * np.exp(_SPREAD * rng.standard_normal(n))
        told = {**setting.model_dump(), "setting": setting.name, "failures": failures, "above": 0.0}
        return [
            {**told, "graph": number, "beta": float(each)}
            for number, each in enumerate(np.minimum(share * bound, 1 / setting.alpha))
        ]


@dataclass(frozen=True)
class GrowthScenario:
    """Worlds in which the sets that are handled grow by known factors per decade.

    -ln competence is proportional to the size of a set, and falls by the factor with each decade.
    """

    name: str
    description: str
    grown: float
    """Factor per decade when mistakes go with the excess loss."""
    control: float
    """Factor per decade when they go with its root."""
    start: float = 0.77
    """Competence on single skills at the start."""
    true: tuple[str, ...] = ()
    tested: tuple[str, ...] = ("6",)

    def simulate(self, params: SkillEmergenceParams, rng: np.random.Generator) -> pa.Table:
        """Simulate the rows of all worlds under both links."""
        records = []
        for number in range(params.n_worlds):
            own = np.exp(_WORLDS * rng.standard_normal())
            for link, factor in ((LINEAR, self.grown), (ROOT, self.control)):
                for tokens in TOKENS:
                    hard = -np.log(self.start) * own * factor ** -np.log10(tokens / START)
                    noise = np.exp(_READING * rng.standard_normal(len(SIZES)))
                    told = {"graph": number, "link": link, "mode": ADVERSARIAL, "tokens": tokens}
                    records += [
                        {**told, "theta": 0.1, "t": t, "competence": float(np.exp(-hard * t * off))}
                        for t, off in zip(SIZES, noise, strict=True)
                    ]
        return _in_front(to_rows(EMERGENCE, records))


def _in_front(rows: pa.Table) -> pa.Table:
    rows = rows.append_column("seed", pa.repeat(pa.scalar(0, pa.int64()), rows.num_rows))
    return rows.append_column("model", repeated("", rows.num_rows))


SCENARIOS = (
    GraphScenario(
        "random graphs",
        "the worst failures reach 80 % of the bound, and get past it where skills come in clusters",
        reached=0.80,
        past=0.0,
        broken=1.3,
        true=("5",),
    ),
    GraphScenario(
        "one in twenty",
        "one random graph of twenty is past its bound, the border",
        reached=0.9,
        past=0.05,
        broken=1.3,
    ),
    GraphScenario(
        "the bound does not hold", "one random graph of three is past its bound", 0.95, past=0.33, broken=1.3
    ),
    GraphScenario(
        "a blind adversary",
        "no violation is found, not even on clustered graphs, where there are some",
        reached=0.4,
        past=0.0,
        broken=0.6,
    ),
    GrowthScenario(
        "with the excess",
        "sets double per decade; under the other link they grow by its root",
        2.0,
        2**0.5,
        true=("6",),
    ),
    GrowthScenario(
        "no better than the root", "sets grow as they would if mistakes went with the root", 2**0.5, 2**0.5
    ),
    GrowthScenario(
        "faster, not double", "sets grow faster than under the other link, and do not double", 1.6, 1.2
    ),
    GrowthScenario("no growth", "scale brings no larger sets", 1.0, 2**0.5),
    GrowthScenario("at the ceiling", "single skills are perfect from the start", 2.0, 2**0.5, start=0.99),
)
