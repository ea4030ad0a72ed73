"""From logits to what is reported: the most likely token, and log-probabilities in float32."""

from __future__ import annotations

import torch
from torch import Tensor

CHUNK = 1 << 24
"""Logits that are held in float32 at a time."""


def reduce_logits(logits: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """Return the most likely token (place,) int64 and log p of the targets (place, target) float32, nats.

    The log-sum-exp runs in float32 over the full vocabulary (design numerics 6), some places at a time, so
    that half-precision logits of a large vocabulary are never held twice.

    Args:
        logits: (place, vocabulary), any floating dtype.
        targets: (place, target) int64 token ids.
    """
    step = max(1, CHUNK // logits.shape[-1])
    top, logprob = [], []
    for start in range(0, len(logits), step):
        part = logits[start : start + step].float()
        wanted = part.gather(1, targets[start : start + step].to(part.device))
        top.append(part.argmax(-1))
        logprob.append(wanted - part.logsumexp(-1, keepdim=True))
    return torch.cat(top), torch.cat(logprob)
