"""The rule by which RQ1 is judged, on exact simulation alone.

In peaked worlds, where labels depend on inputs, prompts of one task are read by exact Bayes and by the
recommended kernel regression. The slope is that of log median gap on log n from n = 64, the gap averaged over
worlds; a gap that shrinks as the theorem says has slope -1/2, one that stays has slope 0. C*: the slope of
the control that falls fastest, chosen anew in every resample; controls are the same kernel on labels shuffled
among its demonstrations, and on demonstrations of another task.

- inconclusive by rule: fewer than 5 worlds; fewer than 4 sizes from n = 64; the interval of C* reaches -1/2.
- supported: the slope lies nearer to -1/2 than to C*, its interval with it.
- contradicted: it lies nearer to C*, its interval with it.
- inconclusive otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from taskscope.report.findings import Verdict
from taskscope.studies.judgement import Judgement, Measure

PREDICTED = -0.5
"""Slope that the theorem predicts (2.3, 2.7)."""
FEWEST_WORLDS = 5
FEWEST_SIZES = 4


@dataclass(frozen=True)
class Convergence:
    """How fast gaps shrink, each slope in front of its resamples, (1 + draw,)."""

    n_worlds: int
    sizes: tuple[int, ...]
    """Numbers of demonstrations that enter the slopes."""
    recommended: np.ndarray
    controls: dict[str, np.ndarray]
    beside: dict[str, np.ndarray]
    """Shown on the same axis, no controls."""
    first: float
    """Mean gap of the recommended kernel at the first size that enters."""
    last: float
    """The same at the last."""
    literal_bias: float
    """What the theorem's literal kernel keeps without end, mean over worlds."""

    @property
    def strongest(self) -> np.ndarray:
        """Slope of the control that falls fastest, (1 + draw,)."""
        return np.min(list(self.controls.values()), axis=0)


def judge_convergence(found: Convergence) -> Judgement:
    """Judge RQ1."""
    if found.n_worlds < FEWEST_WORLDS:
        return _inconclusive(
            f"Only {found.n_worlds} worlds were simulated; at least {FEWEST_WORLDS} are needed."
        )
    if len(found.sizes) < FEWEST_SIZES:
        return _inconclusive(
            f"Only {len(found.sizes)} numbers of demonstrations are large enough for a slope; at least "
            f"{FEWEST_SIZES} are needed."
        )
    strongest = Measure.of(found.strongest)
    if strongest.low <= PREDICTED:
        return _inconclusive("Even a control's gap may shrink as fast as the theorem predicts.")
    beyond = Measure.of(found.recommended - (PREDICTED + found.strongest) / 2)
    slope = Measure.of(found.recommended)
    told = f"slope {slope.value:.2f} ({slope.low:.2f} to {slope.high:.2f})"
    against = f"{strongest.value:.2f} ({strongest.low:.2f} to {strongest.high:.2f})"
    if beyond.high < 0:
        return Judgement(
            Verdict.SUPPORTED,
            f"The gap shrinks about as predicted or faster, {told} where theory says {PREDICTED}; that of "
            f"the strongest control has {against}.",
        )
    if beyond.low > 0:
        return Judgement(
            Verdict.CONTRADICTED,
            f"The gap shrinks hardly faster than that of the strongest control: {told} against {against}.",
        )
    return _inconclusive(
        f"The gap's {told} lies about half-way between the predicted {PREDICTED} and that of the strongest "
        f"control, {against}."
    )


def _inconclusive(reason: str) -> Judgement:
    return Judgement(Verdict.INCONCLUSIVE, reason)
