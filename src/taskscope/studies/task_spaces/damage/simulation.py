"""Simulated models of which it is known what two ways of tuning do to other text, and how right they get."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from taskscope.studies.task_spaces.params import PLAIN, TUNED, TaskSpaceParams
from taskscope.studies.task_spaces.rows import SCORE, TEXT, to_rows
from taskscope.studies.task_spaces.simulation import SIZES, with_front

_GAIN = 0.8
"""Of either way on the task's other pairs, standard deviations of the margins."""
_FEWEST_JUDGED = 30
"""Judged pairs of each half, as in the standard profile: accuracies of fewer say too little."""


@dataclass(frozen=True)
class DamageWorld:
    """A world; rises are in nats per token."""

    name: str
    description: str
    true: tuple[str, ...]
    ours: float
    """Mean rise of the loss on other text under gradient differences; it varies from task to task."""
    plain: float
    lost: float = 0.0
    """By how much less gradient differences move the task's other pairs, standard deviations."""
    tested: tuple[str, ...] = ("5",)

    def simulate(self, params: TaskSpaceParams, rng: np.random.Generator) -> pa.Table:
        """Simulate the rows of one model: scores, and both ways at the same gain."""
        n_judged = max(params.n_eval, _FEWEST_JUDGED)
        records: list[dict[str, object]] = []
        for task in range(sum(SIZES)):
            # Tasks differ in how hard they are on other text, whichever way they are learned.
            hard = rng.lognormal(0, 0.5)
            own = {"judged": f"task-{task:02d}", "phenomenon": "none", "tuned": f"task-{task:02d}"}
            for half in range(2):
                first = rng.normal(rng.normal(0, 0.5), 1.0, n_judged)
                records.append({**own, "part": SCORE, "half": half, "margins": first.tolist(), "tuned": ""})
                for way, rise, gain in ((TUNED, self.ours, _GAIN - self.lost), (PLAIN, self.plain, _GAIN)):
                    after = first + gain + rng.normal(0, 0.3, n_judged)
                    found = hard * rise + rng.normal(0, 0.3 * max(self.ours, self.plain))
                    told = {"part": TEXT, "condition": way, "half": half, "gain": _GAIN, "rise": found}
                    records.append({**own, **told, "margins": after.tolist()})
        return with_front(to_rows(records), "simulated")


WORLDS = (
    DamageWorld(
        "less damage",
        "Gradient differences raise the loss on other text half as much, and get as much right.",
        true=("5",),
        ours=0.1,
        plain=0.2,
    ),
    DamageWorld(
        "the same damage",
        "At the same gain both ways do the same to other text.",
        true=(),
        ours=0.15,
        plain=0.15,
    ),
    DamageWorld(
        "less damage, less right",
        "Gradient differences harm other text less, and move the task's other pairs less.",
        true=(),
        ours=0.1,
        plain=0.2,
        lost=0.7,
    ),
    DamageWorld(
        "less damage, at the border",
        "Gradient differences harm other text less, and get five pairs in a hundred less right.",
        true=(),
        ours=0.1,
        plain=0.2,
        lost=0.18,
    ),
    DamageWorld(
        "more damage",
        "At the same gain gradient differences raise the loss on other text twice as much.",
        true=(),
        ours=0.2,
        plain=0.1,
    ),
)
