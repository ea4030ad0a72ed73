"""Continuations forced on a model, laid out once and run as often as its weights change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from taskscope.models.encoding import Pair
from taskscope.models.execution import Executor
from taskscope.models.prefixes import grow
from taskscope.models.work import Places, Work, deal


@dataclass(frozen=True)
class Laid:
    """Continuations as works: a place for each token, right before it."""

    works: list[Work]
    targets: np.ndarray
    """(place, 1) int64: the token of the continuation; -1 where there is none."""
    counts: np.ndarray
    """(continuation,) int64: places of each, one for an empty continuation."""

    @property
    def owner(self) -> np.ndarray:
        """(place,) int64: the continuation to which each place belongs."""
        return np.repeat(np.arange(len(self.counts)), self.counts)

    def sums(self, logprob: np.ndarray) -> np.ndarray:
        """Add the log-probabilities of places (place,) up: (continuation,) float64, nats."""
        present = np.where(self.targets[:, 0] < 0, 0.0, logprob.astype(np.float64))
        return np.bincount(self.owner, weights=present, minlength=len(self.counts))


def lay(pairs: Sequence[Pair]) -> Laid:
    """Lay continuations out; whatever starts alike is encoded once.

    Args:
        pairs: Prompt, of one token or more, and continuation tokens; an empty continuation has one place all
            the same, for what the model would say there.
    """
    counts = np.array([max(1, len(continuation)) for _, continuation in pairs], dtype=np.int64)
    first = np.cumsum(counts) - counts
    targets = np.full((int(counts.sum()), 1), -1, dtype=np.int64)
    for start, (_, continuation) in zip(first, pairs, strict=True):
        targets[start : start + len(continuation), 0] = continuation
    forest = grow([prompt + continuation[:-1] for prompt, continuation in pairs])
    starts = np.array([len(prompt) - 1 for prompt, _ in pairs], dtype=np.int64)
    pair = np.repeat(np.arange(len(pairs)), counts)
    places = Places(
        branch=forest.branch[pair],
        position=starts[pair] + np.arange(len(pair)) - first[pair],
        out=np.arange(len(pair)),
    )
    return Laid(deal(forest.trees, forest.tree[pair], places), targets, counts)


def log_probs(executor: Executor, laid: Laid) -> np.ndarray:
    """Return the summed log-probability of each continuation, (continuation,) float64, nats."""
    return laid.sums(executor.predict(laid.works, laid.targets).logprob[:, 0])
