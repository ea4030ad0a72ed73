"""The mean residual over all tokens of a text: a plain embedding of it by the model itself."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from taskscope.models.branching import Branch, Tree
from taskscope.models.encoding import Tokens
from taskscope.models.execution import Executor
from taskscope.models.work import Edits, Places, Work

AT_A_TIME = 1 << 14
"""Tokens whose residuals are held at a time, roughly."""


def mean_states(executor: Executor, prompts: Sequence[Tokens], block: int) -> np.ndarray:
    """Average the residual after a block over the tokens of each prompt, float32 (prompt, d_model).

    Special tokens that the tokenizer puts in front count too, as the model reads them.

    Args:
        executor: Runs the passes.
        prompts: Token ids, at least one for each prompt.
        block: The block.
    """
    found, group, held = [], [], 0
    for number, tokens in enumerate(prompts):
        group.append(tokens)
        held += len(tokens)
        if held >= AT_A_TIME or number == len(prompts) - 1:
            found.append(_of_group(executor, group, block))
            group, held = [], 0
    return np.concatenate(found)


def _of_group(executor: Executor, prompts: Sequence[Tokens], block: int) -> np.ndarray:
    lengths = np.array([len(tokens) for tokens in prompts])
    starts = np.cumsum(lengths) - lengths
    works = [
        Work(
            Tree(tokens[:-1], (Branch(tokens[-1:], len(tokens) - 1),)),
            Places(np.zeros(n, np.int64), np.arange(n), start + np.arange(n)),
            Edits.none(),
        )
        for tokens, n, start in zip(prompts, lengths, starts, strict=True)
    ]
    states = executor.read(works, int(lengths.sum()), (block,), "residual")[:, 0]
    return np.add.reduceat(states, starts, axis=0) / lengths[:, None].astype(np.float32)
