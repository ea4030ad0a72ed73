"""The tuned lens: residuals moved by an affine map of their block before they are read out.

A block may write in a basis that later blocks turn: then the final norm and the head alone (`lens`) read
nothing from it. The map is found by gradient descent such that what is read from a state comes close to what
is read after the last block at the same token (Belrose et al. 2023, arXiv 2303.08112). It starts at the
identity.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from taskscope.models.lens import CHUNK_NUMBERS, read_out
from taskscope.models.patching import to_device

if TYPE_CHECKING:
    from taskscope.models.language_model import LanguageModel

BATCH = 64
"""States of one step."""
RATE = 0.5
"""How far a first step of Adam may move a coordinate by its weights, in usual sizes of a coordinate.

That far if all weights of the coordinate pull one way. Divided by the width, which is their number, it is the
rate of each; so it falls in wide models. The rates of weights and bias fall to nothing over the steps.
"""
BIAS_RATE = 0.03
"""How far a first step may move a coordinate by its bias, in the same sizes: one number, in any width."""
_FLAT = 1e-3
"""Spread of a coordinate, as a share of a state's length, below which it counts as this much."""


@dataclass(frozen=True)
class Translator:
    """The affine map of one block: ``x + size * (weight ((x - mean) / spread) + bias)``, float32."""

    mean: np.ndarray
    """(d_model,) of the states it was tuned on; as is the spread."""
    spread: np.ndarray
    size: float
    """Root mean square of a typical state's coordinates."""
    weight: np.ndarray
    """(d_model, d_model); with this and the bias 0 states stay what they are, bit for bit."""
    bias: np.ndarray
    """(d_model,)."""

    def __call__(self, states: np.ndarray) -> np.ndarray:
        """Translate states (..., d_model)."""
        seen = (states - self.mean) / self.spread
        return states + self.size * (seen @ self.weight.T + self.bias)


def identity(states: np.ndarray) -> Translator:
    """Return the translator of a block that changes nothing, at the scale of its states (state, d_model)."""
    size = float(np.median(np.sqrt((states.astype(np.float64) ** 2).mean(axis=1))))
    width = states.shape[1]
    return Translator(
        mean=states.mean(axis=0, dtype=np.float64).astype(np.float32),
        spread=np.maximum(states.std(axis=0, dtype=np.float64), max(_FLAT * size, 1e-30)).astype(np.float32),
        size=size,
        weight=np.zeros((width, width), np.float32),
        bias=np.zeros(width, np.float32),
    )


def tune(
    model: LanguageModel, states: np.ndarray, finals: np.ndarray, steps: int, rng: np.random.Generator
) -> Translator:
    """Find the translator of one block (Adam, Kullback-Leibler from what is read after the last block).

    Args:
        model: Its final norm and output head read states out; none of its weights changes.
        states: (state, d_model), residuals after the block.
        finals: (state, d_model), residuals after the last block at the same tokens.
        steps: Steps of Adam; with none the translator changes nothing.
        rng: Draws the states of every step.
    """
    start = identity(states)
    mean, spread = (to_device(part, model.device, torch.float32) for part in (start.mean, start.spread))
    with torch.enable_grad():
        weight, bias = (
            torch.nn.Parameter(to_device(part.copy(), model.device, torch.float32))
            for part in (start.weight, start.bias)
        )
        rates = (RATE / states.shape[1], BIAS_RATE)
        optimiser = torch.optim.Adam([{"params": [weight]}, {"params": [bias]}])
        for step in range(steps):
            for group, rate in zip(optimiser.param_groups, rates, strict=True):
                group["lr"] = rate * (1 - step / steps)
            chosen = rng.choice(len(states), min(BATCH, len(states)), replace=False)
            given, wanted = (
                to_device(part[chosen], model.device, torch.float32) for part in (states, finals)
            )
            with torch.no_grad():
                target = _log_p(model, wanted)
            seen = (given - mean) / spread
            said = _log_p(model, given + start.size * (seen @ weight.T + bias))
            loss = (target.exp() * (target - said)).sum(dim=-1).mean()
            # By the map alone: a backward pass would leave gradients in the model's weights.
            weight.grad, bias.grad = torch.autograd.grad(loss, [weight, bias])
            optimiser.step()
    found = (part.detach().cpu().numpy() for part in (weight, bias))
    return Translator(start.mean, start.spread, start.size, *found)


def divergences(model: LanguageModel, states: np.ndarray, finals: np.ndarray) -> np.ndarray:
    """Return how far the read-out of states is from that after the last block, (state,) in nats.

    Kullback-Leibler, from the latter: the expected log p that is lost by believing the former.

    Args:
        model: The model.
        states: (state, d_model), residuals, translated or not.
        finals: (state, d_model), residuals after the last block at the same tokens.
    """
    size = max(1, CHUNK_NUMBERS // model.anatomy.head.get_parameter("weight").shape[0])
    found = []
    for start in range(0, len(states), size):
        part = slice(start, start + size)
        said, wanted = (
            torch.from_numpy(read_out(model, some[part])).log_softmax(dim=-1) for some in (states, finals)
        )
        found.append((wanted.exp() * (wanted - said)).sum(dim=-1).numpy())
    return np.concatenate(found)


def _log_p(model: LanguageModel, states: Tensor) -> Tensor:
    """Read states (state, d_model) out: log p (state, vocabulary), float32."""
    norm, head = model.anatomy.final_norm, model.anatomy.head
    part = states.to(model.hf.dtype)
    return head(part if norm is None else norm(part[None])[0]).float().log_softmax(dim=-1)
