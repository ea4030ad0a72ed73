"""Maps h from tokens to tokens, by which texts are rewritten (protocol structured_tasks 2, E2, P8, P9).

A cipher permutes token ids and leaves protected ids alone, so a protected id is never the image of another.
The permutation is one random cycle through the ids that it moves: each of them becomes another.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

RANDOM = "random"
"""The kind that is no code at all: a fresh image at each occurrence."""


@dataclass(frozen=True, eq=False)
class Cipher:
    """A permutation of token ids.

    Raises:
        ValueError: If `images` is no permutation.
    """

    kind: str
    """``bijection``, ``paper``, ``bucketed``, ``words`` or ``random``."""
    images: np.ndarray
    """int64 (vocabulary,): the image of each id."""
    share: float = 1.0
    """Share of the ids that may be moved which are moved: the steps of the cipher ladder."""

    def __post_init__(self) -> None:
        if not np.array_equal(np.sort(self.images), np.arange(len(self.images))):
            raise ValueError("the images of a cipher are a permutation of the token ids")

    @property
    def moved(self) -> np.ndarray:
        """Ids that do not stay themselves, int64 (moved,)."""
        return np.flatnonzero(self.images != np.arange(len(self.images)))

    def encode(self, ids: Sequence[int], rng: np.random.Generator) -> list[int]:
        """Rewrite token ids; `rng` is used by the kind ``random`` alone."""
        given = np.asarray(ids, dtype=np.int64)
        if self.kind != RANDOM:
            return self.images[given].tolist()
        at = np.flatnonzero(self.images[given] != given)
        fresh = given.copy()
        fresh[at] = rng.choice(self.moved, size=len(at)) if len(at) else given[at]
        return fresh.tolist()


def bijection(
    n_ids: int,
    protected: Iterable[int],
    rng: np.random.Generator,
    share: float = 1.0,
    among: Iterable[int] | None = None,
) -> Cipher:
    """Permute ids.

    Args:
        n_ids: Size of the vocabulary.
        protected: Ids that stay themselves.
        rng: Source of randomness.
        share: Share of the other ids that are moved, from 0 to 1.
        among: Ids that may be moved at all; every id by default.

    Raises:
        ValueError: If the share is not from 0 to 1, or an id is outside the vocabulary.
    """
    images = np.arange(n_ids)
    _cycle(images, _chosen(_free(n_ids, protected, among), share, rng), rng)
    return Cipher("bijection", images, share)


def paper(n_ids: int, protected: Iterable[int], rng: np.random.Generator) -> Cipher:
    """Permute every id that is not protected, as the paper does, but one-to-one (P8): for whole prompts."""
    return Cipher("paper", bijection(n_ids, protected, rng).images)


def bucketed(
    n_ids: int,
    protected: Iterable[int],
    rng: np.random.Generator,
    order: Sequence[int],
    n_buckets: int,
    share: float = 1.0,
) -> Cipher:
    """Permute ids among those of similar frequency, so that no common word becomes a control token (P9).

    Args:
        n_ids: Size of the vocabulary.
        protected: Ids that stay themselves.
        rng: Source of randomness.
        order: Ids that may be moved, the most frequent first.
        n_buckets: Number of groups of equal size.
        share: Share of each group that is moved.

    Raises:
        ValueError: If the share is not from 0 to 1, an id is outside the vocabulary, or there are too few ids
            for groups of two.
    """
    kept = set(_free(n_ids, protected, order).tolist())
    free = np.array([i for i in dict.fromkeys(order) if i in kept], dtype=np.int64)
    if len(free) < 2 * n_buckets:
        raise ValueError(f"{len(free)} ids do not make {n_buckets} buckets of two")
    images = np.arange(n_ids)
    for bucket in np.array_split(free, n_buckets):
        _cycle(images, _chosen(bucket, share, rng), rng)
    return Cipher("bucketed", images, share)


def words(
    vocabulary: Sequence[str], protected: Iterable[int], rng: np.random.Generator, share: float = 1.0
) -> Cipher:
    """Permute only tokens that begin a word and are made of letters.

    Args:
        vocabulary: Texts of single tokens, a word-initial one with its leading space.
        protected: Ids that stay themselves.
        rng: Source of randomness.
        share: Share of these tokens that are moved.
    """
    among = [i for i, text in enumerate(vocabulary) if text[:1] == " " and text[1:].isalpha()]
    return Cipher("words", bijection(len(vocabulary), protected, rng, share, among).images, share)


def non_bijective(cipher: Cipher) -> Cipher:
    """Return the broken twin of a cipher: the same ids are moved, each time to another of them.

    What is learned under the cipher and not under its twin was learned from the code itself.
    """
    return Cipher(RANDOM, cipher.images, cipher.share)


def _free(n_ids: int, protected: Iterable[int], among: Iterable[int] | None) -> np.ndarray:
    fixed = set(protected)
    free = np.array(sorted({*(range(n_ids) if among is None else among)} - fixed), dtype=np.int64)
    if any(not 0 <= i < n_ids for i in (*fixed, *free)):
        raise ValueError(f"ids from 0 to {n_ids - 1}")
    return free


def _chosen(free: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    if not 0 <= share <= 1:
        raise ValueError(f"a share of {share}")
    return rng.choice(free, size=round(share * len(free)), replace=False)


def _cycle(images: np.ndarray, chosen: np.ndarray, rng: np.random.Generator) -> None:
    """Send each chosen id to the next on a random round trip."""
    order = rng.permutation(chosen)
    images[order] = np.roll(order, 1)
