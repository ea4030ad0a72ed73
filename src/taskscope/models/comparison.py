"""Comparing predictions of one model: the same prompts and tokens each time, and what counts as rounding."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import torch

TOLERANCE = {torch.float64: 1e-4, torch.float32: 1e-4, torch.float16: 1e-2, torch.bfloat16: 5e-2}
"""Largest difference that counts as rounding, as a share of the spread of the log-probabilities.

Ten times as strict in float32 as protocol 6.12: rounding is a hundredth of this, and being too strict costs
time (rows), being too lax costs exactness.
"""
N_TARGETS = 64
"""Tokens of the vocabulary whose log-probabilities are compared."""


def sample_prompts(hf: Any, lengths: tuple[int, ...]) -> list[tuple[int, ...]]:
    """Make prompts of ordinary tokens, the same ones every time."""
    special = {
        value for name, value in vars(hf.config).items() if name.endswith(("_token_id", "_token_index"))
        if isinstance(value, int)
    }  # fmt: skip
    ordinary = np.array([token for token in range(vocabulary(hf)) if token not in special])
    stream = np.resize(np.random.default_rng(0).permutation(ordinary), sum(lengths)).tolist()
    ends = np.cumsum(lengths).tolist()
    return [tuple(stream[end - n : end]) for n, end in zip(lengths, ends, strict=True)]


def vocabulary(hf: Any) -> int:
    """Return the number of tokens that the model embeds."""
    return int(hf.get_input_embeddings().weight.shape[0])


def rounding(hf: Any, logprob: np.ndarray) -> float:
    """Return the largest difference in nats that counts as rounding for log-probabilities like these."""
    return TOLERANCE.get(hf.dtype, TOLERANCE[torch.float32]) * float(np.ptp(logprob))


def spread_targets(hf: Any) -> np.ndarray:
    """Return (target,) token ids spread evenly over the vocabulary that is predicted."""
    size = vocabulary(hf)
    return np.unique(np.linspace(0, size - 1, N_TARGETS).astype(np.int64))


def plain_logprobs(
    hf: Any, tokens: tuple[int, ...], n: int, targets: np.ndarray, *, masked: bool = False
) -> np.ndarray:
    """Return log p of the targets after the first n tokens, the model given all of them in a call of its own.

    Args:
        hf: The Hugging Face model.
        tokens: All the tokens.
        n: How many of them come before the prediction.
        targets: (target,) token ids.
        masked: Whether to pass a mask of ones too, which classes treat in two ways that must not differ.
    """
    ids = torch.tensor([tokens], device=hf.device)
    takes_mask = "attention_mask" in inspect.signature(hf.forward).parameters
    mask = {"attention_mask": torch.ones_like(ids)} if masked and takes_mask else {}
    with torch.no_grad():
        logits = hf(input_ids=ids, use_cache=False, **mask).logits[0, n - 1]
    return logits.float().log_softmax(-1)[torch.from_numpy(targets).to(logits.device)].cpu().numpy()


def largest_difference(a: np.ndarray, b: np.ndarray) -> float:
    """Return the largest absolute difference; infinite where either holds what is not a number."""
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        return float("inf")
    return float(np.abs(a - b).max())
