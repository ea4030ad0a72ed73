"""Rows of a rival cell in which the truth is known: who decides the model's law, and how."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa

from taskscope.studies.kernel_regression.rivals.kernels import PREDICTION, WORDS
from taskscope.studies.kernel_regression.rivals.rows import (
    SPLITS,
    alone_rows,
    product_rows,
    shot_rows,
)
from taskscope.studies.kernel_regression.voting import vote

SHOTS, K, BLOCKS, HEADS, N, CLASSES = (1, 2, 4, 8, 16, 32), 16, (1, 4), 3, 80, 2
VOTER = 4
"""Block 4, head 1."""

Decide = Callable[[dict[str, np.ndarray], int, np.random.Generator], np.ndarray]
"""What each question holds, the number of demonstrations: to log law (question, class)."""


def rows(decide: Decide, seed: int = 0) -> pa.Table:
    """Simulate both splits; texts are points on a circle, two of them alike where they are near."""
    rng = np.random.default_rng(seed)
    tables = []
    most = SHOTS[-1]
    for split in SPLITS:
        classes = np.stack([np.arange(most) % CLASSES for _ in range(N)])
        angle = rng.uniform(0, 2 * np.pi, size=(N, most + 1))
        points = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
        blind = rng.normal(size=(N, most + 1, 4))
        alone = np.log(rng.dirichlet((3, 3), size=(N, most + 1)))
        look = rng.gamma(2.0, size=(N, len(BLOCKS) * HEADS, most))
        held = {"classes": classes, "points": points, "alone": alone, "look": look}
        tables.append(alone_rows(split, np.arange(N), rng.integers(CLASSES, size=N), classes, alone))
        for name, features in ((PREDICTION, points), (WORDS, blind)):
            tables.append(product_rows(split, np.arange(N), name, features @ features.transpose(0, 2, 1)))
        for shots in SHOTS:
            weights = look[..., :shots] / look[..., :shots].sum(axis=-1, keepdims=True)
            votes = vote(weights, classes[:, :shots], CLASSES)
            held["votes"] = votes
            tables.append(shot_rows(split, np.arange(N), shots, BLOCKS, decide(held, shots, rng), votes))
    found = pa.concat_tables(tables, promote_options="default")
    for name, value in (("seed", 0), ("task", "t"), ("model", "planted")):
        found = found.add_column(0, name, pa.array([value] * found.num_rows))
    return found


def by_head(held: dict[str, np.ndarray], shots: int, rng: np.random.Generator) -> np.ndarray:
    """One head's vote, with noise that shrinks like the root of the number of demonstrations."""
    law = held["votes"][:, VOTER]
    # Small enough that hardly any law is cut off at 0 or 1, which would flatten the curve.
    noise = 0.12 * rng.choice([-1, 1], size=len(law)) / np.sqrt(shots)
    moved = np.clip(law + np.stack([noise, -noise], axis=1), 1e-3, None)
    return np.log(moved / moved.sum(axis=1, keepdims=True))


def by_nobody(held: dict[str, np.ndarray], shots: int, rng: np.random.Generator) -> np.ndarray:
    """Chance alone."""
    return np.log(rng.dirichlet((5, 5), size=len(held["classes"])))
