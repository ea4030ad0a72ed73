"""V8: items that stand twice, or nearly so."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence

import numpy as np

from taskscope.tasks.choice_columns import Row
from taskscope.tasks.choice_validation.issues import Issue, at

LIKE = 0.9
"""Jaccard overlap of shingles from which two items are near-duplicates."""
COMPARED, WORDS = 25_000, 2_000_000
"""Items, and words of them, among which near-duplicates are looked for; what lies beyond is not kept."""
_FELLOWS = 50
"""Items of one shingle that are compared with a new one; a frequent shingle says little."""


class Duplicates:
    """Exact duplicates are errors, near-duplicates a warning with their number."""

    def __init__(self) -> None:
        self._seen: dict[bytes, str] = {}
        self._vocabulary: dict[str, int] = {}
        self._shingles: list[np.ndarray] = []
        self._words = 0

    def see(self, row: Row) -> Iterator[Issue]:
        """Compare with what came before, to the letter."""
        if row.item is None:
            return
        texts = [row.item.prompt, row.item.other_prompt, *row.item.classes]
        digest = hashlib.blake2b("\0".join(texts).encode(), digest_size=12).digest()
        if digest in self._seen:
            yield at(row, "V8", "error", f"the same prompt and classes stand on {self._seen[digest]}")
            return
        self._seen[digest] = row.where
        if len(self._shingles) < COMPARED and self._words < WORDS:
            words = re.findall(r"\w+|[^\w\s]", " ".join(texts))
            self._words += len(words)
            numbers = [self._vocabulary.setdefault(word, len(self._vocabulary)) for word in words]
            self._shingles.append(shingles(numbers))

    def done(self) -> Iterator[Issue]:
        """Count the near-duplicates among the distinct items."""
        n = int(near_duplicates(self._shingles).sum())
        if n:
            message = f"{n} of {len(self._shingles)} items share {LIKE:.0%} of their wording with another."
            yield Issue("V8", "warning", None, message)


def shingles(words: list[int]) -> np.ndarray:
    """Return the distinct runs of three words of a text, words given by number below 2^21."""
    numbers = np.array(words, dtype=np.int64)
    return np.unique((numbers[:-2] << 42) | (numbers[1:-1] << 21) | numbers[2:])


def near_duplicates(sets: Sequence[np.ndarray]) -> np.ndarray:
    """Say of each set whether another overlaps with it by `LIKE`.

    Two such sets share one of their rarest members: of m members, all but `LIKE` m and one more (prefix
    filtering), so only sets that do are compared.

    Args:
        sets: Arrays of distinct int64.

    Returns:
        Booleans, shape (set,).
    """
    sizes = np.array([len(members) for members in sets], dtype=np.int64)
    found = np.zeros(len(sets), dtype=bool)
    if not sizes.sum():
        return found
    _, inverse, counts = np.unique(np.concatenate(sets), return_inverse=True, return_counts=True)
    rank = np.argsort(np.argsort(counts, kind="stable"), kind="stable")[inverse]
    owner = np.repeat(np.arange(len(sets)), sizes)
    order = np.lexsort((rank, owner))
    rank, owner, shared = rank[order], owner[order], counts[inverse][order] > 1
    starts = np.cumsum(sizes) - sizes
    # The slack keeps 0.9 x 10 from counting as more than 9.
    n_prefix = sizes - np.ceil(LIKE * sizes - 1e-9).astype(np.int64) + 1
    rare = shared & (np.arange(len(rank)) - starts[owner] < n_prefix[owner])
    bounds = [(int(a), int(a + n)) for a, n in zip(starts, sizes, strict=True)]
    for a, b in _pairs(rank[rare], owner[rare]):
        if found[a] and found[b]:
            continue
        common = len(np.intersect1d(rank[slice(*bounds[a])], rank[slice(*bounds[b])], assume_unique=True))
        if common >= LIKE * (sizes[a] + sizes[b] - common) - 1e-9:
            found[a] = found[b] = True
    return found


def _pairs(rank: np.ndarray, owner: np.ndarray) -> Iterator[tuple[int, int]]:
    """Yield the sets that share a member, each with the few before it that do."""
    order = np.lexsort((owner, rank))
    for group in np.split(owner[order], np.flatnonzero(np.diff(rank[order])) + 1):
        fellows = group.tolist()
        for place, one in enumerate(fellows):
            yield from ((one, other) for other in fellows[max(0, place - _FELLOWS) : place])
