"""The rules by which claims C1 and C2 are judged.

Everything chosen (each task's block, its strongest control at each block, whether the task is admissible, the
shared best block) is chosen on development pairs; everything below is computed on test pairs, averaged over
the admissible tasks, with a bootstrap that resamples queries within tasks and, from six tasks on, tasks.
All intervals are 95 %.

**C1, one vector carries the task.** Notation: B baseline, R regular, H theta at its block, C* strongest
control there.

- inconclusive by rule: no admissible task; fewer than 20 independent queries; R not above C* (the interval of
  R - C* reaches 0), for then nothing is left to recover.
- supported: H lies nearer to R than to C*, that is, the interval of H - (R + C*)/2 lies above 0. This is the
  claim's own word "most", with the strongest control in the place of zero.
- contradicted: that interval lies below 0.
- inconclusive otherwise.

Theta of swapped labels is a control only where the model, prompted with swapped labels, gets at most half of
what right demonstrations add; elsewhere swapped demonstrations still show the task, and so must their theta.

The estimate shown is the recovered share (H - B)/(R - B), as published, with every control on the same axis.

**C2, the hand-over is half-way.** Excess at a block: H minus the strongest control at that block. The edges
are the first and the last quarter of the blocks, their excess the mean over them.

- inconclusive by rule: no admissible task; fewer than 20 independent queries; fewer than 4 blocks; no effect
  to locate (the interval of the excess at the shared best block reaches 0).
- contradicted: the interval of the best block lies inside one edge; or an edge keeps more than half of the
  excess at the best block (the interval of half the excess minus the larger edge lies below 0).
- supported: the best block lies between the edges, and both edges keep less than half of its excess (that
  interval lies above 0).
- inconclusive otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from taskscope.report.findings import Verdict
from taskscope.stats.intervals import position_interval
from taskscope.studies.judgement import Judgement, Measure
from taskscope.studies.task_vectors.resampling import Macro

FEWEST_QUERIES = 20
"""Independent test queries below which a bootstrap says nothing."""
FEWEST_BLOCKS = 4
"""Blocks below which there is no middle."""


@dataclass(frozen=True)
class Peak:
    """Where theta works best, over the admissible tasks."""

    block: int
    low: int
    high: int
    n_blocks: int
    excess: Measure
    first: Measure
    """Mean excess over the first quarter."""
    last: Measure
    """Mean excess over the last quarter."""
    margin: Measure
    """Half the excess at the best block minus the larger of the two edges."""

    @property
    def edge(self) -> int:
        """Blocks in each edge."""
        return self.n_blocks // 4

    @property
    def depth(self) -> float:
        """Relative depth (block + 1) / blocks."""
        return (self.block + 1) / self.n_blocks

    @classmethod
    def of(cls, macro: Macro, block: int, resampled_blocks: np.ndarray) -> Peak:
        """Compare the shared best block with the edges on every resample."""
        n_blocks = macro.excess.shape[1]
        edge = max(n_blocks // 4, 1)
        top = macro.excess[:, block]
        first = macro.excess[:, :edge].mean(axis=1)
        last = macro.excess[:, -edge:].mean(axis=1)
        margin = top / 2 - np.maximum(first, last)
        low, high = position_interval(resampled_blocks)
        measures = [Measure.of(values) for values in (top, first, last, margin)]
        return cls(block, low, high, n_blocks, *measures)


def judge_vector(macro: Macro) -> Judgement:
    """Judge C1."""
    too_few = _too_few(macro)
    if too_few:
        return too_few
    room = Measure.of(macro.regular - macro.strongest)
    if room.low <= 0:
        return Judgement(
            Verdict.INCONCLUSIVE,
            "With demonstrations the model does no better than the strongest control, so that nothing is "
            f"left to recover (difference {_span(room)}).",
        )
    margin = Measure.of(macro.hypothesis - (macro.regular + macro.strongest) / 2)
    if margin.low > 0:
        return Judgement(
            Verdict.SUPPORTED,
            "The vector's accuracy lies nearer to that with demonstrations than to the strongest control: "
            f"{_span(margin)} above the midpoint.",
        )
    if margin.high < 0:
        return Judgement(
            Verdict.CONTRADICTED,
            "The vector's accuracy lies nearer to the strongest control than to that with demonstrations: "
            f"{_span(margin)} from the midpoint.",
        )
    return Judgement(
        Verdict.INCONCLUSIVE,
        "The vector's accuracy cannot be told from the midpoint between the strongest control and that with "
        f"demonstrations: {_span(margin)} from it.",
    )


def judge_depth(macro: Macro, peak: Peak) -> Judgement:
    """Judge C2."""
    too_few = _too_few(macro)
    if too_few:
        return too_few
    if peak.n_blocks < FEWEST_BLOCKS:
        return Judgement(
            Verdict.INCONCLUSIVE, f"A model of {peak.n_blocks} blocks has no middle to speak of."
        )
    if peak.excess.low <= 0:
        return Judgement(
            Verdict.INCONCLUSIVE,
            f"At no block does the vector beat its controls, so that there is no place to find "
            f"(excess {_span(peak.excess)} at block {peak.block}).",
        )
    where = f"block {peak.block} of {peak.n_blocks} (interval {peak.low} to {peak.high})"
    if peak.high < peak.edge or peak.low >= peak.n_blocks - peak.edge:
        side = "first" if peak.high < peak.edge else "last"
        return Judgement(
            Verdict.CONTRADICTED, f"The vector works best in the {side} quarter of the blocks, at {where}."
        )
    effect = (
        f"{_points(peak.excess)} points ahead of its controls, against {_points(peak.first)} in the first "
        f"quarter of the blocks and {_points(peak.last)} in the last"
    )
    if peak.margin.high < 0:
        return Judgement(
            Verdict.CONTRADICTED,
            f"The vector keeps more than half of its effect at one end: at {where} it is {effect}.",
        )
    if peak.margin.low > 0 and peak.edge <= peak.block < peak.n_blocks - peak.edge:
        return Judgement(
            Verdict.SUPPORTED,
            f"The vector loses more than half of its effect towards either end: at {where} it is {effect}.",
        )
    return Judgement(
        Verdict.INCONCLUSIVE,
        f"The best block cannot be told from the ends of the model: at {where} the vector is {effect}.",
    )


def _too_few(macro: Macro) -> Judgement | None:
    if macro.n_clusters >= FEWEST_QUERIES:
        return None
    return Judgement(
        Verdict.INCONCLUSIVE,
        f"Only {macro.n_clusters} independent queries were tested; at least {FEWEST_QUERIES} are needed.",
    )


def _points(measure: Measure) -> str:
    return f"{100 * measure.value:.0f}"


def _span(measure: Measure) -> str:
    """Print accuracy points with their interval: ``12 points (8 to 15)``."""
    value, low, high = (round(100 * x) for x in (measure.value, measure.low, measure.high))
    return f"{value} points ({low} to {high})"
