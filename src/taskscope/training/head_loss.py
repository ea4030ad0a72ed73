"""Cross-entropy of a language model's head without ever holding the logits of a whole batch.

At the sizes of the built-in models the logits are most of the memory traffic of a step: 4,096 tokens times
4,096 entries are 64 MiB, read and written several times.  Here a few hundred rows are projected at a time,
and their gradient is taken while they are still in cache.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

ROWS = 512
"""Tokens whose logits are held at a time."""


def head_loss(hidden: Tensor, weight: Tensor, targets: Tensor) -> Tensor:
    """Mean cross-entropy in nats of each target under softmax(hidden @ weight.T), in float32.

    Equals `torch.nn.functional.cross_entropy` of the projected logits; can be differentiated once.

    Args:
        hidden: (token, width).
        weight: (vocabulary, width) of the output head.
        targets: (token,) int64.
    """
    return _HeadLoss.apply(hidden, weight, targets)


def token_losses(hidden: Tensor, weight: Tensor, targets: Tensor) -> Tensor:
    """Cross-entropy in nats of each target by itself, (token,) float32; arguments as `head_loss`."""
    parts = []
    for start in range(0, len(targets), ROWS):
        logits = (hidden[start : start + ROWS] @ weight.T).float()
        wanted = logits.gather(1, targets[start : start + ROWS, None])[:, 0]
        parts.append(logits.logsumexp(1) - wanted)
    return torch.cat(parts)


class _HeadLoss(torch.autograd.Function):
    """Takes both gradients during the forward pass, scaled by the incoming one in the backward pass."""

    @staticmethod
    def forward(ctx: Any, hidden: Tensor, weight: Tensor, targets: Tensor) -> Tensor:
        total = hidden.new_zeros((), dtype=torch.float32)
        for_hidden, for_weight = torch.empty_like(hidden), torch.zeros_like(weight)
        for start in range(0, len(targets), ROWS):
            rows, wanted = hidden[start : start + ROWS], targets[start : start + ROWS, None]
            logits = (rows @ weight.T).float()
            normaliser = logits.logsumexp(1, keepdim=True)
            total += (normaliser - logits.gather(1, wanted)).sum()
            gradient = logits.sub_(normaliser).exp_()  # probabilities; minus one at the target
            gradient.scatter_add_(1, wanted, gradient.new_full((1, 1), -1.0).expand_as(wanted))
            gradient = gradient.to(weight.dtype)
            torch.mm(gradient, weight, out=for_hidden[start : start + ROWS])
            for_weight.addmm_(gradient.T, rows)
        ctx.save_for_backward(for_hidden, for_weight)
        ctx.n = len(targets)
        return total / len(targets)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grad_outputs: Any) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        for_hidden, for_weight = ctx.saved_tensors
        scale = grad_outputs[0] / ctx.n
        return for_hidden.mul_(scale), for_weight.mul_(scale), None
