"""Thetas read through a tuned lens, by the statistic of the logit lens; no verdict rests on it (E6 iii)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from taskscope.studies.task_vectors.part_rows import of_part
from taskscope.studies.task_vectors.projection.lens_rows import PART, TARGET, Fit, fits
from taskscope.studies.task_vectors.projection.reading import Projection, project
from taskscope.studies.task_vectors.projection.rows import KINDS, Readings, readings


@dataclass(frozen=True)
class ThroughLens:
    """What was read of one model's thetas through a tuned lens, and how good that lens is."""

    model: str
    readings: list[Readings]
    projection: Projection
    fits: list[Fit]
    """By block."""

    @property
    def fit(self) -> Fit:
        """How good the lens is at the block that is read."""
        return self.fits[self.projection.block]


def through_lens(
    rows: pa.Table, model: str, kept: Sequence[tuple[str, bool]], block: int, draws: int
) -> ThroughLens | None:
    """Read the rows of one model's lens cell; None where there are none, or too few words to compare.

    Args:
        rows: Rows of the whole study.
        model: Label.
        kept: The tasks that count, each with whether swapping labels hides it from the model.
        block: Where theta is read.
        draws: Bootstrap resamples.
    """
    table = of_part(rows, PART)
    if table.num_rows == 0:
        return None
    mine = table.filter(pc.equal(table["model"].cast(pa.string()), model))  # type: ignore[attr-defined]
    there = set(mine[TARGET].cast(pa.string()).unique().to_pylist())
    shown = [(task, hides) for task, hides in kept if task in there]
    if not shown:
        return None
    found = readings(mine, model, [task for task, _ in shown], KINDS, TARGET)
    seen = project(found, [hides for _, hides in shown], block, draws)
    return None if seen is None else ThroughLens(model, found, seen, fits(rows, model))
