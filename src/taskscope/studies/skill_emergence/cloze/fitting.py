"""Wrong answers against the excess loss at the question, and the four links between them (protocol 2).

The text leaves no doubt about the answer, so the excess loss there is all of the model's surprise at the
right answer, in nats among the answers given, each by its mean log-probability per token. Points are kinds of
question by models. Groups of twins are resampled within their kind, the same ones for all models. Arrays have
the estimate in front: (1 + draw, ...).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from taskscope.stats.intervals import resampling_weights
from taskscope.studies.judgement import Measure
from taskscope.studies.randomness import stream
from taskscope.studies.skill_emergence.cloze.rows import Cloze
from taskscope.theory.skill_graph import links

Array = np.ndarray

_SLOPES = np.concatenate([[1.0], 2.0 ** (np.arange(-56, 29) / 8)])
"""1 in front, then 1/128 to 11. A slope four times as large turns one root into the other: with a slope of
their own the two bounds of Pinsker are one curve, and both are among these."""
_TIE = 1e-9


@dataclass(frozen=True)
class Points:
    """Share of wrong answers and mean surprise."""

    kinds: tuple[str, ...]
    wrong: Array
    """(1 + draw, model, kind)."""
    excess: Array
    """(1 + draw, model, kind), nats."""
    total_wrong: Array
    """(1 + draw, model): theta."""
    total_excess: Array
    """(1 + draw, model)."""


@dataclass(frozen=True)
class LinkFit:
    """One link beside the points."""

    link: str
    slope: Measure
    """By which the excess is multiplied where the link fits best."""
    off: Measure
    """Root of the mean squared distance from the points, with that slope."""
    off_as_stated: Measure
    """The same with the slope 1: nats at the question are nats at the question."""
    best: float
    """Share of resamples in which no other link fits better, each with its own slope."""


def resample(found: Cloze, draws: int) -> Points:
    """Resample groups of twins within each kind."""
    rng = stream("skill-emergence cloze bootstrap", list(found.questions))
    names = np.array(found.kinds)
    kinds = tuple(dict.fromkeys(found.kinds))
    sums = np.zeros((3, 1 + draws, len(found.models), len(kinds)))
    asked = ~np.isnan(found.solved)
    layers = np.stack([asked, asked & (found.solved == 0), np.nan_to_num(found.surprise)]).astype(float)
    for place, kind in enumerate(kinds):
        own = np.flatnonzero(names == kind)
        groups = np.unique(found.twins[own], return_inverse=True)[1]
        picks = resampling_weights(groups.max() + 1, draws, rng)
        weights = np.vstack([np.ones(len(own)), picks[:, groups]])
        sums[..., place] = np.einsum("dq,lmq->ldm", weights, layers[:, :, own])
    with np.errstate(invalid="ignore"):
        each, whole = sums[1:] / sums[0], sums[1:].sum(axis=-1) / sums[0].sum(axis=-1)
    return Points(kinds, each[0], each[1], whole[0], whole[1])


def fit(points: Points) -> list[LinkFit]:
    """Fit the slope of every link to all points with a number, and compare the links."""
    counted = np.isfinite(points.wrong).all(axis=0)
    wrong, excess = points.wrong[:, counted], points.excess[:, counted]
    off = {}
    for link in links.LINKS:
        squares = [((links.error(excess, link, slope) - wrong) ** 2).mean(axis=1) for slope in _SLOPES]
        off[link] = np.sqrt(np.stack(squares, axis=1))
    least = {link: each.min(axis=1) for link, each in off.items()}
    lowest = np.min(list(least.values()), axis=0)
    return [
        LinkFit(
            link,
            slope=Measure.of(_SLOPES[each.argmin(axis=1)]),
            off=Measure.of(least[link]),
            off_as_stated=Measure.of(each[:, 0]),
            best=float((least[link] <= lowest + _TIE)[1:].mean()),
        )
        for link, each in off.items()
    ]
