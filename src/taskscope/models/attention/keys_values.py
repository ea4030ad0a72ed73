"""Key and value vectors at chosen tokens, from the cache that a model fills anyway (protocol M4)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor
from transformers import DynamicCache

from taskscope.errors import ModelError, TaskscopeError
from taskscope.models.attention.passes import forward, padded

if TYPE_CHECKING:
    from taskscope.models.blocks import Anatomy
    from taskscope.models.encoding import Tokens
    from taskscope.models.execution import Executor


def keys_values(
    executor: Executor, prompts: Sequence[Tokens], positions: Sequence[Sequence[int]]
) -> tuple[np.ndarray, np.ndarray]:
    """Read keys and values of every block at some tokens of every prompt.

    Keys are those the model compares queries with: after rotation where positions are rotated in, so that
    the same text at another place has other keys.

    Args:
        executor: Makes the batches.
        prompts: Token ids.
        positions: For each prompt, as many tokens of it, counted from its start.

    Returns:
        Keys and values, float32 (prompt, position, block, kv_head, head_dim) each; the two head_dim differ in
        a few families.

    Raises:
        ModelError: If a block keeps no keys and values of its own, as recurrent ones.
        TaskscopeError: If a position lies outside its prompt, or prompts have unequally many.
    """
    where = _checked(prompts, positions)
    keys: list[np.ndarray | None] = [None] * len(prompts)
    values: list[np.ndarray | None] = [None] * len(prompts)

    def run(batch: list[int]) -> None:
        layers = _cached(executor.hf, executor.anatomy, [prompts[i] for i in batch])
        for row, i in enumerate(batch):
            for found, part in ((keys, 0), (values, 1)):
                at = torch.from_numpy(where[i])
                some = [layer[part][row][:, at.to(layer[part].device)].cpu() for layer in layers]
                found[i] = torch.stack(some).permute(2, 0, 1, 3).float().numpy()

    executor.each(prompts, run)
    return np.stack(keys), np.stack(values)  # type: ignore[arg-type]  # every prompt is in a batch


def _checked(prompts: Sequence[Tokens], positions: Sequence[Sequence[int]]) -> np.ndarray:
    """Return (prompt, position) int64."""
    counts = {len(some) for some in positions}
    if len(prompts) != len(positions) or len(counts) != 1:
        raise TaskscopeError(
            f"{sorted(counts)} positions for {len(prompts)} prompts", "as many positions for every prompt"
        )
    where = np.array([list(some) for some in positions], dtype=np.int64).reshape(len(prompts), -1)
    lengths = np.array([len(tokens) for tokens in prompts])
    outside = np.argwhere((where < 0) | (where >= lengths[:, None]))
    if len(outside):
        prompt, at = outside[0]
        raise TaskscopeError(
            f"position {where[prompt, at]} in prompt {prompt}",
            f"a token of it, 0 to {lengths[prompt] - 1}",
        )
    return where


def _cached(hf: Any, anatomy: Anatomy, prompts: Sequence[Tokens]) -> list[tuple[Tensor, Tensor]]:
    """Return keys and values of every block, (row, kv_head, token, head_dim) each."""
    ids, mask = padded(prompts, hf.device)
    inputs = {"input_ids": ids, "attention_mask": mask, "use_cache": True}
    try:
        # A cache made without a config keeps every token, also of layers with a window.
        cache = forward(hf, anatomy, **inputs, past_key_values=DynamicCache()).past_key_values
        layers = [(layer.keys, layer.values) for layer in cache.layers]
    except (TypeError, ValueError, AttributeError, NotImplementedError, IndexError, KeyError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise _none(hf, reason) from error
    whole = len(layers) == len(anatomy.blocks) and all(
        isinstance(part, Tensor) and part.ndim == 4 and (part.shape[0], part.shape[2]) == ids.shape
        for layer in layers
        for part in layer
    )
    shapes = {tuple((part.shape[1], part.shape[3]) for part in layer) for layer in layers} if whole else set()
    if len(shapes) != 1:
        raise _none(hf, "not every block keeps keys and values of one shape for every token")
    return layers


def _none(hf: Any, reason: str) -> ModelError:
    return ModelError(
        f"{type(hf).__name__} does not give its keys and values: {reason}",
        "a class whose blocks all have softmax attention and fill a cache",
    )
