"""From the rows of influence cells to how well weights foretell what a label does, and what heads are for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from taskscope.stats.clustered_correlation import Correlations, clustered, largest_by_chance, within
from taskscope.stats.intervals import bootstrap_means, resampling_weights
from taskscope.studies.columns import coded, where
from taskscope.studies.judgement import Measure
from taskscope.studies.kernel_regression.influence.rows import (
    ABLATION,
    NOTHING,
    SAME_BLOCKS,
    SAME_MASS,
    TOP,
    ZERO,
    Swapped,
    stacked,
    swapped,
)
from taskscope.studies.kernel_regression.voting import agreement
from taskscope.studies.randomness import stream

SHUFFLES = 400
SEEDS = 10**6
"""More than a task has texts: apart by so much stand the numbers of one text in two seeds."""
UNMOVED = 1e-5
"""Changes of log-odds below this, in nats, are rounding: the label did nothing."""


class Foretold(NamedTuple):
    """How well weights foretell what swapping a label does."""

    correlation: Measure
    """Within prompts, with the change of the log-odds of the labels."""
    slope: Measure
    """Of the change of p(new) - p(old) on twice the weight: 1 where the answer is exactly the head's vote."""
    worth: Measure
    """Of the change of log p(new) - log p(old) on twice the weight, nats: the factor between vote and logits
    where these are the head's vote times a factor, whatever the prompt."""
    auc: Measure
    """How often the most influential demonstration of a prompt outweighs another one; chance is 1/2."""


@dataclass(frozen=True)
class Ablated:
    """What replacing heads does to the answers."""

    replaced: str
    by: str
    n_heads: int
    accuracy: Measure
    lost: Measure
    """Accuracy lost."""
    beyond: Measure | None
    """For the best voters: what they lose beyond the larger loss of the two matched kinds."""


@dataclass(frozen=True)
class Influence:
    """What was found on one model and task; arrays over heads are (site,), block by block."""

    model: str
    task: str
    sites: list[tuple[int, int]]
    n_questions: int
    by_head: Correlations
    """Within prompts, of each head's weights with the change of log-odds."""
    chosen: int
    """Number of the head whose votes agree most with the model, on other questions."""
    head: Foretold
    same_block: Measure | None
    """Mean correlation of the other heads of its block; None where it has none."""
    permuted: Foretold
    """Of its weights dealt out anew among the demonstrations of each prompt."""
    by_position: Foretold
    """Of its mean weight at each position over the questions: what recency alone foretells, without texts."""
    beyond_position: Measure
    """Correlation of weights and effects when the mean at each position is taken out of both."""
    chance: float
    """The 95 % quantile of the largest absolute correlation of all heads when effects are shuffled."""
    intact: Measure
    """Accuracy with nothing replaced."""
    ablations: tuple[Ablated, ...]


def influences(rows: pa.Table, draws: int) -> list[Influence]:
    """Read every model and task that was measured, in sorted order."""
    return [_influence(rows, *key, seen, draws) for key, seen in swapped(rows).items()]


def _influence(rows: pa.Table, model: str, task: str, seen: Swapped, draws: int) -> Influence:
    seen = replace(seen, odds=np.where(np.abs(seen.odds) > UNMOVED, seen.odds, 0.0))
    n, n_sites, _ = seen.weights.shape
    rng = stream("kernel-regression influence", model, task)
    # Seeds may choose different heads: each question goes with the head of its own seed.
    own = seen.weights[np.arange(n), seen.chosen]
    chosen = int(np.bincount(seen.chosen).argmax())
    heads = n_sites // len(seen.blocks)
    others = [s for s in range(chosen // heads * heads, (chosen // heads + 1) * heads) if s != chosen]
    weights, effects = within(np.moveaxis(seen.weights, 0, 1)), within(seen.odds)
    texts, unit = np.unique(seen.unit, return_inverse=True)
    picks = np.vstack([np.ones((1, n)), resampling_weights(len(texts), draws, rng)[:, unit]])
    intact, ablations = _ablations(rows, model, task, draws)
    return Influence(
        model=model,
        task=task,
        sites=[(block, head) for block in seen.blocks for head in range(heads)],
        n_questions=len(texts),
        by_head=clustered(weights, effects, unit),
        chosen=chosen,
        head=_foretold(own, seen, picks),
        same_block=_mean_correlation(weights[others], effects, picks) if others else None,
        by_position=_foretold(np.broadcast_to(own.mean(axis=0), own.shape), seen, picks),
        beyond_position=_mean_correlation(
            within(own - own.mean(axis=0))[None], within(seen.odds - seen.odds.mean(axis=0)), picks
        ),
        permuted=_foretold(rng.permuted(own, axis=1), seen, picks),
        chance=float(np.quantile(largest_by_chance(weights, effects, SHUFFLES, rng), 0.95)),
        intact=intact,
        ablations=ablations,
    )


def _foretold(weights: np.ndarray, seen: Swapped, picks: np.ndarray) -> Foretold:
    """Compare weights (question, demonstration) with effects, for resampled questions (draw, question)."""
    expected = within(2 * weights)
    spread = np.maximum(picks @ (expected**2).sum(axis=1), 1e-300)
    slopes, worth = (picks @ (within(e) * expected).sum(axis=1) / spread for e in (seen.moved, seen.odds))
    top = seen.odds.argmax(axis=1)
    gap = np.take_along_axis(weights, top[:, None], axis=1) - weights
    wins = (gap > 0) + 0.5 * (gap == 0)
    wins = (wins.sum(axis=1) - 0.5) / (weights.shape[1] - 1)  # not against itself
    # Where no label moves the answer none is the most influential, and the first must not stand for it.
    wins = np.where(np.ptp(seen.odds, axis=1) > 0, wins, 0.5)
    return Foretold(
        _mean_correlation(within(weights)[None], within(seen.odds), picks),
        Measure.of(slopes),
        Measure.of(worth),
        Measure.of(picks @ wins / picks.sum(axis=1)),
    )


def _mean_correlation(weights: np.ndarray, effects: np.ndarray, picks: np.ndarray) -> Measure:
    """Average the correlation of heads (site, question, demonstration) over heads, for each draw."""
    xy, xx = picks @ (weights * effects).sum(axis=2).T, picks @ (weights**2).sum(axis=2).T
    yy = picks @ (effects**2).sum(axis=1)
    r = xy / np.maximum(np.sqrt(xx * yy[:, None]), 1e-300)  # 0 for a head that weighs all alike
    return Measure.of(r.mean(axis=1))


def _ablations(rows: pa.Table, model: str, task: str, draws: int) -> tuple[Measure, tuple[Ablated, ...]]:
    """Read accuracy under every kind of replacement, sets of a kind averaged."""
    mine = where(rows, part=ABLATION, model=model, task=task)
    right = agreement(stacked(mine, "logprobs"), mine["gold"].to_numpy())
    kinds, kind = coded(mine["replaced"])
    fillers, by = coded(mine["by"])
    question = mine["seed"].to_numpy() * SEEDS + mine["question"].to_numpy()
    cases = [(NOTHING, ZERO), *((k, f) for f in fillers for k in (TOP, SAME_BLOCKS, SAME_MASS))]
    columns, sizes, asked = [], [], question
    for name, filler in cases:
        own = (kind == kinds.index(name)) & (by == fillers.index(filler))
        asked, code = np.unique(question[own], return_inverse=True)
        columns.append(np.bincount(code, weights=right[own]) / np.bincount(code))
        sizes.append(int(mine["n_heads"].to_numpy()[own].max()))
    table = np.stack(columns, axis=1)  # (question, case)
    rng = stream("kernel-regression ablation", model, task)
    drawn = np.vstack([table.mean(axis=0), bootstrap_means(table, asked % SEEDS, draws, rng)])
    lost = drawn[:, :1] - drawn
    found = []
    for at, (name, filler) in enumerate(cases[1:], start=1):
        matched = [i for i, (k, f) in enumerate(cases) if f == filler and k in (SAME_BLOCKS, SAME_MASS)]
        beyond = Measure.of(lost[:, at] - lost[:, matched].max(axis=1)) if name == TOP else None
        accuracy, gone = Measure.of(drawn[:, at]), Measure.of(lost[:, at])
        found.append(Ablated(name, filler, sizes[at], accuracy, gone, beyond))
    return Measure.of(drawn[:, 0]), tuple(found)
