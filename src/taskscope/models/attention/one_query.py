"""Attention of one query, computed from what the fast kernels are given: softmax(scale q K^T + mask)."""

from __future__ import annotations

import torch
from torch import Tensor


def picked(query: Tensor, which: Tensor) -> Tensor:
    """Return one query of every row, (row, head, 1, head_dim) float32.

    Args:
        query: (row, head, query, head_dim).
        which: (row,) int64.
    """
    index = which[:, None, None, None].expand(-1, query.shape[1], 1, query.shape[-1])
    return query.gather(2, index).float()


def weights_of(query: Tensor, key: Tensor, mask: Tensor, scaling: float | None) -> Tensor:
    """Return softmax(scale q K^T + mask) of one query: (row, head, token) float32.

    Query heads that share a key head are put side by side, so that no key is repeated.

    Args:
        query: (row, head, 1, head_dim) float32.
        key: (row, kv_head, token, head_dim).
        mask: (row, head or 1, 1, token), to be added.
        scaling: Factor of the products; None for head_dim ** -0.5.
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
