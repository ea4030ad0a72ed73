"""Whether phenomena differ in kind: alike inside, opposed, or unrelated (claim 7, protocol 2.8)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from taskscope.stats.matrices import jackknife, leave_one_out, off_diagonal, unexplained
from taskscope.studies.judgement import Measure
from taskscope.studies.randomness import stream
from taskscope.studies.task_spaces.spaces import Space
from taskscope.studies.task_spaces.statistics import NULLS, compressed

Array = np.ndarray
_SIMILAR, _UNRELATED = 0.3, 0.2
"""Bounds of the patterns (recommended there)."""
ALIKE, OPPOSED_IN_PART, UNRELATED, OPPOSED, MIXED = (
    "A: alike",
    "B: partly opposed",
    "C: unrelated",
    "N: opposed",
    "mixed",
)
FEWEST_PHENOMENA = 3
"""Phenomena of two tasks or more below which there is nothing to tell apart."""


def pattern(cells: Array) -> str:
    """Name the pattern of the ordered pairs of different tasks of a phenomenon."""
    mean = cells.mean()
    if mean >= _SIMILAR and (cells > 0).mean() >= 0.8:
        return ALIKE
    if (cells > _SIMILAR).mean() >= 0.2 and (cells < -_SIMILAR).mean() >= 0.2:
        return OPPOSED_IN_PART
    if abs(mean) < _UNRELATED and (np.abs(cells) <= _SIMILAR).mean() >= 0.7:
        return UNRELATED
    return OPPOSED if mean <= -_SIMILAR and (cells < 0).mean() >= 0.8 else MIXED


@dataclass(frozen=True)
class Kinds:
    """How far the phenomenon tells what tasks inside it do to each other."""

    share: Measure
    """Of the variance of the pairs of tasks inside phenomena, what lies between phenomena; words and an
    untrained model's gradients are taken out first."""
    chance: Measure
    """The same with phenomena dealt to tasks at random: mean, and where 95 % of the deals lie."""
    patterns: dict[str, int]
    """Name of `pattern` to the number of phenomena."""


def kinds(space: Space, draws: int) -> Kinds | None:
    """Compare phenomena by what their tasks do to each other; None where too few have two tasks."""
    groups = space.groups
    if int((np.bincount(groups) > 1).sum()) < FEWEST_PHENOMENA:
        return None
    small = compressed(space.effects(space.drawn).mean(axis=0))
    rest = unexplained(small, [space.likeness[name] for name in NULLS])

    def value(keep: Array) -> float:
        return _between(rest[np.ix_(keep, keep)], groups[keep])

    rng = stream("task-spaces kinds", space.model, space.tasks)
    dealt = np.array([_between(rest, rng.permutation(groups)) for _ in range(draws)])
    low, high = np.quantile(dealt, [0.025, 0.975])
    share, below, above = jackknife(leave_one_out(value, space.n))
    return Kinds(
        share=Measure(share, max(below, 0.0), min(above, 1.0)),
        chance=Measure(float(dealt.mean()), float(low), float(high)),
        patterns=_patterns(space),
    )


def _patterns(space: Space) -> dict[str, int]:
    shares, off = space.headroom(space.drawn), off_diagonal(space.n)
    same = space.groups[:, None] == space.groups
    found = [
        pattern(shares[cells])
        for group in np.unique(space.groups)
        if (cells := same & off & (space.groups == group)[:, None]).any()
    ]
    return dict(Counter(found))


def _between(rest: Array, groups: Array) -> float:
    """Share of the variance of cells inside groups that lies between groups; 0 where there is none."""
    rows, columns = np.nonzero((groups[:, None] == groups) & off_diagonal(len(groups)))
    if not len(rows):
        return 0.0
    cells, of = rest[rows, columns], groups[rows]
    n, total = np.bincount(of), np.bincount(of, cells)
    means = np.divide(total, n, out=np.zeros(len(n)), where=n > 0)
    whole = ((cells - cells.mean()) ** 2).sum()
    return float((n * (means - cells.mean()) ** 2).sum() / whole) if whole > 1e-12 else 0.0
