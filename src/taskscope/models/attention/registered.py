"""Last rows from within one fast pass, by an attention function registered with transformers.

Protocol kernel_regression 5, route 2. Classes that dispatch their attention hand the function what their own
would get: queries and keys after rotation, the mask of the layer, scale, soft cap and sinks. It gives the
output of the stock kernel and, beside it, softmax(scale q K^T + mask) in float32 for one query of every row.
No (token, token) weights of any head are made, let alone kept.
"""

from __future__ import annotations

import sys
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from transformers.masking_utils import AttentionMaskInterface, sdpa_mask
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS, AttentionInterface

from taskscope.errors import ModelError
from taskscope.models.attention.collecting import Collector
from taskscope.models.attention.one_query import additive, picked, weights_of
from taskscope.models.attention.passes import attending_by, implementation, one_logits, switches
from taskscope.models.attention.positionwise import in_chunks

if TYPE_CHECKING:
    from taskscope.models.blocks import Anatomy

NAME = "taskscope_last_rows"
BEYOND_STOCK = ("softcap", "s_aux", "position_bias")
"""Arguments that change attention in ways that not every version of the stock kernel takes, or tells of."""


@dataclass(frozen=True)
class _Reader:
    """What the attention function needs to know of the pass that calls it."""

    collector: Collector
    stock: bool
    """Whether the class allows the stock kernel."""
    chunk: int


_reader: ContextVar[_Reader] = ContextVar("reader")


def dispatches(hf: Any) -> bool:
    """Tell whether a class can be given an attention function."""
    return switches(hf) and implementation(hf) != NAME


def read(
    hf: Any, anatomy: Anatomy, ids: Tensor, last: Tensor, chunk: int, until: int | None = None
) -> tuple[dict[int, Tensor], Tensor | None]:
    """Read the last rows of a batch.

    No mask tells of the padding: no token sees what comes after it, and without a mask the kernels skip the
    half of all pairs that is not seen.

    Args:
        hf: The model.
        anatomy: The model taken apart.
        ids: (row, token) int64, padded on the right.
        last: (row,) int64, the last token of each row.
        chunk: Tokens taken at a time by what need not see more: feed-forward parts, and the class's own
            attention function where it must serve.
        until: The last block whose rows are wanted, where the logits are not: its attention and all that
            follows is left out. None for a whole pass.

    Returns:
        By block, (row, head, token) float32, zero beyond a row's last token; and the logits (row, token) of
        what follows it, None where the class computes others too, or the pass was left.

    Raises:
        ModelError: If a block attends more than once.
    """
    n = ids.shape[1]
    collector = Collector(last, n, until)
    token = _reader.set(_Reader(collector, bool(getattr(hf, "_supports_sdpa", False)), chunk))
    try:
        with attending_by(hf, NAME), collector.watching(anatomy), in_chunks(anatomy.blocks, chunk):
            out = collector.passing(0, n, hf, anatomy, input_ids=ids, use_cache=False)
    finally:
        _reader.reset(token)
    return collector.rows_by_block(), one_logits(out)


def _attend(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    **kwargs: Any,
) -> tuple[Tensor, None]:
    """Attend as the class would, and keep the rows that the reader wants.

    Args:
        module: The attention module.
        query: (row, head, query, head_dim).
        key: (row, kv_head, token, head_dim).
        value: (row, kv_head, token, value_dim).
        attention_mask: None for a causal mask, or (row, head or 1, query, token), boolean or additive.
        kwargs: What the class hands over besides.
    """
    reader = _reader.get()
    keep, last = reader.collector.keep, reader.collector.last
    one, mask = picked(query, last), additive(attention_mask, last[:, None], key.shape[2])
    if reader.stock and all(kwargs.get(name) is None for name in BEYOND_STOCK):
        keep(weights_of(one, key, mask, kwargs.get("scaling")))
        output, _ = ALL_ATTENTION_FUNCTIONS["sdpa"](module, query, key, value, attention_mask, **kwargs)
        return output, None
    own = getattr(sys.modules[type(module).__module__], "eager_attention_forward", None)
    if own is None:
        raise ModelError(
            f"{type(module).__name__} has no attention function of its own to fall back on",
            "a class of which one row of attention can be computed",
        )
    _, weights = own(module, one, key.float(), value.float(), mask, **kwargs)
    keep(weights[:, :, 0])
    outputs = []
    for start in range(0, query.shape[2], reader.chunk):
        part = torch.arange(start, min(start + reader.chunk, query.shape[2]), device=query.device)
        allowed = additive(attention_mask, part.expand(len(query), -1), key.shape[2], query.dtype)
        outputs.append(own(module, query[:, :, part], key, value, allowed, **kwargs)[0])
    return torch.cat(outputs, dim=1), None


AttentionInterface.register(NAME, _attend)
AttentionMaskInterface.register(NAME, sdpa_mask)
