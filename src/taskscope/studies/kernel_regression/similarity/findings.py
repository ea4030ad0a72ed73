"""From the rows of similarity cells to correlations by head, their chance level, and the likeness of maps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
import pyarrow as pa

from taskscope.stats.clustered_correlation import (
    Correlations,
    clustered,
    largest_by_chance,
    maps_alike,
    overall,
    ranked,
    within,
    without,
)
from taskscope.stats.tests import benjamini_hochberg
from taskscope.studies.kernel_regression.alone import KINDS
from taskscope.studies.kernel_regression.similarity.rows import CUED, CUES, Observed, observed
from taskscope.studies.kernel_regression.voting import agreement, vote
from taskscope.studies.randomness import stream

SHUFFLES = 400
EXCHANGES = 2000
SMALLEST_WEIGHT = 1e-6
"""Shares below this count as this where their logarithm is taken."""


@dataclass(frozen=True)
class Variant:
    """One way of comparing weights with similarity."""

    cue: str
    kind: str
    weight: str
    strongest: float
    """Largest correlation of a head, by its absolute value."""
    mean: float
    """Mean absolute correlation over heads."""
    map_r: float
    """Correlation over heads of |correlation| with agreement."""
    map_p: float


@dataclass(frozen=True)
class Similarity:
    """What was found on one model and task; arrays over heads are (site,), block by block."""

    model: str
    task: str
    blocks: tuple[int, ...]
    n_heads: int
    n_questions: int
    k: int
    centred: Correlations
    """Within prompts: the primary one, of label weights with P(o|x)^T P(o|x') of cued texts."""
    q: np.ndarray
    """P values of `centred`, adjusted for the number of heads (Benjamini-Hochberg)."""
    pooled: Correlations
    """Over all pairs, which mixes in how alike all texts of a prompt are."""
    spearman: Correlations
    """Of ranks within prompts."""
    partial: Correlations
    """Within prompts, without what agreeing labels and the length of a demonstration explain."""
    chance: float
    """The 95 % quantile of the largest absolute correlation when similarities are shuffled within prompts."""
    agreement: np.ndarray
    """How often each head's vote is the model's answer, on every other question."""
    variants: tuple[Variant, ...]

    @property
    def sites(self) -> list[tuple[int, int]]:
        """Block and head of each entry."""
        return [(block, head) for block in self.blocks for head in range(self.n_heads)]

    @property
    def primary(self) -> Variant:
        """The variant that `centred` is of."""
        return next(v for v in self.variants if (v.cue, v.kind, v.weight) == (CUED, KINDS[0], "label"))


def similarities(rows: pa.Table) -> list[Similarity]:
    """Read every model and task that was measured, in sorted order."""
    return [_similarity(one) for one in observed(rows)]


def _similarity(seen: Observed) -> Similarity:
    _, n_blocks, n_heads, k = seen.weights["label"].shape
    x, y = _by_head(seen.weights["label"]), seen.similarity[CUED][:, 0]
    covariates = within(np.stack([seen.classes == seen.gold[:, None], seen.lengths]).astype(float))
    covariates = np.moveaxis(covariates, 0, -1)
    inner, target = within(x), within(y)
    centred = clustered(inner, target, seen.unit)
    defined = np.isfinite(centred.p)
    q = np.full(len(x), np.nan)
    q[defined] = benjamini_hochberg(centred.p[defined])
    rng = stream("kernel-regression similarity shuffles", seen.model, seen.task)
    chance = largest_by_chance(inner, target, SHUFFLES, rng)
    return Similarity(
        model=seen.model,
        task=seen.task,
        blocks=seen.blocks,
        n_heads=n_heads,
        n_questions=len(np.unique(seen.unit)),
        k=k,
        centred=centred,
        q=q,
        pooled=clustered(overall(x), overall(y), seen.unit),
        spearman=clustered(ranked(x), ranked(y), seen.unit),
        partial=clustered(without(inner, covariates), without(target, covariates), seen.unit),
        chance=float(np.quantile(chance, 0.95)),
        agreement=_agreement(seen)[~_first(seen)].mean(axis=0).ravel(),
        variants=tuple(_variants(seen, (n_blocks, n_heads))),
    )


def _variants(seen: Observed, shape: tuple[int, int]) -> Iterator[Variant]:
    """Compare every way; maps come from different questions, so that they share no noise."""
    first = _first(seen)
    agreed = _agreement(seen)[~first].mean(axis=0)
    weights = {name: _by_head(values) for name, values in seen.weights.items()}
    weights["log label"] = np.log(np.maximum(weights["label"], SMALLEST_WEIGHT))
    for cue, (number, kind), (name, x) in product(CUES, enumerate(KINDS), weights.items()):
        y = seen.similarity[cue][:, number]
        r = clustered(within(x), within(y), seen.unit).value
        own = clustered(within(x[:, first]), within(y[first]), seen.unit[first]).value
        half = np.nan_to_num(np.abs(own)).reshape(shape)
        rng = stream("kernel-regression similarity maps", seen.model, seen.task, cue, kind, name)
        strongest = r[np.nanargmax(np.abs(r))] if np.isfinite(r).any() else np.nan
        mean = float(np.abs(r[np.isfinite(r)]).mean()) if np.isfinite(r).any() else np.nan
        yield Variant(cue, kind, name, float(strongest), mean, *maps_alike(half, agreed, EXCHANGES, rng))


def _first(seen: Observed) -> np.ndarray:
    """Mark the questions of every other text, (question,) bool: a text is never on both sides."""
    _, text = np.unique(seen.unit, return_inverse=True)
    return text % 2 == 0


def _by_head(weights: np.ndarray) -> np.ndarray:
    """Turn (question, block, head, demonstration) into (site, question, demonstration)."""
    n, _, _, k = weights.shape
    return np.moveaxis(weights.reshape(n, -1, k), 0, 1)


def _agreement(seen: Observed) -> np.ndarray:
    """Whether each head's vote is the model's answer, (question, block, head)."""
    return agreement(vote(seen.weights["label"], seen.classes, seen.n_classes), seen.answer)
