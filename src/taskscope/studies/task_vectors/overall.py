"""Numbers over all counted tasks: means, recovery ratios, the shape of the curve (protocol E1, E2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from taskscope.studies.judgement import Measure
from taskscope.studies.task_vectors.conditions import (
    BASELINE,
    COLLISION,
    CONTROLS,
    HYPOTHESIS,
    LABELS,
    MAJORITY,
    RANDOM,
    REGULAR,
)
from taskscope.studies.task_vectors.resampling import Macro, ratio
from taskscope.studies.task_vectors.results import ModelResult
from taskscope.studies.task_vectors.summary import TaskSummary

LABELS_AND_NOISE = (MAJORITY, COLLISION, RANDOM)
"""What theta must exceed on two tasks in three (E1)."""
SKEWED = 0.3
"""Tasks whose labels collide more often than this are left out where the end of the curve is described."""


@dataclass(frozen=True)
class Quantity:
    """One line of the table over all tasks; the interval is None where there is none."""

    name: str
    value: float | None
    interval: tuple[float, float] | None = None


def overall(result: ModelResult, summaries: Sequence[TaskSummary]) -> list[Quantity]:
    """Describe a model over its counted tasks; empty where none is counted."""
    if result.macro is None or result.peak is None:
        return []
    counted = [summary for summary in summaries if summary.admissible]
    made = [*_accuracies(result.macro, counted), *_ratios(result.macro), _credible(counted)]
    return made + _shape(result, result.macro)


def _accuracies(macro: Macro, counted: Sequence[TaskSummary]) -> list[Quantity]:
    shared = [s.shared.accuracy for s in counted if s.shared is not None]
    return [
        _with_interval(f"right answers, {LABELS[BASELINE]}", macro.baseline),
        _with_interval(f"right answers, {LABELS[HYPOTHESIS]}, each task's own block", macro.hypothesis),
        Quantity("the same, block of the other tasks", _mean(shared)),
        Quantity("the same, best block in hindsight", _mean([s.oracle.accuracy for s in counted])),
        _with_interval(f"right answers, {LABELS[REGULAR]}", macro.regular),
        _with_interval("right answers, strongest control of each task", macro.strongest),
        *(
            _with_interval(f"right answers, {LABELS[name]}", macro.controls[:, i])
            for i, name in enumerate(CONTROLS)
            if name != BASELINE
        ),
    ]


def _ratios(macro: Macro) -> list[Quantity]:
    gain = macro.regular - macro.baseline
    beyond = macro.regular - macro.strongest
    return [
        _with_interval("vector / demonstrations", ratio(macro.hypothesis, macro.regular)),
        _with_interval(
            "share of the demonstrations' gain recovered", ratio(macro.hypothesis - macro.baseline, gain)
        ),
        _with_interval(
            "share recovered beyond the strongest control", ratio(macro.hypothesis - macro.strongest, beyond)
        ),
    ]


def _credible(counted: Sequence[TaskSummary]) -> Quantity:
    """Count tasks on which theta gets more right than labels and noise do (E1: at least two in three)."""
    beaten = [s.dev.accuracy > max(s.controls[name] for name in LABELS_AND_NOISE) for s in counted]
    names = ", ".join(LABELS[name] for name in LABELS_AND_NOISE)
    return Quantity(f"share of tasks on which theta beats each of: {names}", _mean(beaten))


def _shape(result: ModelResult, macro: Macro) -> list[Quantity]:
    peak = result.peak
    assert peak is not None
    curve = macro.curve[0]
    near = curve >= 0.9 * curve.max()
    return [
        Quantity("best block over all tasks", peak.block, (peak.low, peak.high)),
        Quantity("its relative depth", peak.depth),
        Quantity("blocks within 90 % of the highest accuracy", int(near.sum())),
        Quantity("rank correlation with the block, up to the best block", _monotone(curve[: peak.block + 1])),
        Quantity("rank correlation with the block, from the best block on", _monotone(curve[peak.block :])),
        Quantity("right answers in the last quarter of blocks, balanced tasks", _tail(result)),
    ]


def _tail(result: ModelResult) -> float | None:
    """Mean accuracy over the last quarter of blocks, over counted tasks whose labels rarely collide."""
    ends = []
    for task, _ in result.admitted:
        if task.test.label_share.mean() <= SKEWED:
            theta = task.test.swept[HYPOTHESIS].mean(axis=0)
            ends.append(float(theta[-max(len(theta) // 4, 1) :].mean()))
    return _mean(ends)


def _monotone(curve: np.ndarray) -> float | None:
    """Spearman correlation of a curve with its positions; None below three points or for a flat curve."""
    if len(curve) < 3 or np.ptp(curve) == 0:
        return None
    return float(np.corrcoef(rankdata(curve), np.arange(len(curve)))[0, 1])


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None


def _with_interval(name: str, draws: np.ndarray) -> Quantity:
    measure = Measure.of(draws)
    if not np.isfinite([measure.value, measure.low, measure.high]).all():
        return Quantity(name, measure.value if np.isfinite(measure.value) else None)
    return Quantity(name, measure.value, (measure.low, measure.high))
