"""Writing on from prompts given as tokens, with the keys and values of earlier tokens kept.

Only prompts of one length share a batch. So no row is padded, and what a model makes of positions, windows or
states is what it makes of a single prompt, in every family: padding inside a cache is where batches go wrong.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from inspect import signature
from typing import Any

import numpy as np
import torch
from torch import Tensor

from taskscope.errors import TaskError
from taskscope.models.batching import is_out_of_memory, out_of_memory
from taskscope.models.encoding import Tokens


@dataclass(frozen=True)
class Draws:
    """How tokens are drawn where the likeliest are not taken.

    What is written behind a prompt depends on its own numbers alone, never on the batch it is in.
    """

    temperature: float
    """Above 0; by it the logits are divided."""
    uniforms: np.ndarray
    """float64 (prompt, token), from 0 to below 1, as many tokens as are written at most: where in the summed
    probabilities, in the order of the vocabulary, each token lies."""

    def of(self, prompts: Sequence[int] | slice) -> Draws:
        """Return those of some prompts."""
        return Draws(self.temperature, self.uniforms[prompts])


def write(
    hf: Any,
    prompts: Sequence[Tokens],
    limit: int,
    ends: frozenset[int],
    context: int,
    budget: int,
    draws: Draws | None = None,
) -> list[Tokens]:
    """Write behind every prompt.

    Args:
        hf: The Hugging Face model, in evaluation mode.
        prompts: Token ids, special tokens included, none empty.
        limit: Tokens to write at most.
        ends: Tokens that end a text; they are no part of it.
        context: Longest sequence that the model takes.
        budget: Tokens of a batch, those to be written included.
        draws: How tokens are drawn; None takes the likeliest.

    Returns:
        For each prompt what was written.

    Raises:
        TaskError: If a prompt leaves no room to write.
        ModelError: If a single prompt does not fit into memory.
    """
    by_length: dict[int, list[int]] = defaultdict(list)
    for place, prompt in enumerate(prompts):
        by_length[len(prompt)].append(place)
    found: list[Tokens] = [()] * len(prompts)
    for length, places in sorted(by_length.items(), reverse=True):
        if length + limit > context:
            raise TaskError(
                f"a prompt of {length} tokens to write {limit} behind",
                f"at most {context} tokens, the context of this model",
            )
        size = max(1, budget // (length + limit))
        for start in range(0, len(places), size):
            own = places[start : start + size]
            drawn = None if draws is None else draws.of(own)
            texts = _batch(hf, [prompts[p] for p in own], limit, ends, drawn)
            for place, written in zip(own, texts, strict=True):
                found[place] = written
    return found


def _batch(
    hf: Any, prompts: Sequence[Tokens], limit: int, ends: frozenset[int], draws: Draws | None
) -> list[Tokens]:
    """Write behind prompts of one length; halves are written one after the other where memory runs out."""
    try:
        with torch.no_grad():
            ids = _written(hf, torch.tensor(prompts, device=hf.device), limit, ends, draws)
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        ids = None
    if ids is not None:
        return [_until(row, ends) for row in ids.tolist()]
    if len(prompts) == 1:
        raise out_of_memory(len(prompts[0]) + limit)
    middle = len(prompts) // 2
    return [
        text
        for half in (slice(middle), slice(middle, None))
        for text in _batch(hf, prompts[half], limit, ends, None if draws is None else draws.of(half))
    ]


def _written(hf: Any, ids: Tensor, limit: int, ends: frozenset[int], draws: Draws | None) -> Tensor:
    """Return what is written behind rows of one length, (row, token); all rows until the last has ended."""
    last_only = {"logits_to_keep": 1} if "logits_to_keep" in signature(hf.forward).parameters else {}
    stops = torch.tensor(sorted(ends), device=ids.device)
    open_ = torch.ones(len(ids), dtype=torch.bool, device=ids.device)
    cache, whole, new = None, ids, ids
    for place in range(limit):
        kept = {} if cache is None else {"past_key_values": cache}
        output = hf(input_ids=new, use_cache=True, **kept, **last_only)
        cache = getattr(output, "past_key_values", None)
        token = _next(output.logits[:, -1], place, draws)
        whole = torch.cat([whole, token], dim=1)
        open_ &= ~torch.isin(token[:, 0], stops)
        if not open_.any():
            break
        # A family that keeps its state elsewhere is read from the start again, which is slow and right.
        new = whole if cache is None else token
    return whole[:, ids.shape[1] :]


def _next(logits: Tensor, place: int, draws: Draws | None) -> Tensor:
    """Choose the next token of every row by logits (row, vocabulary), (row, 1)."""
    if draws is None:
        return logits.argmax(-1, keepdim=True)
    # In double precision on the processor: not every accelerator has it.
    summed = (logits.cpu().double() / draws.temperature).softmax(-1).cumsum(-1)
    at = torch.from_numpy(draws.uniforms[:, place])[:, None]
    return (summed <= at * summed[:, -1:]).sum(-1, keepdim=True).to(logits.device)


def _until(tokens: Sequence[int], ends: frozenset[int]) -> Tokens:
    """Cut what was written at the first token that ends a text."""
    for place, token in enumerate(tokens):
        if token in ends:
            return tuple(tokens[:place])
    return tuple(tokens)
