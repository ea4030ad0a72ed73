"""Gradients of minimal pairs by the weights, and which weights they concern (protocol task_spaces 2.2, 2.3).

The gradient difference of a task, grad L(good) - grad L(bad) with L = -log p, is minus the gradient of its
mean margin, so one pass back through both sentences gives it. Sums over tokens, means over pairs: then what
both sentences start with cancels exactly. A step along `margin` makes good sentences likelier than bad ones.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from taskscope.errors import ModelError
from taskscope.models.contrasts import Contrasts
from taskscope.models.execution import Executor
from taskscope.models.forcing import Laid

Gradient = dict[str, Tensor]
"""By name of a parameter, tied ones once, on the model's device."""
Mask = dict[str, Tensor]
"""By name of a parameter, which of its numbers are kept: bool, of its shape."""

SAMPLED = 1 << 16
"""Numbers of a gradient from which a first guess of its largest ones is made."""


def margin(executor: Executor, pairs: Contrasts) -> tuple[Gradient, np.ndarray]:
    """Differentiate the mean margin, log p(good) - log p(bad); return it with the margins (pair,), nats."""
    weights = np.tile([1.0, -1.0], len(pairs)) / len(pairs)
    gradient, logprob = _of(executor, pairs.laid, weights)
    return gradient, logprob[::2] - logprob[1::2]


def plain(executor: Executor, pairs: Contrasts) -> tuple[Gradient, np.ndarray]:
    """Differentiate the mean log-probability of the good sentences alone, as ordinary training does.

    Returns:
        The gradient, and log p of each good sentence behind its first token, (pair,), nats.
    """
    return _of(executor, pairs.whole_good, np.full(len(pairs), 1 / len(pairs)))


def densest(gradient: Gradient, density: float) -> Mask:
    """Keep the share `density` of all numbers whose gradient is largest in size, one threshold for all.

    Args:
        gradient: What decides.
        density: Within 0 and 1, the first excluded; at least one number is kept.
    """
    sizes = torch.cat([values.abs().flatten() for values in gradient.values()])
    kept = torch.zeros(len(sizes), dtype=torch.bool, device=sizes.device)
    kept[_largest(sizes, max(1, round(density * len(sizes))))] = True
    return _unflatten(kept, gradient)


def above(gradient: Gradient, threshold: float) -> Mask:
    """Keep numbers whose gradient is larger in size than an absolute threshold, as published (1e-3)."""
    return {name: values.abs() > threshold for name, values in gradient.items()}


def significant(parts: Sequence[Gradient], z: float) -> Mask:
    """Keep numbers whose mean over parts of the pairs is more than z standard errors from zero.

    Args:
        parts: Gradients of the same weights on parts of the pairs of one size, 2 or more.
        z: Standard errors.

    Raises:
        ModelError: If there are fewer than two parts, so that no error can be told.
    """
    if len(parts) < 2:
        raise ModelError(
            f"{len(parts)} part of the pairs", "two parts or more, since a signal is held against its error"
        )
    masks = {}
    for name in parts[0]:
        values = torch.stack([part[name] for part in parts])
        error = values.std(0) / len(parts) ** 0.5
        masks[name] = values.mean(0).abs() > z * error
    return masks


def holding(gradient: Gradient, share: float) -> float:
    """Return the share of all numbers, largest first, that hold a share of the squared gradient.

    Unlike a count above a threshold it does not react to the scale of the gradient (protocol 3.8).
    """
    squares = torch.cat([values.flatten() for values in gradient.values()]).double().square()
    held = squares.sort(descending=True).values.cumsum(0)
    return float(torch.searchsorted(held, share * held[-1]) + 1) / len(squares)


def scattered(mask: Mask, rng: np.random.Generator) -> Mask:
    """Keep as many numbers of each parameter as a mask does, at random: the control for where they lie."""
    found = {}
    for name, kept in mask.items():
        flat = np.zeros(kept.numel(), dtype=bool)
        flat[rng.choice(len(flat), int(kept.sum()), replace=False)] = True
        found[name] = torch.from_numpy(flat).view(kept.shape).to(kept.device)
    return found


def everything(gradient: Gradient) -> Mask:
    """Keep all numbers."""
    return {name: torch.ones_like(values, dtype=torch.bool) for name, values in gradient.items()}


def _of(executor: Executor, laid: Laid, weights: np.ndarray) -> tuple[Gradient, np.ndarray]:
    """Differentiate the sum over continuations of weight (continuation,) times log p."""
    targets = laid.targets[:, 0]
    gradient, logprob = executor.gradient(laid.works, targets, weights[laid.owner])
    return gradient, laid.sums(logprob)


def _largest(sizes: Tensor, n: int) -> Tensor:
    """Return the indices of the n largest numbers, (n,) int64.

    Ordering all weights of a model takes longer than a pass, so those that a sample says are not among the
    largest are set aside first.
    """
    sample = sizes[:: max(1, len(sizes) // SAMPLED)]
    lowest = sample.topk(min(len(sample), 2 * n * len(sample) // len(sizes) + 1)).values[-1]
    candidates = (sizes >= lowest).nonzero()[:, 0]
    if len(candidates) < n:
        return sizes.topk(n).indices
    return candidates[sizes[candidates].topk(n).indices]


def _unflatten(flat: Tensor, like: Gradient) -> dict[str, Tensor]:
    parts = flat.split([values.numel() for values in like.values()])
    return {name: part.view(like[name].shape) for name, part in zip(like, parts, strict=True)}
