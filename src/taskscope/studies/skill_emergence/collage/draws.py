"""Collages of different digits, each with the label of one of them (protocol 6).

The digits are scikit-learn's bundled 8 x 8 images, or those of a folder. They are split once into those of
training, of choosing the epoch, and of the test, so that no test collage holds a digit that was trained on. A
training collage's label is drawn once and stays.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from taskscope.studies.randomness import stream
from taskscope.studies.skill_emergence.collage.digits import CLASSES
from taskscope.studies.skill_emergence.collage.kinds import STANDARD, Kind

Array = np.ndarray

PAIRS = ((0, 1), (2, 3), (4, 5), (6, 7), (8, 9))
"""Digits that are kept apart where collages are wanted without certain pairs, or with one at least."""
SHARES = (0.58, 0.12, 0.30)
"""Of the digits: training, choosing, test."""


@dataclass(frozen=True)
class Collages:
    """Collages as their tiles."""

    tiles: Array
    """float32 (collage, tile, side, side), from 0 to 1; the tiles of a square grid, row by row."""
    classes: Array
    """int64 (collage, tile), different ones unless drawn otherwise."""
    labels: Array
    """int64 (collage,), the class of one of the tiles."""


def split(images: Array, classes: Array) -> tuple[tuple[Array, Array], ...]:
    """Return images (digit, side, side) and classes (digit,) of training, choosing and test."""
    order = stream("skill-emergence digits").permutation(len(classes))
    ends = np.cumsum([round(share * len(order)) for share in SHARES])[:-1]
    return tuple((images[part], classes[part]) for part in np.split(order, ends))


def singles(digits: tuple[Array, Array]) -> Collages:
    """Return the digits as collages of one tile, each with its own class as the label."""
    images, targets = digits
    return Collages(images[:, None], targets[:, None], targets)


def only(digits: tuple[Array, Array], which: Array) -> tuple[Array, Array]:
    """Keep the images of some digits, and number their classes by their places in ``which``, ascending."""
    images, targets = digits
    kept = np.isin(targets, which)
    return images[kept], np.searchsorted(which, targets[kept])


def draw(
    digits: tuple[Array, Array],
    n: int,
    rng: np.random.Generator,
    *,
    paired: bool | None = None,
    kind: Kind = STANDARD,
    repeated: bool = False,
) -> Collages:
    """Draw collages of different classes, with one label each.

    Args:
        digits: Images (digit, side, side) and their classes (digit,), from 0 to those of the kind.
        n: Number of collages.
        rng: Source of all draws.
        paired: True for collages that hold one of `PAIRS` at least, False for such that hold none; None for
            any. `PAIRS` are of all ten digits.
        kind: The kind of collages.
        repeated: True where each tile's class is drawn on its own, so that some come twice.
    """
    images, targets = digits
    classes = rng.integers(kind.classes, size=(n, kind.tiles)) if repeated else _different(n, kind, rng)
    while paired is not None and len(classes := classes[_paired(classes) == paired]) < n:
        classes = np.concatenate([classes, _different(n, kind, rng)])
    classes = classes[:n]
    by_class = [np.flatnonzero(targets == c) for c in range(kind.classes)]
    sizes = np.array([len(members) for members in by_class])
    picked = (rng.random(classes.shape) * sizes[classes]).astype(int)
    table = np.zeros((kind.classes, sizes.max()), dtype=int)
    for c, members in enumerate(by_class):
        table[c, : len(members)] = members
    named = rng.integers(kind.tiles, size=(n, 1)) if kind.named is None else np.full((n, 1), kind.named)
    labels = np.take_along_axis(classes, named, axis=1)[:, 0]
    return Collages(images[table[classes, picked]], classes.astype(np.int64), labels.astype(np.int64))


def _different(n: int, kind: Kind, rng: np.random.Generator) -> Array:
    """Draw a different class for each tile in random order, n times, (n, tile)."""
    return np.argsort(rng.random((n, kind.classes)), axis=1)[:, : kind.tiles]


def _paired(classes: Array) -> Array:
    """Say which rows of classes (n, tile) hold one of `PAIRS`, (n,) bool."""
    held = (classes[:, :, None] == np.arange(CLASSES)).any(axis=1)
    return np.any([held[:, list(pair)].all(axis=1) for pair in PAIRS], axis=0)


def apart(whole: Collages, rng: np.random.Generator) -> list[Collages]:
    """Share collages out over the digits: to each as many labelled with it as with another, none twice.

    Returns:
        For each class the collages of its share, their labels 1 where it is named and 0 elsewhere. A share is
        a tenth of the whole, or less where a class is seldom named.
    """
    order = rng.permutation(len(whole.labels))
    half = max(1, len(order) // (2 * CLASSES))
    named = [order[whole.labels[order] == c][:half] for c in range(CLASSES)]
    left = np.setdiff1d(order, np.concatenate(named))
    # What is left of one class is dealt to the nine others in turn.
    left = rng.permutation(left)
    left = left[np.argsort(whole.labels[left], kind="stable")]
    dealt = (whole.labels[left] + 1 + np.arange(len(left)) % (CLASSES - 1)) % CLASSES
    shares = []
    for c, own in enumerate(named):
        other = left[dealt == c]
        n = min(len(own), len(other))
        places = np.concatenate([own[:n], other[:n]])
        shares.append(Collages(whole.tiles[places], whole.classes[places], np.repeat([1, 0], n)))
    return shares
