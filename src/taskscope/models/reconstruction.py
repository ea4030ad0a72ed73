"""Vectors made to say in the output vocabulary what other vectors say, and nothing else (FV-7).

If a vector works because of the words that can be read from it, another vector from which the same words can
be read should work as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch

from taskscope.models.lens import read_out
from taskscope.models.patching import to_device

if TYPE_CHECKING:
    from taskscope.models.language_model import LanguageModel

RATE = 0.5
"""Of Adam, as published."""


def reconstruct(
    model: LanguageModel, vectors: np.ndarray, start: np.ndarray, steps: int, tops: Sequence[int | None]
) -> tuple[np.ndarray, np.ndarray]:
    """Turn random vectors into ones whose read-out is that of given vectors (cross-entropy, Adam).

    Args:
        model: Its final norm and output head read vectors out.
        vectors: (vector, d_model), to be imitated.
        start: (vector, d_model), random.
        steps: Steps of Adam.
        tops: By vector, imitate only the most likely so many tokens, their probabilities made to add up to
            1; None for all tokens.

    Returns:
        The vectors found, scaled to the length of those they imitate, (vector, d_model) float32; and how far
        their read-outs are from what they imitate, (vector,) in nats (Kullback-Leibler).
    """
    logits = read_out(model, vectors)
    wanted = torch.from_numpy(np.stack([_wanted(row, top) for row, top in zip(logits, tops, strict=True)]))
    wanted = wanted.to(model.device)
    entropy = -(wanted * wanted.clamp_min(1e-30).log()).sum(dim=-1)
    norm, head = model.anatomy.final_norm, model.anatomy.head
    with torch.enable_grad():
        # A copy: Adam moves its parameters in place, and a tensor made of an array shares its memory.
        found = torch.nn.Parameter(to_device(start.copy(), model.device, torch.float32))
        optimiser = torch.optim.Adam([found], lr=RATE)

        def distance() -> torch.Tensor:
            states = found.to(model.hf.dtype)
            logits = head(states if norm is None else norm(states[None])[0]).float()
            return -(wanted * logits.log_softmax(dim=-1)).sum(dim=-1) - entropy

        for _ in range(steps):
            # By the vectors alone: a backward pass would leave gradients in the model's weights.
            (found.grad,) = torch.autograd.grad(distance().sum(), [found])
            optimiser.step()
        left = distance().detach().cpu().numpy()
    made = found.detach().cpu().numpy()
    length = np.linalg.norm(vectors, axis=-1, keepdims=True) / np.linalg.norm(made, axis=-1, keepdims=True)
    return (made * length).astype(np.float32), left


def _wanted(logits: np.ndarray, top: int | None) -> np.ndarray:
    """Probabilities (vocabulary,) float32, those beyond the `top` most likely tokens set to 0."""
    if top is not None and top < len(logits):
        logits = np.where(logits >= np.partition(logits, -top)[-top], logits, -np.inf)
    shares = np.exp(logits - logits.max())
    return (shares / shares.sum()).astype(np.float32)
