"""Residuals and head outputs of many prompts; prompts that start alike are packed as one tree."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from taskscope.errors import TaskscopeError
from taskscope.models.encoding import Encoder, Tokens
from taskscope.models.execution import Executor
from taskscope.models.prefixes import grow
from taskscope.models.reading import What
from taskscope.models.work import Places, deal


def capture(
    executor: Executor,
    encoder: Encoder,
    prompts: Sequence[str],
    blocks: Sequence[int],
    position: int | Sequence[int],
    what: What,
) -> np.ndarray:
    """Read blocks at one token of every prompt (protocol task_vectors 6.2, 6.3).

    Args:
        executor: Runs the passes.
        encoder: Encodes the prompts.
        prompts: Texts.
        blocks: Blocks to read.
        position: Token to read, for all prompts or for each; negative counts from the end.
        what: ``residual`` after the block, or ``heads``, the input of the attention output projection.

    Returns:
        float32 (prompt, block, d_model), or (prompt, block, n_heads, head_dim).

    Raises:
        TaskError: If a prompt is too long.
        TaskscopeError: If a position lies outside its prompt.
    """
    ids = encoder.encode_all(prompts)
    forest = grow(ids)
    places = Places(forest.branch, _positions(ids, position), np.arange(len(ids)))
    return executor.read(deal(forest.trees, forest.tree, places), len(ids), blocks, what)


def _positions(ids: Sequence[Tokens], position: int | Sequence[int]) -> np.ndarray:
    lengths = np.array([len(tokens) for tokens in ids], dtype=np.int64)
    wanted = np.broadcast_to(np.asarray(position, dtype=np.int64), lengths.shape)
    found = np.where(wanted < 0, wanted + lengths, wanted)
    outside = np.nonzero((found < 0) | (found >= lengths))[0]
    if len(outside):
        first = int(outside[0])
        raise TaskscopeError(
            f"position {wanted[first]} in prompt {first}", f"a token of it; it has {lengths[first]} tokens"
        )
    return found
