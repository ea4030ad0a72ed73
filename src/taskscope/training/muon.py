"""The Muon optimiser for the matrices inside the blocks, in float32.

`torch.optim.Muon` does the same in bfloat16, which a CPU without instructions for it multiplies some twenty
times slower than float32: for the largest built-in model that took longer than the rest of the step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor

COEFFICIENTS = (3.4445, -4.7750, 2.0315)
"""Of the quintic Newton-Schulz step, as published with Muon (Jordan et al. 2024): steep at zero."""
ITERATIONS = 5


class Muon(torch.optim.Optimizer):
    """Momentum whose update is made orthogonal: every direction of a matrix moves equally far.

    Args:
        matrices: Parameters of two dimensions.
        lr: Learning rate; an update has entries of root mean square about ``lr / sqrt(longer side)``, times
            the root of rows over columns where rows are more.
        momentum: Of the running mean of gradients (Nesterov's form).
        weight_decay: Decoupled, times the learning rate.
    """

    def __init__(
        self, matrices: Iterable[Tensor], lr: float, momentum: float = 0.95, weight_decay: float = 0.0
    ) -> None:
        super().__init__(matrices, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Make one step; parameters without a gradient stay as they are."""
        loss = None if closure is None else closure()
        for group in self.param_groups:
            rate, momentum = group["lr"], group["momentum"]
            for matrix in group["params"]:
                if matrix.grad is None:
                    continue
                state = self.state[matrix]
                if "mean" not in state:
                    state["mean"] = torch.zeros_like(matrix)
                state["mean"].lerp_(matrix.grad, 1 - momentum)
                ahead = torch.lerp(matrix.grad, state["mean"], momentum)
                rows, columns = matrix.shape
                matrix.mul_(1 - rate * group["weight_decay"])
                matrix.add_(orthogonalised(ahead), alpha=-rate * max(1.0, rows / columns) ** 0.5)
        return loss


def orthogonalised(matrix: Tensor) -> Tensor:
    """Return the matrix with its singular values brought near one, between about 0.7 and 1.2.

    Args:
        matrix: (row, column).
    """
    a, b, c = COEFFICIENTS
    wide = matrix.T if matrix.shape[0] > matrix.shape[1] else matrix
    wide = wide / wide.norm().clamp(min=1e-7)  # the largest singular value is at most one
    for _ in range(ITERATIONS):
        gram = wide @ wide.T
        wide = torch.addmm(wide, torch.addmm(gram, gram, gram, beta=b, alpha=c), wide, beta=a)
    return wide.T if matrix.shape[0] > matrix.shape[1] else wide
