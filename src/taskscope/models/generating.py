"""Writing on greedily from prompts given as tokens, with the keys and values of earlier tokens kept.

Only prompts of one length share a batch. So no row is padded, and what a model makes of positions, windows or
states is what it makes of a single prompt, in every family: padding inside a cache is where batches go wrong.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from inspect import signature
from typing import Any

import torch
from torch import Tensor

from taskscope.errors import TaskError
from taskscope.models.batching import is_out_of_memory, out_of_memory
from taskscope.models.encoding import Tokens


def write(
    hf: Any, prompts: Sequence[Tokens], limit: int, ends: frozenset[int], context: int, budget: int
) -> list[Tokens]:
    """Write greedily behind every prompt.

    Args:
        hf: The Hugging Face model, in evaluation mode.
        prompts: Token ids, special tokens included, none empty.
        limit: Tokens to write at most.
        ends: Tokens that end a text; they are no part of it.
        context: Longest sequence that the model takes.
        budget: Tokens of a batch, those to be written included.

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
            for place, written in zip(own, _batch(hf, [prompts[p] for p in own], limit, ends), strict=True):
                found[place] = written
    return found


def _batch(hf: Any, prompts: Sequence[Tokens], limit: int, ends: frozenset[int]) -> list[Tokens]:
    """Write behind prompts of one length; halves are written one after the other where memory runs out."""
    try:
        with torch.no_grad():
            ids = _written(hf, torch.tensor(prompts, device=hf.device), limit, ends)
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        ids = None
    if ids is not None:
        return [_until(row, ends) for row in ids.tolist()]
    if len(prompts) == 1:
        raise out_of_memory(len(prompts[0]) + limit)
    middle = len(prompts) // 2
    return [*_batch(hf, prompts[:middle], limit, ends), *_batch(hf, prompts[middle:], limit, ends)]


def _written(hf: Any, ids: Tensor, limit: int, ends: frozenset[int]) -> Tensor:
    """Return what is written behind rows of one length, (row, token); all rows until the last has ended."""
    last_only = {"logits_to_keep": 1} if "logits_to_keep" in signature(hf.forward).parameters else {}
    stops = torch.tensor(sorted(ends), device=ids.device)
    open_ = torch.ones(len(ids), dtype=torch.bool, device=ids.device)
    cache, whole, new = None, ids, ids
    for _ in range(limit):
        kept = {} if cache is None else {"past_key_values": cache}
        output = hf(input_ids=new, use_cache=True, **kept, **last_only)
        cache = getattr(output, "past_key_values", None)
        token = output.logits[:, -1].argmax(-1, keepdim=True)
        whole = torch.cat([whole, token], dim=1)
        open_ &= ~torch.isin(token[:, 0], stops)
        if not open_.any():
            break
        # A family that keeps its state elsewhere is read from the start again, which is slow and right.
        new = whole if cache is None else token
    return whole[:, ids.shape[1] :]


def _until(tokens: Sequence[int], ends: frozenset[int]) -> Tokens:
    """Cut what was written at the first token that ends a text."""
    for place, token in enumerate(tokens):
        if token in ends:
            return tuple(tokens[:place])
    return tuple(tokens)
