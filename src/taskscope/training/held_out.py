"""Loss on the parts of a packed corpus that are kept for evaluation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from taskscope.training.head_loss import token_losses

LENGTH = 512
"""Tokens after which a longer document is cut; each piece is scored without the context of the one before."""
BATCH = 16
"""Sequences of one forward pass."""


def part_loss(model: Any, tokens: np.ndarray, end: int, device: str = "cpu") -> float:
    """Mean loss in nats per token of a stream of documents; arguments as `document_losses`."""
    return float(np.concatenate(document_losses(model, tokens, end, device)).mean(dtype=np.float64))


def document_losses(model: Any, tokens: np.ndarray, end: int, device: str = "cpu") -> list[np.ndarray]:
    """Loss in nats of every token of a stream, documents cut into pieces of `LENGTH` tokens.

    A document is read behind the end of the one before it, and its own end is its last token.

    Args:
        model: As in `row_losses`.
        tokens: (token,).
        end: Number of the token that ends a document.
        device: Where the model is.
    """
    documents = np.split(tokens, np.flatnonzero(tokens == end) + 1)
    rows = [np.concatenate([[end], document]) for document in documents if len(document)]
    pieces = [row[i : i + LENGTH + 1] for row in rows for i in range(0, len(row) - 1, LENGTH)]
    return row_losses(model, pieces, device)


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
    found: list[np.ndarray] = [np.empty(0, np.float32)] * len(rows)
    by_length = sorted(range(len(rows)), key=lambda i: len(rows[i]))  # little padding
    for first in range(0, len(rows), BATCH):
        places = by_length[first : first + BATCH]
        batch = [rows[i] for i in places]
        # Padding stands on the right, where no token that counts can see it.
        padded = torch.zeros(len(batch), max(map(len, batch)), dtype=torch.int64)
        for i, row in enumerate(batch):
            padded[i, : len(row)] = torch.from_numpy(row.astype(np.int64))
        padded = padded.to(device)
        hidden = model.model(padded[:, :-1]).last_hidden_state
        losses = token_losses(hidden.flatten(0, 1), model.lm_head.weight, padded[:, 1:].flatten())
        by_row = losses.view(len(batch), -1).cpu().numpy()
        for i, place in enumerate(places):
            found[place] = by_row[i, : len(rows[place]) - 1]
    return found
