"""Numbers written by hand into a residual that norms leave alone.

Every number v stands in the residual as a pair (v, -v), beside constant pairs thousands of times larger. Then
the mean that a layer norm subtracts is zero, and the spread that it divides by is that of the constants.
"""

from __future__ import annotations

import torch
from torch import Tensor

LARGE = 8192.0
"""The constant."""


def paired(numbers: Tensor) -> Tensor:
    """Write numbers (..., number) as pairs (..., d_model), as half precision keeps them."""
    return torch.cat([numbers, -numbers], dim=-1).bfloat16().float()


def reading(read: Tensor) -> Tensor:
    """Read numbers off their pairs, which cancels what the norm subtracts: (d_model, out).

    Args:
        read: (number, out).
    """
    return torch.cat([read, -read]) / 2


def gain(half: int, constants: int) -> Tensor:
    """Undo a norm, (d_model,): numbers come out as they are, and each constant as 1.

    Args:
        half: Numbers of the residual.
        constants: How many of them, the first ones, are `LARGE`.
    """
    spread = LARGE * (constants / half) ** 0.5
    weights = torch.full((2 * half,), spread)
    weights[:constants] = weights[half : half + constants] = spread / LARGE
    return weights
