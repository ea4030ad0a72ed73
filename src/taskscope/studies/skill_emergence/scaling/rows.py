"""The rows of losses: one per training, milestone and text."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from taskscope.studies.skill_emergence.rows import SCALING, of_part
from taskscope.theory.scaling_laws.points import Points

Array = np.ndarray

ENGLISH, SEEN, UNSEEN = "English text", "task documents, tasks of the training", "task documents, other tasks"
GIVEN = "as given"
"""Held-out texts; the loss of a table stands for itself."""


@dataclass(frozen=True)
class Losses:
    """All losses on one text."""

    source: str
    text: str
    trainings: tuple[str, ...]
    """(point,) milestones of one training share their noise: the unit of resampling."""
    points: Points

    @property
    def n_trainings(self) -> int:
        """How many there are."""
        return len(set(self.trainings))


def losses(rows: pa.Table) -> tuple[Losses, ...]:
    """Read the losses of all texts, the one that is judged in front."""
    records = of_part(rows, SCALING)
    found = []
    for text in (text for text in (ENGLISH, GIVEN, SEEN, UNSEEN) if any(r["text"] == text for r in records)):
        own = [record for record in records if record["text"] == text]
        axes = ([record[name] for record in own] for name in ("parameters", "tokens", "loss"))
        names = tuple(record["trained"] for record in own)
        found.append(Losses(own[0]["source"], text, names, Points.of(*axes)))
    return tuple(found)
