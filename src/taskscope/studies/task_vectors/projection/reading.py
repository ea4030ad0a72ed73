"""The gains of one model's tasks: estimates, resamples, permutations, and the controls on the same axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from taskscope.stats.intervals import average_over_tasks, few_units_widening, resampling_weights
from taskscope.stats.tests import holm
from taskscope.studies.randomness import stream
from taskscope.studies.task_vectors.geometry.rows import BARE, SWAPPED, THETA
from taskscope.studies.task_vectors.projection.rows import CENTRED, KINDS, Readings
from taskscope.studies.task_vectors.projection.statistics import (
    Design,
    dealt_mean_gains,
    output_gains,
    permuted_means,
    task_means,
)
from taskscope.studies.task_vectors.resampling import FEWEST_TASKS_RESAMPLED
from taskscope.tasks.descriptions import descriptions

PERMUTATIONS = 999
PERMUTATIONS_BY_BLOCK = 99
"""Behind the band of the figure, block by block."""
CHANCE = "chance"
SIGNIFICANT = 0.05
VISIBLE = 0.01
"""Smallest gain that a reader would see: one description word in ten at rank ten."""


@dataclass(frozen=True)
class TaskReading:
    """One task."""

    task: str
    words: tuple[str, ...]
    """Description words that were read and compared."""
    n_listed: int
    """Description words on its list."""
    gain: tuple[float, float, float]
    """With its 95 % interval over sets."""
    controls: dict[str, float]
    strongest: str
    above: tuple[float, float, float]
    """Gain above the strongest control."""
    p: float
    """Of the gain, task labels permuted over sets, Holm over tasks."""
    centred: float
    """Gain of the mean theta, the mean theta of other tasks subtracted; NaN where that was not read."""
    outputs: float
    """Gain of its output words."""
    top: str
    top_centred: str

    @property
    def shows(self) -> bool:
        """Whether its thetas show its description, by the rule of `verdict`."""
        return self.p <= SIGNIFICANT and self.above[1] > 0 and self.gain[0] >= VISIBLE


@dataclass(frozen=True)
class Projection:
    """What the verdict on C5 rests on; each array has the estimate in front of its draws, (1 + draw,)."""

    block: int
    n_sets: int
    theta: np.ndarray
    controls: dict[str, np.ndarray]
    above: np.ndarray
    tasks: list[TaskReading]
    p_dealt: float
    """Share of random deals of the lists to tasks that reach the mean gain."""
    outputs: float
    centred: float

    @property
    def n_shown(self) -> int:
        """Tasks whose thetas show their description."""
        return sum(task.shows for task in self.tasks)


def project(read: Sequence[Readings], hides: Sequence[bool], block: int, draws: int) -> Projection | None:
    """Compute everything at one block; None where no task has enough words.

    Args:
        read: The tasks counted.
        hides: Whether swapping labels hides each of them from the model, so that swapped is a control.
        block: Where theta is read.
        draws: Bootstrap resamples.
    """
    design = Design(tuple(r.task for r in read), read[0].words)
    if not design.judged.any():
        return None
    weights = _weights(read, draws)
    gains = {
        kind: _widened(design.gains(task_means([r.read[kind][:, block] for r in read], weights)), read)
        for kind in KINDS
    }  # (1 + draw, task)
    candidates = {
        BARE: gains[BARE],
        SWAPPED: np.where(np.array(hides), gains[SWAPPED], -np.inf),
        CHANCE: np.zeros_like(gains[THETA]),
    }
    strongest = np.max(list(candidates.values()), axis=0)
    outputs, centred = _outputs(read, block), _centred(read, design, block)
    p, p_dealt = _tests(read, design, gains[THETA][0], block)
    judged = np.flatnonzero(design.judged).tolist()

    def task(t: int) -> TaskReading:
        named = {name: float(values[0, t]) for name, values in candidates.items()}
        return TaskReading(
            task=read[t].task,
            words=tuple(w for w, own in zip(design.words, design.lists[t], strict=True) if own),
            n_listed=len(descriptions().get(read[t].task, ())),
            gain=_ends(gains[THETA][:, t]),
            controls={**named, SWAPPED: float(gains[SWAPPED][0, t])},
            strongest=max(named, key=named.__getitem__),
            above=_ends(gains[THETA][:, t] - strongest[:, t]),
            p=float(p[t]),
            centred=float(centred[t]),
            outputs=float(outputs[t]),
            top=read[t].top[THETA][block],
            top_centred=read[t].top[CENTRED][block] if CENTRED in read[t].top else "",
        )

    known = outputs[judged][np.isfinite(outputs[judged])]
    kinds = {"strongest": strongest, BARE: gains[BARE], SWAPPED: gains[SWAPPED]}
    return Projection(
        block=block,
        n_sets=sum(r.read[THETA].shape[0] for r in read),
        theta=_mean(gains[THETA][:, judged]),
        controls={kind: _mean(values[:, judged]) for kind, values in kinds.items()},
        above=_mean((gains[THETA] - strongest)[:, judged]),
        tasks=[task(t) for t in judged],
        p_dealt=p_dealt,
        outputs=float(known.mean()) if len(known) else float("nan"),
        centred=float(centred[judged].mean()),
    )


def _tests(
    read: Sequence[Readings], design: Design, observed: np.ndarray, block: int
) -> tuple[np.ndarray, float]:
    """Permute labels over sets, and deal lists to tasks: p by task (Holm), p of the mean gain."""
    rng = stream("task-vectors projection permutations", *(r.task for r in read))
    states = [r.read[THETA][:, block] for r in read]
    null = design.gains(permuted_means(states, PERMUTATIONS, rng))
    p = (1 + (null >= observed - 1e-12).sum(axis=0)) / (1 + PERMUTATIONS)
    adjusted = np.ones(len(read))
    adjusted[design.judged] = holm(p[design.judged])
    by_list = design.gains_by_list(np.stack([state.mean(axis=0) for state in states]))
    return adjusted, dealt_mean_gains(by_list, design.judged, PERMUTATIONS, rng)


def _centred(read: Sequence[Readings], design: Design, block: int) -> np.ndarray:
    if any(CENTRED not in r.read for r in read):
        return np.full(len(read), np.nan)
    return design.gains(np.stack([r.read[CENTRED][:, block].mean(axis=0) for r in read]))


def _weights(read: Sequence[Readings], draws: int) -> list[np.ndarray]:
    """Resample whole sets within every task: by task (1 + draw, set), the sets as they are in front."""
    found = []
    for r in read:
        n = r.read[THETA].shape[0]
        rng = stream("task-vectors bootstrap of read sets", r.task)
        found.append(np.vstack([np.ones((1, n)), resampling_weights(n, draws, rng)]))
    return found


def _widened(gains: np.ndarray, read: Sequence[Readings]) -> np.ndarray:
    """Widen the resamples (1 + draw, task) for few sets; the estimate stays."""
    n = min(r.read[THETA].shape[0] for r in read)
    if n < 2:
        return gains
    return gains[:1] + few_units_widening(n) * (gains - gains[:1])


def _mean(by_task: np.ndarray) -> np.ndarray:
    """Average over tasks, tasks resampled where there are enough: (1 + draw,)."""
    n_tasks = by_task.shape[1]
    rng = stream("task-vectors bootstrap of read tasks", n_tasks)
    drawn = average_over_tasks(
        [column[1:, None] for column in by_task.T], rng, resample_tasks=n_tasks >= FEWEST_TASKS_RESAMPLED
    )
    return np.concatenate([[by_task[0].mean()], drawn[:, 0]])


def _ends(draws: np.ndarray) -> tuple[float, float, float]:
    low, high = np.quantile(draws[1:], [0.025, 0.975])
    return float(draws[0]), float(low), float(high)


def _outputs(read: Sequence[Readings], block: int) -> np.ndarray:
    means = np.stack([r.outputs[THETA][:, block].mean(axis=0) for r in read])
    return output_gains(means, [r.task for r in read], read[0].of)


def gains_by_block(read: Sequence[Readings]) -> dict[str, np.ndarray]:
    """Return mean gains by block: kind -> (block,), and `CHANCE` -> (2, block), ends of a 95 % band.

    The band is where the mean gain of theta lies, block by block, when task labels are permuted over sets.
    """
    design = Design(tuple(r.task for r in read), read[0].words)
    judged, found = design.judged, {}
    for kind in read[0].read:
        means = np.stack([r.read[kind].mean(axis=0) for r in read], axis=1)  # (block, task, word)
        found[kind] = design.gains(means)[:, judged].mean(axis=1)
    rng = stream("task-vectors projection band", *(r.task for r in read))
    ends = []
    for block in range(read[0].n_blocks):
        null = permuted_means([r.read[THETA][:, block] for r in read], PERMUTATIONS_BY_BLOCK, rng)
        ends.append(np.quantile(design.gains(null)[:, judged].mean(axis=1), [0.025, 0.975]))
    return {**found, CHANCE: np.array(ends).T}
