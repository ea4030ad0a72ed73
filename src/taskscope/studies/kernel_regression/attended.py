"""How much the last token looks at each demonstration: what the parts read off a prompt's attention.

Used inside measuring alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from taskscope.errors import ModelError
from taskscope.studies.kernel_regression.asking import Asked
from taskscope.studies.kernel_regression.weights.aggregating import AGGREGATIONS, demonstration_weights

if TYPE_CHECKING:
    from taskscope.models.language_model import LanguageModel

AT_A_TIME = 64
"""Prompts whose rows of attention are held in memory together."""
KEPT = {"label": AGGREGATIONS.index("label sum"), "span": AGGREGATIONS.index("max")}
"""Attention on the label's tokens, and the largest in text and label as published (M2)."""


@dataclass(frozen=True)
class Attended:
    """Weights on demonstrations, as shares among them: the rest of a row only rescales a vote (2.8)."""

    blocks: tuple[int, ...]
    label: np.ndarray
    """(prompt, site, demonstration) float32, one of `KEPT`; sites block by block."""
    span: np.ndarray
    mass: np.ndarray
    """(prompt, site) attention on all labels together, of all that the row has."""


def attended(model: LanguageModel, asked: Sequence[Asked]) -> Attended:
    """Read the last token's attention over the demonstrations of prompts that have equally many.

    Raises:
        ModelError: If the model has no attention weights that can be read.
    """
    found: list[np.ndarray] = []
    blocks: tuple[int, ...] = ()
    for start in range(0, len(asked), AT_A_TIME):
        some = asked[start : start + AT_A_TIME]
        read = model.last_rows([one.tokens for one in some])
        if not read.blocks:
            raise ModelError(
                f"the attention of {model.label} cannot be read: {' '.join(read.gaps)}",
                "softmax attention in at least one block",
            )
        blocks = read.blocks
        for row, one in zip(read.rows, some, strict=True):
            weights = demonstration_weights(row, one.layout)[list(KEPT.values())]
            found.append(weights.reshape(len(KEPT), -1, weights.shape[-1]))
    label, span = np.moveaxis(np.stack(found), 1, 0)
    return Attended(blocks, _shares(label), _shares(span), label.sum(axis=-1))


def _shares(weights: np.ndarray) -> np.ndarray:
    """Divide by the sum over demonstrations; alike where nothing falls on any."""
    total = weights.sum(axis=-1, keepdims=True)
    alike = np.full_like(weights, 1 / weights.shape[-1])
    return np.divide(weights, total, out=alike, where=total > 0)
