"""What two tasks share without any tuning, beside what tuning on one does to the other (E6, E8)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from taskscope.report.findings import Table
from taskscope.report.wording import slug
from taskscope.stats.matrices import leave_one_out, off_diagonal, partial_correlation, same_group
from taskscope.studies.judgement import Measure
from taskscope.studies.task_spaces.spaces import Space
from taskscope.studies.task_spaces.statistics import bounded, compressed

Array = np.ndarray
NAMES = {
    "gradient": "gradients on the weights chosen, cosine",
    "overlap": "weights chosen by both, less chance",
    "untrained": "gradients of an untrained model, cosine",
    "words": "words that differ, cosine",
    "word_pairs": "pairs of words that differ, cosine",
}
UNSIGNED = "overlap"
"""Tells how much two tasks have to do with each other, not whether they help."""


@dataclass(frozen=True)
class Shared:
    """One measure of likeness over pairs of different tasks."""

    name: str
    """Of `LIKENESSES`."""
    inside: float
    """Mean within phenomena; nan where none has two tasks."""
    outside: float
    """Mean between tasks of different phenomena."""
    transfer: Measure | None
    """Correlation with transfer, both directions together, or with its size; leaves out one task at a time.
    None where one of them is the same everywhere."""


def shared(space: Space) -> list[Shared]:
    """Work out every measure; all zero are left out, for nothing was compared."""
    both = compressed(space.effects(space.drawn).mean(axis=0))
    both = both + both.T
    off, same = off_diagonal(space.n), same_group(space.groups) == 1
    found = []
    for name, likeness in space.likeness.items():
        if not likeness[off].any():
            continue
        target = np.abs(both) if name == UNSIGNED else both

        def value(keep: Array, target: Array = target, likeness: Array = likeness) -> float:
            cut = np.ix_(keep, keep)
            return partial_correlation(target[cut], likeness[cut], ())

        # Of two tasks none can be left out.
        values = leave_one_out(value, space.n) if space.n > 2 else np.full(1, np.nan)
        inside, outside = likeness[off & same], likeness[off & ~same]
        at = bounded(values) if np.isfinite(values).all() else None
        found.append(Shared(name, _mean(inside), _mean(outside), at))
    return found


def likeness_table(space: Space) -> Table | None:
    """Tabulate them; None where nothing was compared."""
    found = shared(space)
    if not found:
        return None
    return Table(
        name=f"task-spaces-{slug(space.model)}-likeness",
        title="What do tasks share before any tuning?",
        columns=("likeness of two tasks", "same phenomenon", "another", "goes with transfer", "interval"),
        rows=tuple(
            (NAMES[each.name], _told(each.inside), _told(each.outside), *_with(each.transfer))
            for each in found
        ),
        note="Means over pairs of different tasks. Weights chosen by both: those in both sets over those in "
        "either, less what sets that take as many weights of each tensor at random have in common. Goes with "
        "transfer: correlation with how far learning one moves the other, both directions together; of the "
        "weights chosen, which know no sign, with how large that is.",
        model=space.model,
    )


def _mean(values: Array) -> float:
    return float(values.mean()) if len(values) else float("nan")


def _told(mean: float) -> str:
    return f"{mean:+.3f}" if np.isfinite(mean) else "–"


def _with(transfer: Measure | None) -> tuple[str, str]:
    if transfer is None:
        return "–", "–"
    return f"{transfer.value:+.2f}", f"{transfer.low:+.2f} to {transfer.high:+.2f}"
