"""Finding prompts that start with the same tokens, so that what they share is encoded once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from taskscope.models.branching import Branch, Tree

LARGEST = 256
"""Branches of one tree at most; bounds the search for the best trunk."""


@dataclass(frozen=True)
class Forest:
    """Sequences grown into trees."""

    trees: list[Tree]
    tree: np.ndarray
    """(sequence,) the tree that holds each sequence."""
    branch: np.ndarray
    """(sequence,) its branch in that tree; equal sequences share one."""


def grow(sequences: Sequence[tuple[int, ...]]) -> Forest:
    """Grow token sequences into trees whose paths are exactly those sequences.

    Neighbours in sorted order join when they share at least a third of the shorter one: below that, a mask of
    its own costs more than the tokens it saves. Inside a group, trees are split where that saves tokens.
    """
    distinct = sorted(set(sequences))
    shared = np.array([_shared(a, b) for a, b in pairwise(distinct)], dtype=np.int64)
    trees, where = [], {}
    for start, stop in _spans(distinct, shared):
        group = distinct[start:stop]
        tree = _tree(group, shared[start : stop - 1])
        where.update({sequence: (len(trees), branch) for branch, sequence in enumerate(group)})
        trees.append(tree)
    places = np.array([where[sequence] for sequence in sequences], dtype=np.int64).reshape(-1, 2)
    return Forest(trees, places[:, 0], places[:, 1])


def _shared(a: tuple[int, ...], b: tuple[int, ...]) -> int:
    """Count the tokens with which two sequences start alike."""
    n = min(len(a), len(b))
    if a[:n] == b[:n]:
        return n
    return int(np.argmax(np.array(a[:n]) != np.array(b[:n])))


def _spans(sequences: Sequence[tuple[int, ...]], shared: np.ndarray) -> list[tuple[int, int]]:
    """Cut sorted sequences into (start, stop) spans, each to become one tree."""
    spans, start = [], 0
    for i in range(1, len(sequences) + 1):
        ends = i == len(sequences) or i - start == LARGEST
        if ends or 3 * shared[i - 1] < min(len(sequences[i - 1]), len(sequences[i])):
            spans += _split(sequences, shared, start, i)
            start = i
    return spans


def _split(
    sequences: Sequence[tuple[int, ...]], shared: np.ndarray, start: int, stop: int
) -> list[tuple[int, int]]:
    """Split a span at its weakest joint as long as that needs fewer tokens than one tree."""
    done: list[tuple[int, int]] = []
    todo = [(start, stop)]
    while todo:
        a, b = todo.pop()
        if b - a == 1:
            done.append((a, b))
            continue
        weakest = a + 1 + int(np.argmin(shared[a : b - 1]))
        halves = [(a, weakest), (weakest, b)]
        if sum(_cost(sequences, shared, *half) for half in halves) < _cost(sequences, shared, a, b):
            todo += halves[::-1]
        else:
            done.append((a, b))
    return done


def _cost(sequences: Sequence[tuple[int, ...]], shared: np.ndarray, a: int, b: int) -> int:
    """Count the tokens of the tree over sequences a:b."""
    common = _common(shared[a : b - 1])
    lengths = np.array([len(sequence) for sequence in sequences[a:b]])
    best = int(common.sum(axis=1).max())
    return int(lengths.sum()) - best


def _common(shared: np.ndarray) -> np.ndarray:
    """Return (sequence, sequence): the shared start of any two, 0 with itself.

    In sorted order two sequences share the least of what neighbours between them share.
    """
    n = len(shared) + 1
    common = np.zeros((n, n), dtype=np.int64)
    for i in range(n - 1):
        common[i, i + 1 :] = np.minimum.accumulate(shared[i:])
    return common + common.T


def _tree(group: Sequence[tuple[int, ...]], shared: np.ndarray) -> Tree:
    """Make the tree over a sorted group; its trunk is the start of the sequence that shares the most."""
    common = _common(shared)
    reference = int(common.sum(axis=1).argmax())
    lengths = np.array([len(sequence) for sequence in group])
    # Every branch keeps a token of its own, to be read and edited apart from the trunk.
    at = np.minimum(common[reference], lengths - 1)
    at[reference] = 0
    at[reference] = min(int(at.max()), len(group[reference]) - 1)
    trunk = group[reference][: at.max()]
    return Tree(trunk, tuple(Branch(s[a:], int(a)) for s, a in zip(group, at.tolist(), strict=True)))
