"""The batch audit: a share of the work again, one prompt at a time, to see whether batching changed it.

Design numerics 7: results may not depend on the size of batches. In low precision they do a little; the
audit says how much, and how many most likely tokens flipped.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from taskscope.models.work import Work

MOST = 64
"""Single branches that one audit of one call runs at most."""


@dataclass
class Audit:
    """Differences between batched and single results; filled while it is active."""

    rng: np.random.Generator
    share: float
    n: int = 0
    """Places that were computed again."""
    flips: int = 0
    """Places whose most likely token came out different."""
    largest: float = 0.0
    """Largest difference of a log-probability, nats."""

    def size(self, n: int) -> int:
        """Return how many of n are computed again: the share of all, at least one, at most `MOST`."""
        return min(max(1, math.ceil(self.share * n)), MOST, n)

    def choose(self, works: Sequence[Work]) -> list[Work]:
        """Choose single branches to run again: the share of all, at least one, at most `MOST`."""
        counts = np.array([work.n_branches for work in works], dtype=np.int64)
        n = int(counts.sum())
        chosen = np.sort(self.rng.choice(n, size=self.size(n), replace=False))
        ends = np.cumsum(counts)
        singles = []
        for index in chosen.tolist():
            work = int(np.searchsorted(ends, index, side="right"))
            branch = index - int(ends[work] - counts[work])
            singles.append(works[work].part(branch, branch + 1))
        return [single for single in singles if len(single.places.out)]

    def compare(
        self, top: np.ndarray, single_top: np.ndarray, logprob: np.ndarray, single: np.ndarray
    ) -> None:
        """Add the places (place,) that were filled in again, and log p (place, target), to the account."""
        again = single_top >= 0
        self.n += int(again.sum())
        self.flips += int((top != single_top)[again].sum())
        gaps = np.abs(logprob - single)[again]
        self.largest = max(self.largest, float(np.nanmax(gaps, initial=0.0)))

    def notes(self) -> dict[str, float | int]:
        """Return the account as JSON values, for the notes of a cell."""
        return {
            "audited_places": self.n,
            "argmax_flips": self.flips,
            "largest_difference_nats": self.largest,
        }
