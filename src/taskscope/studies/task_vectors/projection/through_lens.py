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
from taskscope.studies.task_vectors.projection.rows import PART as PLAIN


@dataclass(frozen=True)
class ThroughLens:
    """What was read of one model's thetas through a tuned lens, and how good that lens is."""

    model: str
    readings: list[Readings]
    projection: Projection
    plain: list[Readings]
    """Of the same tasks and sets of demonstrations, through the logit lens."""
    by_logit: Projection
    """What these give."""
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

    None either where it was not measured how good the lens is at these thetas.

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
    untuned = of_part(rows, PLAIN)
    untuned = untuned.filter(pc.is_in(untuned["seed"], pc.unique(mine["seed"])))  # type: ignore[attr-defined]
    own = untuned.filter(pc.equal(untuned["model"], model))  # type: ignore[attr-defined]
    there = set(mine[TARGET].cast(pa.string()).to_pylist()) & set(own["task"].cast(pa.string()).to_pylist())
    shown = [(task, hides) for task, hides in kept if task in there]
    if not shown:
        return None
    tasks, hides = [task for task, _ in shown], [hides for _, hides in shown]
    found = readings(mine, model, tasks, KINDS, TARGET)
    seen = project(found, hides, block, draws)
    known = fits(rows, model, tasks)
    if seen is None or not known:
        return None
    plain = readings(own, model, tasks, KINDS)
    by_logit = project(plain, hides, block, draws)
    return None if by_logit is None else ThroughLens(model, found, seen, plain, by_logit, known)
