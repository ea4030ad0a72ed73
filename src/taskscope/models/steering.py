"""Writing on while a vector is added to the residual of every new last token (protocol task_vectors FV-5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from taskscope.models.branching import Branch, Tree
from taskscope.models.encoding import Encoder, Tokens
from taskscope.models.execution import Executor
from taskscope.models.work import Edits, Places, Work


def write_on(
    executor: Executor,
    encoder: Encoder,
    prompts: Sequence[str],
    vectors: Mapping[str, np.ndarray],
    block: int,
    n_tokens: int,
) -> dict[str, list[Tokens]]:
    """Write greedily behind every prompt, a vector added after one block at its last token and all new ones.

    Args:
        executor: Runs the passes, one for each token.
        encoder: Encodes the prompts.
        prompts: Texts.
        vectors: By condition, (d_model,) what is added.
        block: After which block.
        n_tokens: Tokens to write; fewer where the context ends.

    Returns:
        By condition, what was written behind each prompt.

    Raises:
        TaskError: If a prompt is too long.
    """
    ids = encoder.encode_all(prompts)
    table = np.stack(list(vectors.values())).astype(np.float32)
    written: list[list[Tokens]] = [[()] * len(table) for _ in prompts]
    for n in range(n_tokens):
        open_ = [p for p, tokens in enumerate(ids) if len(tokens) + n < encoder.context]
        if not open_:
            break
        works = [_work(ids[p], written[p], block, at * len(table)) for at, p in enumerate(open_)]
        none = np.zeros((len(open_) * len(table), 0), dtype=np.int64)
        top = executor.predict(works, none, lambda index: table[index], "add").top
        for p, new in zip(open_, top.reshape(len(open_), -1), strict=True):
            written[p] = [(*then, int(token)) for then, token in zip(written[p], new, strict=True)]
    return {name: [some[c] for some in written] for c, name in enumerate(vectors)}


def _work(tokens: Tokens, written: Sequence[Tokens], block: int, out: int) -> Work:
    """Make a branch per condition: the prompt's last token and what was written, the vector added to all."""
    at, n = len(tokens) - 1, len(written[0]) + 1
    branch = np.arange(len(written))
    edited = np.repeat(branch, n)
    return Work(
        Tree(tokens[:-1], tuple(Branch((*tokens[-1:], *then), at) for then in written)),
        Places(branch, np.full(len(written), at + n - 1), out + branch),
        Edits(edited, np.tile(np.arange(at, at + n), len(written)), np.full(len(edited), block), edited),
    )
