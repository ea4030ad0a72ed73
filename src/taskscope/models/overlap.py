"""How alike the gradients of tasks are, on the weights that each of them would change (task_spaces 2.7)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from taskscope.models.gradients import Gradient, Mask

AT_A_TIME = 1 << 20
"""Weights of a tensor that are compared at a time: half a gigabyte for 67 tasks."""


@dataclass(frozen=True)
class Likeness:
    """Tasks against tasks, float64 (task, task)."""

    cosine: np.ndarray
    """Cosine of the masked gradients: 0 where no weight is in both masks."""
    overlap: np.ndarray
    """Weights in both masks over those in either, less the same at random places of the same tensors."""


def compare(tasks: Iterable[tuple[Gradient, Mask]]) -> Likeness:
    """Compare tasks by gradient and mask; only what the masks keep is held of each.

    Chance puts as many weights in each tensor as the masks do, since selection favours some tensors whatever
    the task: the expected overlap adds |a| |b| / size up over tensors.
    """
    kept: list[dict[str, tuple[Tensor, Tensor]]] = []
    sizes: dict[str, int] = {}
    for gradient, mask in tasks:
        places = {name: values.flatten().nonzero()[:, 0] for name, values in mask.items()}
        kept.append({name: (at, gradient[name].flatten()[at].double()) for name, at in places.items()})
        sizes = {name: values.numel() for name, values in mask.items()}
    n = len(kept)
    products, shared, expected = np.zeros((n, n)), np.zeros((n, n)), np.zeros((n, n))
    for name, size in sizes.items():
        counts = np.array([len(each[name][0]) for each in kept], dtype=float)
        expected += np.outer(counts, counts) / size
        for start in range(0, size, AT_A_TIME):
            dense = torch.zeros((n, min(AT_A_TIME, size - start)), dtype=torch.float64)
            for row, each in zip(dense, kept, strict=True):
                at, values = each[name]
                low, high = torch.searchsorted(at, torch.tensor([start, start + AT_A_TIME], device=at.device))
                row[at[low:high].cpu() - start] = values[low:high].cpu()
            products += (dense @ dense.T).numpy()
            marked = (dense != 0).float()
            shared += (marked @ marked.T).double().numpy()
    lengths = np.sqrt(np.maximum(np.diag(products), 1e-300))
    total = np.array([sum(len(at) for at, _ in each.values()) for each in kept], dtype=float)
    either = total[:, None] + total[None, :]
    overlap = shared / np.maximum(either - shared, 1) - expected / np.maximum(either - expected, 1)
    return Likeness(products / np.outer(lengths, lengths), overlap)
