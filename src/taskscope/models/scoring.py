"""From logits to what is reported: the most likely token, and log-probabilities in float32."""

from __future__ import annotations

import torch
from torch import Tensor

CHUNK = 1 << 24
"""Logits that are held in float32 at a time on an accelerator."""
CACHED = 1 << 21
"""The same on a processor: what stays in its cache, since each pass over more would go through memory."""


def _rows_at_a_time(logits: Tensor) -> int:
    """Say how many rows of (place, vocabulary) are worked on at a time."""
    return max(1, (CACHED if logits.device.type == "cpu" else CHUNK) // logits.shape[-1])


def reduce_logits(logits: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """Return the most likely token (place,) int64 and log p of the targets (place, target) float32, nats.

    The log-sum-exp runs in float32 over the full vocabulary (design numerics 6), some places at a time, so
    that half-precision logits of a large vocabulary are never held twice.

    Args:
        logits: (place, vocabulary), any floating dtype.
        targets: (place, target) int64 token ids.
    """
    step = _rows_at_a_time(logits)
    top, logprob = [], []
    for start in range(0, len(logits), step):
        part = logits[start : start + step].float()
        wanted = part.gather(1, targets[start : start + step].to(part.device))
        top.append(part.argmax(-1))
        logprob.append(wanted - part.logsumexp(-1, keepdim=True))
    return torch.cat(top), torch.cat(logprob)


def slope_of_logits(logits: Tensor, targets: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    """Differentiate the sum over places of weight times log p of the target by the logits.

    Written out, since a graph through a softmax over the vocabulary would pass it several times more.

    Args:
        logits: (place, vocabulary), any floating dtype.
        targets: (place,) int64 token ids.
        weights: (place,) what each place counts in the sum.

    Returns:
        The slope, of the shape and dtype of the logits, and log p of the targets (place,), nats, in float32
        or in float64 where the logits are.
    """
    step, slope, logprob = _rows_at_a_time(logits), torch.empty_like(logits), []
    for start in range(0, len(logits), step):
        part = logits[start : start + step]
        exact = part if part.dtype == torch.float64 else part.float()
        wanted = targets[start : start + step, None].to(exact.device)
        weight = weights[start : start + step, None].to(exact)
        told = exact.log_softmax(-1)
        logprob.append(told.gather(1, wanted)[:, 0])
        slope[start : start + step] = told.exp_().mul_(-weight).scatter_add_(1, wanted, weight)
    return slope, torch.cat(logprob)
