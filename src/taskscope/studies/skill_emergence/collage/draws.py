"""Collages of four digits, each with the label of one of them (protocol 6).

The digits are scikit-learn's bundled 8 x 8 images. They are split once into those of training, of choosing
the epoch, and of the test, so that no test collage holds a digit that was trained on. A training collage's
label is drawn once and stays.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.datasets import load_digits

from taskscope.studies.randomness import stream

Array = np.ndarray

CLASSES, TILES, SIDE = 10, 4, 8
SHARES = (0.58, 0.12, 0.30)
"""Of the digits: training, choosing, test."""


@dataclass(frozen=True)
class Collages:
    """Collages as their tiles."""

    tiles: Array
    """float32 (collage, tile, side, side), from 0 to 1; the tiles of a 2 x 2 grid, row by row."""
    classes: Array
    """int64 (collage, tile), four different ones."""
    labels: Array
    """int64 (collage,), the class of one of the tiles."""


def split() -> tuple[tuple[Array, Array], ...]:
    """Return images (digit, side, side) and classes (digit,) of training, choosing and test."""
    digits: Any = load_digits()
    order = stream("skill-emergence digits").permutation(len(digits.target))
    ends = np.cumsum([round(share * len(order)) for share in SHARES])[:-1]
    images = (digits.images / 16).astype(np.float32)
    return tuple((images[part], digits.target[part]) for part in np.split(order, ends))


def draw(digits: tuple[Array, Array], n: int, rng: np.random.Generator) -> Collages:
    """Draw collages of four different classes, with one label each."""
    images, targets = digits
    classes = np.argsort(rng.random((n, CLASSES)), axis=1)[:, :TILES]
    by_class = [np.flatnonzero(targets == c) for c in range(CLASSES)]
    sizes = np.array([len(members) for members in by_class])
    picked = (rng.random(classes.shape) * sizes[classes]).astype(int)
    table = np.zeros((CLASSES, sizes.max()), dtype=int)
    for c, members in enumerate(by_class):
        table[c, : len(members)] = members
    labels = np.take_along_axis(classes, rng.integers(TILES, size=(n, 1)), axis=1)[:, 0]
    return Collages(images[table[classes, picked]], classes.astype(np.int64), labels.astype(np.int64))
