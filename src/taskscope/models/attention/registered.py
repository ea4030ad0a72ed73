"""Last rows from within one fast pass, by an attention function registered with transformers.

Protocol kernel_regression 5, route 2. Classes that dispatch their attention hand the function what their own
would get: queries and keys after rotation, the mask of the layer, scale, soft cap and sinks. It gives the
output of the stock kernel and, beside it, softmax(scale q K^T + mask) in float32 for one query of every row.
No (token, token) weights of any head are made, let alone kept.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from transformers.masking_utils import AttentionMaskInterface, sdpa_mask
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS, AttentionInterface

from taskscope.errors import ModelError
from taskscope.models.attention.passes import (
    attending_by,
    forward,
    implementation,
    one_logits,
    switches,
)
from taskscope.models.attention.positionwise import in_chunks

if TYPE_CHECKING:
    from taskscope.models.blocks import Anatomy

NAME = "taskscope_last_rows"
CHUNK = 256
"""Tokens that feed-forward parts see at a time, and queries where the class's own function must serve instead
of the stock kernel."""
BEYOND_STOCK = ("softcap", "s_aux", "position_bias")
"""Arguments that change attention in ways that not every version of the stock kernel takes, or tells of."""


@dataclass
class _Reader:
    """What one pass collects."""

    last: Tensor
    """(row,) int64: the query whose weights are wanted."""
    stock: bool
    """Whether the class allows the stock kernel."""
    chunk: int
    block: int = -1
    """The block that runs."""
    found: dict[int, Tensor] = field(default_factory=dict)
    """By block, (row, head, token) float32."""
    twice: set[int] = field(default_factory=set)
    """Blocks that attend more than once, so that no one matrix is theirs."""

    def keep(self, weights: Tensor) -> None:
        """Keep the weights of the block that runs."""
        if self.block in self.found:
            self.twice.add(self.block)
        self.found[self.block] = weights


_reader: ContextVar[_Reader] = ContextVar("reader")


def dispatches(hf: Any) -> bool:
    """Tell whether a class can be given an attention function."""
    return switches(hf) and implementation(hf) != NAME


def read(
    hf: Any, anatomy: Anatomy, ids: Tensor, mask: Tensor, chunk: int = CHUNK
) -> tuple[dict[int, Tensor], Tensor | None]:
    """Read the last rows of a batch.

    Args:
        hf: The model.
        anatomy: The model taken apart.
        ids: (row, token) int64, padded on the right.
        mask: (row, token) int64, 1 for a token and 0 for padding.
        chunk: Tokens taken at a time by what need not see more: feed-forward parts, and the class's own
            attention function where it must serve.

    Returns:
        By block, (row, head, token) float32, zero beyond a row's last token; and the logits (row, token) of
        what follows it, None where the class computes others too.

    Raises:
        ModelError: If a block attends more than once.
    """
    reader = _Reader(mask.sum(1) - 1, bool(getattr(hf, "_supports_sdpa", False)), chunk)
    token = _reader.set(reader)
    try:
        with attending_by(hf, NAME), _watching(anatomy, reader), in_chunks(anatomy.blocks, chunk):
            out = forward(hf, anatomy, last=reader.last, input_ids=ids, attention_mask=mask, use_cache=False)
    finally:
        _reader.reset(token)
    if reader.twice:
        raise ModelError(
            f"blocks {sorted(reader.twice)} attend more than once",
            "blocks whose heads have one row of weights each",
        )
    return reader.found, one_logits(out)


@contextmanager
def _watching(anatomy: Anatomy, reader: _Reader) -> Iterator[None]:
    """Know which block runs: modules do not say, and some are shared between blocks."""
    with ExitStack() as hooks:
        for number, block in enumerate(anatomy.blocks):
            hooks.callback(block.register_forward_pre_hook(_enter(reader, number)).remove)
        yield


def _enter(reader: _Reader, number: int) -> Callable[..., None]:
    def enter(_module: nn.Module, _args: Any) -> None:
        reader.block = number

    return enter


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
    wanted = reader.last[:, None]
    one = query.gather(2, wanted[:, None, :, None].expand(-1, query.shape[1], 1, query.shape[-1])).float()
    mask = additive(attention_mask, wanted, key.shape[2])
    if reader.stock and all(kwargs.get(name) is None for name in BEYOND_STOCK):
        output, _ = ALL_ATTENTION_FUNCTIONS["sdpa"](module, query, key, value, attention_mask, **kwargs)
        reader.keep(_row(one, key, mask, kwargs.get("scaling")))
        return output, None
    own = getattr(sys.modules[type(module).__module__], "eager_attention_forward", None)
    if own is None:
        raise ModelError(
            f"{type(module).__name__} has no attention function of its own to fall back on",
            "a class of which one row of attention can be computed",
        )
    _, weights = own(module, one, key.float(), value.float(), mask, **kwargs)
    reader.keep(weights[:, :, 0])
    outputs = []
    for start in range(0, query.shape[2], reader.chunk):
        part = torch.arange(start, min(start + reader.chunk, query.shape[2]), device=query.device)
        allowed = additive(attention_mask, part.expand(len(query), -1), key.shape[2], query.dtype)
        outputs.append(own(module, query[:, :, part], key, value, allowed, **kwargs)[0])
    return torch.cat(outputs, dim=1), None


def _row(query: Tensor, key: Tensor, mask: Tensor, scaling: float | None) -> Tensor:
    """Return softmax(scale q K^T + mask) of one query: (row, head, token) float32.

    Query heads that share a key head are put side by side, so that no key is repeated.
    """
    rows, heads, _, width = query.shape
    shared = query.reshape(rows, key.shape[1], heads // key.shape[1], width)
    scores = (shared @ key.float().transpose(2, 3)).reshape(rows, heads, -1)
    return (scores * (width**-0.5 if scaling is None else scaling) + mask[:, :, 0]).softmax(-1)


def additive(
    mask: Tensor | None, queries: Tensor, n_tokens: int, dtype: torch.dtype = torch.float32
) -> Tensor:
    """Return the mask of some queries, (row, head or 1, query, n_tokens), to be added to scores.

    The lowest finite number stands for what is not seen: minus infinity would turn a row that sees nothing
    into NaN.

    Args:
        mask: What attention functions get: None for causal, or (row or 1, head or 1, query, token).
        queries: (row, query) int64, which queries.
        n_tokens: Keys that are there; masks may be longer.
        dtype: Of the result.
    """
    lowest = torch.finfo(dtype).min
    if mask is None:
        later = torch.arange(n_tokens, device=queries.device) > queries[:, :, None]
        return later[:, None].to(dtype) * lowest
    some = mask.expand(len(queries), -1, -1, -1)
    index = queries[:, None, :, None].expand(-1, some.shape[1], -1, some.shape[3])
    chosen = some.gather(2, index)[..., :n_tokens]
    if chosen.dtype == torch.bool:
        return (~chosen).to(dtype) * lowest
    return chosen.clamp(min=lowest).to(dtype)


AttentionInterface.register(NAME, _attend)
AttentionMaskInterface.register(NAME, sdpa_mask)
