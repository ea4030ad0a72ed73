"""Loss on the parts of a packed corpus that are kept for evaluation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from taskscope.training.head_loss import token_losses

LENGTH = 512
"""Tokens of the sequences that are scored; each begins where the one before ended, without its context."""
BATCH = 16
"""Sequences of one forward pass."""


def part_loss(model: Any, tokens: np.ndarray, device: str = "cpu") -> float:
    """Mean loss in nats per token of a stream, (token,), cut into sequences of `LENGTH` tokens."""
    return float(np.mean([row.mean(dtype=np.float64) for row in sequence_losses(model, tokens, device)]))


def sequence_losses(model: Any, tokens: np.ndarray, device: str = "cpu") -> list[np.ndarray]:
    """Loss in nats of every token of a stream, (token,), by sequence of `LENGTH`; a rest is left out."""
    length = min(LENGTH, len(tokens) - 1)
    starts = range(0, len(tokens) - length, length)
    return row_losses(model, [tokens[start : start + length + 1] for start in starts], device)


@torch.inference_mode()
def row_losses(model: Any, rows: Sequence[np.ndarray], device: str = "cpu") -> list[np.ndarray]:
    """Loss in nats of every token of a row but the first, given all before it in that row.

    Args:
        model: Causal language model in Hugging Face form, with its blocks in ``model`` and its ``lm_head``.
        rows: Tokens of each row, (token,), at least two; lengths may differ.
        device: Where the model is.

    Returns:
        For each row float32 (token - 1,).
    """
    found: list[np.ndarray] = []
    for first in range(0, len(rows), BATCH):
        batch = rows[first : first + BATCH]
        # Padding stands on the right, where no token that counts can see it.
        padded = torch.zeros(len(batch), max(map(len, batch)), dtype=torch.int64)
        for i, row in enumerate(batch):
            padded[i, : len(row)] = torch.from_numpy(row.astype(np.int64))
        padded = padded.to(device)
        hidden = model.model(padded[:, :-1]).last_hidden_state
        losses = token_losses(hidden.flatten(0, 1), model.lm_head.weight, padded[:, 1:].flatten())
        by_row = losses.view(len(batch), -1).cpu().numpy()
        found += [by_row[i, : len(row) - 1] for i, row in enumerate(batch)]
    return found
