"""How much higher a task's description words rank under its own thetas than under those of other tasks.

For a word w of task t: mean reciprocal rank under the thetas of t, minus the mean over other tasks of the
same; tasks that list w too, or put it out, are no other tasks to it. A task's *gain* is the mean over its
words. Everything here is linear in the mean reciprocal ranks (task, word), so that one function serves the
estimate, its resamples and its permutations.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from taskscope.studies.task_vectors.projection.words import puts_out
from taskscope.tasks.descriptions import descriptions

FEWEST_WORDS = 2
"""Eligible description words below which a task is not judged."""
_AT_A_TIME = 128
"""Permutations in work together; bounds memory."""
SAME_OUTPUTS = 0.5
"""Tasks that share this much of the smaller one's answers are no others to each other's output words."""


@dataclass(frozen=True)
class Design:
    """Which word is compared between which tasks."""

    tasks: tuple[str, ...]
    words: tuple[str, ...]

    @cached_property
    def lists(self) -> np.ndarray:
        """(task, word) bool: the task's description has the word."""
        known = descriptions()
        listed = [[word in known.get(task, ()) for word in self.words] for task in self.tasks]
        return np.array(listed, dtype=bool)

    @cached_property
    def others(self) -> np.ndarray:
        """(task, word) bool: the task counts among the others for the word."""
        shown = [[word.casefold() in puts_out(task) for word in self.words] for task in self.tasks]
        return ~(self.lists | np.array(shown, dtype=bool))

    @cached_property
    def judged(self) -> np.ndarray:
        """(task,) bool: enough words can be read and compared."""
        return self._comparable.sum(axis=1) >= FEWEST_WORDS

    @cached_property
    def _comparable(self) -> np.ndarray:
        return self.lists & (self._n_others() > 0)

    def _n_others(self) -> np.ndarray:
        """(task, word): how many others a task has for a word, never itself."""
        return self.others.sum(axis=0)[None] - self.others

    def gains_by_list(self, means: np.ndarray) -> np.ndarray:
        """Gain of every list under every task's thetas: (..., task, list).

        On the diagonal the task's own list. Beside it the words that the task does not list itself.

        Args:
            means: (..., task, word) mean reciprocal ranks.
        """
        counted = means * self.others
        n_others = self._n_others()
        rest = (counted.sum(axis=-2, keepdims=True) - counted) / np.maximum(n_others, 1)
        excess = np.where(n_others > 0, means - rest, 0.0)  # (..., task, word)
        used = self.lists[None] & (n_others > 0)[:, None]  # (task, list, word)
        own = np.eye(len(self.tasks), dtype=bool)[..., None]
        used = used & (own | ~self.lists[:, None])
        count = np.maximum(used.sum(axis=-1), 1)
        return np.einsum("...tw,tlw->...tl", excess, used.astype(float)) / count

    def gains(self, means: np.ndarray) -> np.ndarray:
        """Gain of every task's own list: (..., task), 0 where a task has no words."""
        counted = means * self.others
        rest = (counted.sum(axis=-2, keepdims=True) - counted) / np.maximum(self._n_others(), 1)
        count = np.maximum(self._comparable.sum(axis=1), 1)
        return ((means - rest) * self._comparable).sum(axis=-1) / count


def output_gains(means: np.ndarray, tasks: Sequence[str], of: Sequence[str]) -> np.ndarray:
    """Gain of every task's own output words: (..., task); NaN where a task's outputs are not known.

    Args:
        means: (..., task, list) mean reciprocal ranks of output words.
        tasks: Tasks whose thetas were read.
        of: Tasks whose outputs were read.
    """
    found = np.full(means.shape[:-1], np.nan)
    for t, task in enumerate(tasks):
        others = [u for u, other in enumerate(tasks) if u != t and not _alike(task, other)]
        if task in of and others:
            column = means[..., of.index(task)]
            found[..., t] = column[..., t] - column[..., others].mean(axis=-1)
    return found


def _alike(task: str, other: str) -> bool:
    a, b = puts_out(task), puts_out(other)
    return bool(a) and bool(b) and len(a & b) >= SAME_OUTPUTS * min(len(a), len(b))


def task_means(read: Sequence[np.ndarray], weights: Sequence[np.ndarray]) -> np.ndarray:
    """Average reciprocal ranks over sets under resampling weights: (draw, task, word).

    Args:
        read: By task, (set, word).
        weights: By task, (draw, set).
    """
    means = [w @ r / w.sum(axis=1, keepdims=True) for r, w in zip(read, weights, strict=True)]
    return np.stack(means, axis=1)


def permuted_means(read: Sequence[np.ndarray], permutations: int, rng: np.random.Generator) -> np.ndarray:
    """Average over sets dealt to tasks at random, whole sets at a time: (permutation, task, word)."""
    labels = np.repeat(np.arange(len(read)), [len(r) for r in read])
    together = np.concatenate(read)
    sizes = np.bincount(labels)
    parts = []
    for start in range(0, permutations, _AT_A_TIME):
        shuffled = rng.permuted(np.tile(labels, (min(_AT_A_TIME, permutations - start), 1)), axis=1)
        dealt = (shuffled[:, None] == np.arange(len(read))[:, None]).astype(float)  # (permutation, task, set)
        parts.append(dealt @ together / sizes[:, None])
    return np.concatenate(parts)


def dealt_mean_gains(by_list: np.ndarray, judged: np.ndarray, deals: int, rng: np.random.Generator) -> float:
    """Share of random deals of the lists to the judged tasks that reach the mean gain of the true one.

    Args:
        by_list: (task, list) from `Design.gains_by_list`.
        judged: (task,) bool.
        deals: Random deals; the true one is counted as one more.
        rng: Deals the lists.
    """
    kept = np.flatnonzero(judged)
    square = by_list[np.ix_(kept, kept)]
    rows = np.arange(len(kept))
    dealt = square[rows, rng.permuted(np.tile(rows, (deals, 1)), axis=1)].mean(axis=1)
    return float((1 + (dealt >= square.diagonal().mean() - 1e-12).sum()) / (1 + deals))
