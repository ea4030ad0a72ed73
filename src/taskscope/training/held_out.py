"""Loss on the parts of a packed corpus that are kept for evaluation."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from taskscope.training.head_loss import token_losses
from taskscope.training.packed import PackedCorpus

LENGTH = 512
"""Tokens of the sequences that are scored; each begins where the one before ended, without its context."""


@torch.inference_mode()
def held_out_losses(model: Any, corpus: PackedCorpus, device: str = "cpu") -> dict[str, float]:
    """Mean loss in nats per token on every part kept for evaluation, by name of the part.

    Args:
        model: Causal language model in Hugging Face form.
        corpus: Where the parts are.
        device: Where the model is.
    """
    return {part: part_loss(model, corpus.held_out(part), device) for part in corpus.held_out_parts}


@torch.inference_mode()
def part_loss(model: Any, tokens: np.ndarray, device: str = "cpu") -> float:
    """Mean loss in nats per token of a stream, (token,), cut into sequences of `LENGTH` tokens."""
    stream = torch.from_numpy(tokens.astype(np.int64)).to(device)
    length = min(LENGTH, len(stream) - 1)
    rows = (len(stream) - 1) // length
    given, wanted = (
        stream[: rows * length].view(rows, length),
        stream[1 : rows * length + 1].view(rows, length),
    )
    total = 0.0
    for start in range(0, rows, 16):
        hidden = model.model(given[start : start + 16]).last_hidden_state.flatten(0, 1)
        losses = token_losses(hidden, model.lm_head.weight, wanted[start : start + 16].flatten())
        total += losses.double().sum().item()
    return total / (rows * length)
