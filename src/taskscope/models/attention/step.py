"""Last rows from a cache: the prompt but its last token in one fast pass, then one token in eager mode.

Protocol kernel_regression 5, route 1. Serves every class that keeps a cache and hands out eager weights, for
one query has one row of weights per head.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from taskscope.errors import ModelError
from taskscope.models.attention.full_map import by_block
from taskscope.models.attention.passes import attending_by, forward, one_logits

if TYPE_CHECKING:
    from taskscope.models.blocks import Anatomy


def read(hf: Any, anatomy: Anatomy, ids: Tensor) -> tuple[dict[int, Tensor], Tensor | None]:
    """Read the last rows of prompts of one length.

    The cache is made here and dropped here, for the step changes it.

    Args:
        hf: The model.
        anatomy: The model taken apart.
        ids: (row, token) int64, without padding.

    Returns:
        By block, (row, head, token) float32; and the logits (row, token) of what follows. Layers with a
        window give only the columns they see, which are the last ones.

    Raises:
        ModelError: If the class keeps no cache, or gives no weights for a step.
    """
    n = ids.shape[1]
    inputs: dict[str, Any] = {"attention_mask": torch.ones_like(ids)}
    if n > 1:
        cache = getattr(forward(hf, anatomy, input_ids=ids[:, :-1], use_cache=True), "past_key_values", None)
        if cache is None:
            raise ModelError("the model keeps no cache", "a class that remembers keys and values")
        inputs["past_key_values"] = cache
    with attending_by(hf, "eager"):
        out = forward(hf, anatomy, input_ids=ids[:, -1:], use_cache=True, output_attentions=True, **inputs)
    found = {}
    for block, weights in by_block(list(getattr(out, "attentions", None) or ()), anatomy):
        if not isinstance(weights, Tensor) or weights.ndim != 4 or weights.shape[2] != 1:
            continue
        seen = weights[:, :, 0, -n:].float()
        found[block] = torch.nn.functional.pad(seen, (n - seen.shape[-1], 0))
    return found, one_logits(out)
