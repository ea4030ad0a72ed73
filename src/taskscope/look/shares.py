"""Attention of the last token summed over the parts of the prompt, with what even attention would give."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from taskscope.look.result import Look


@dataclass(frozen=True)
class Shares:
    """How the last token's attention divides over the parts of the prompt."""

    weights: np.ndarray
    """(block, head, token)."""
    labels: np.ndarray
    """(block, head): share that goes to the labels of all demonstrations."""
    even: float
    """Share that labels would get if every token got the same: the control."""

    @property
    def mean(self) -> np.ndarray:
        """(token,) mean over all blocks and heads."""
        return self.weights.mean(axis=(0, 1))

    @property
    def strongest(self) -> tuple[int, int]:
        """Index of the block and the head that give labels the most."""
        block, head = np.unravel_index(int(self.labels.argmax()), self.labels.shape)
        return int(block), int(head)


def shares(look: Look) -> Shares | None:
    """Sum attention over labels; None where a model gives no attention."""
    if not look.attention.blocks:
        return None
    weights = np.array(look.attention.weights)
    is_label = np.array([token.part == "label" for token in look.tokens])
    return Shares(weights, weights[:, :, is_label].sum(axis=-1), float(is_label.mean()))


def by_part(look: Look, weights: np.ndarray) -> list[tuple[int, float, float, float]]:
    """Return, per demonstration, its number and the shares of its input, arrow and label.

    Args:
        look: The prompt.
        weights: (token,) of one block and head, or a mean.
    """
    rows = []
    for number in range(len(look.demonstrations)):
        sums = {"input": 0.0, "arrow": 0.0, "label": 0.0}
        for token, weight in zip(look.tokens, weights, strict=True):
            if token.demonstration == number:
                sums[token.part] += float(weight)
        rows.append((number, sums["input"], sums["arrow"], sums["label"]))
    return rows
