"""What tasks of a phenomenon do to each other, by fixed bounds (2.8): described; `patterns` judges."""

from __future__ import annotations

import numpy as np

Array = np.ndarray
_SIMILAR, _UNRELATED = 0.3, 0.2
"""Bounds of the patterns (recommended there)."""
ALIKE, OPPOSED_IN_PART, UNRELATED, OPPOSED, MIXED = (
    "A: alike",
    "B: partly opposed",
    "C: unrelated",
    "N: opposed",
    "mixed",
)


def pattern(cells: Array) -> str:
    """Name the pattern of the ordered pairs of different tasks of a phenomenon."""
    mean = cells.mean()
    if mean >= _SIMILAR and (cells > 0).mean() >= 0.8:
        return ALIKE
    if (cells > _SIMILAR).mean() >= 0.2 and (cells < -_SIMILAR).mean() >= 0.2:
        return OPPOSED_IN_PART
    if abs(mean) < _UNRELATED and (np.abs(cells) <= _SIMILAR).mean() >= 0.7:
        return UNRELATED
    return OPPOSED if mean <= -_SIMILAR and (cells < 0).mean() >= 0.8 else MIXED
