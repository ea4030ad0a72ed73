"""Last rows from within a plain pass of a class that takes no attention function, at its calls into torch.

Protocol kernel_regression 5, route 3, without a line about any family: instead of taking apart how a class
projects, normalises and rotates its query, and which biases it adds, its calls into torch are watched. Where
the stock kernel is called, the row is recomputed from the query, keys and mask handed over, as the registered
function does. Where a class writes its attention out, its own softmax holds the row; there the prompt runs
through the cache in pieces, so that no (token, token) weights are made, only (piece, token) ones.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.nn import functional
from torch.overrides import TorchFunctionMode
from transformers import DynamicCache

from taskscope.errors import ModelError
from taskscope.models.attention.collecting import Collector
from taskscope.models.attention.one_query import additive, picked, weights_of
from taskscope.models.attention.passes import implementation, one_logits
from taskscope.models.attention.positionwise import in_chunks

if TYPE_CHECKING:
    from taskscope.models.blocks import Anatomy

_SOFTMAX = (functional.softmax, torch.softmax, Tensor.softmax)


def read(
    hf: Any, anatomy: Anatomy, ids: Tensor, last: Tensor, piece: int, until: int | None = None
) -> tuple[dict[int, Tensor], Tensor | None]:
    """Read the last rows of a batch.

    Args:
        hf: The model, in the attention implementation that is watched.
        anatomy: The model taken apart.
        ids: (row, token) int64, padded on the right, where no token sees the padding.
        last: (row,) int64, the last token of each row.
        piece: Tokens that feed-forward parts see at a time, and that go through the cache at a time where the
            class writes its attention out.
        until: The last block whose rows are wanted, where the logits are not: what follows its attention is
            left out. None for whole passes.

    Returns:
        By block, (row, head, token) float32, zero beyond a row's last token; and the logits (row, token) of
        what follows it, None where the class computes others too, or passes were left. Classes without a
        cache that write their attention out make the map of one block at a time.

    Raises:
        ModelError: If a block attends more than once, or in a way in which no row of it can be told.
    """
    n = ids.shape[1]
    collector = Collector(last, n, until)
    in_pieces = implementation(hf) != "sdpa" and "past_key_values" in inspect.signature(hf.forward).parameters
    size = piece if in_pieces else n
    # A cache made without a config keeps every token, also of layers with a window.
    cache = DynamicCache() if size < n else None
    logits: list[Tensor | None] = [None] * len(ids)
    with collector.watching(anatomy), in_chunks(anatomy.blocks, piece), _Watch(collector, anatomy.n_heads):
        for start in range(0, n, size):
            stop = min(start + size, n)
            inputs: dict[str, Any] = {"input_ids": ids[:, start:stop], "use_cache": cache is not None}
            if cache is not None:  # some classes learn from the mask alone how many tokens came before
                inputs |= {"past_key_values": cache, "attention_mask": torch.ones_like(ids[:, :stop])}
            found = one_logits(collector.passing(start, stop, hf, anatomy, **inputs))
            if found is not None:
                for row in collector.ends.nonzero()[:, 0].tolist():
                    logits[row] = found[row]
    told = [one for one in logits if one is not None]
    return collector.rows_by_block(), torch.stack(told) if len(told) == len(ids) else None


class _Watch(TorchFunctionMode):
    """Sees what the blocks ask torch to do."""

    def __init__(self, collector: Collector, n_heads: int) -> None:
        super().__init__()
        self.collector, self.n_heads = collector, n_heads

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func is functional.scaled_dot_product_attention:
            self._recompute(*args, **kwargs)
        out = func(*args, **kwargs)
        if func in _SOFTMAX:
            self._take(out)
        return out

    def _recompute(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        attn_mask: Tensor | None = None,
        dropout_p: float = 0.0,
        is_causal: bool = False,
        scale: float | None = None,
        enable_gqa: bool = False,
    ) -> None:
        """Keep the rows of a call of the stock kernel, whose arguments these are, by its names for them."""
        if query.ndim != 4 or query.shape[0] != self.collector.rows:
            raise ModelError(f"attention over queries {tuple(query.shape)}", "(row, head, query, head_dim)")
        which = self.collector.queries
        if attn_mask is None and not is_causal:
            mask = torch.zeros(1, 1, 1, key.shape[2], device=key.device)
        else:
            given = None if attn_mask is None else attn_mask[(None,) * (4 - attn_mask.ndim)]
            mask = additive(given, which[:, None], key.shape[2])
        self.collector.keep(weights_of(picked(query, which), key, mask, scale))

    def _take(self, weights: Tensor) -> None:
        """Keep the rows of a softmax (row, head, query, token) or (row * head, query, token), of no other."""
        collector = self.collector
        shape = (collector.rows, self.n_heads, collector.stop - collector.start)
        if weights.ndim < 3 or weights.numel() != torch.Size(shape).numel() * weights.shape[-1]:
            return
        if weights.shape[-2] == shape[-1]:
            maps = weights.reshape(*shape, -1)
            collector.keep(maps[torch.arange(collector.rows, device=maps.device), :, collector.queries])
