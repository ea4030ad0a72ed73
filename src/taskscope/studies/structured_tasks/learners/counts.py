"""Demonstrations and queries as counts of tokens, blind to what a token is.

Columns are numbered by the first appearance of a token in the demonstrations. A text and its image under a
one-to-one cipher therefore give the same matrix bit for bit, whatever ids the cipher uses (protocol
structured_tasks E0).
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Counts:
    """How often each token of the demonstrations stands in each text.

    Tokens that no demonstration shows have no column: nothing was said about them.
    """

    demos: np.ndarray
    """float64 (demo, token)."""
    queries: np.ndarray
    """float64 (query, token)."""


def count(demos: Sequence[Sequence[Hashable]], queries: Sequence[Sequence[Hashable]]) -> Counts:
    """Count the tokens of demonstrations and queries."""
    column: dict[Hashable, int] = {}
    for tokens in demos:
        for token in tokens:
            column.setdefault(token, len(column))
    return Counts(_matrix(demos, column), _matrix(queries, column))


def _matrix(texts: Sequence[Sequence[Hashable]], column: dict[Hashable, int]) -> np.ndarray:
    matrix = np.zeros((len(texts), len(column)))
    for row, tokens in zip(matrix, texts, strict=True):
        known = [column[token] for token in tokens if token in column]
        row += np.bincount(known, minlength=len(column)) if known else 0.0
    return matrix
