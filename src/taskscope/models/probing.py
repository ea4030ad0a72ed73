"""A few questions about a few prompts, each the unmodified model or with one residual replaced.

Replacing the last block's output by the residual of an earlier block is the logit lens: exactly the final
norm, output head, scaling and softcap of the model's own class follow, whatever they are. The questions about
one prompt are columns: copies of its last token in one tree (protocol task_vectors 6.4).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from taskscope.models.branching import Branch, Tree
from taskscope.models.encoding import Encoder, Tokens
from taskscope.models.execution import Executor
from taskscope.models.work import Edits, Places, Work


@dataclass(frozen=True)
class Column:
    """One question about what follows a prompt."""

    prompt: int
    """Index of the prompt."""
    block: int = -1
    """Block after which the residual of the prompt's last token is replaced; -1 for the unmodified model."""
    vector: np.ndarray | None = None
    """(d_model,) what replaces it."""
    then: Tokens = ()
    """Tokens that follow the prompt; what comes after them is asked."""


def distributions(
    executor: Executor, encoder: Encoder, prompts: Sequence[str], columns: Sequence[Column]
) -> np.ndarray:
    """Return log p of the next token of every column, (column, vocabulary) float32, nats.

    Raises:
        TaskError: If a prompt is too long.
    """
    works = _works(encoder.encode_all(prompts), columns)
    return executor.distributions(works, len(columns), lambda index: _vectors(columns, index))


def complete(
    executor: Executor,
    encoder: Encoder,
    prompts: Sequence[str],
    columns: Sequence[Column],
    ended: Callable[[Tokens], bool],
    limit: int,
) -> list[Tokens]:
    """Write on after every column, greedily, one pass per token; an edit stays where it was made.

    Args:
        executor: Runs the passes.
        encoder: Encodes the prompts.
        prompts: Texts.
        columns: Where to go on from; `then` holds what is written already.
        ended: Says whether what was written is complete.
        limit: Tokens written at most, those in `then` included; also ends where the context does.

    Returns:
        What each column wrote, `then` included.
    """
    ids = encoder.encode_all(prompts)
    columns = list(columns)
    for _ in range(limit):
        open_ = [
            c
            for c, column in enumerate(columns)
            if len(column.then) < limit
            and not ended(column.then)
            and len(ids[column.prompt]) + len(column.then) < encoder.context
        ]
        if not open_:
            break
        asked = [columns[c] for c in open_]
        found = executor.predict(
            _works(ids, asked),
            np.zeros((len(asked), 0), dtype=np.int64),
            lambda index, asked=asked: _vectors(asked, index),
        )
        for c, token in zip(open_, found.top, strict=True):
            columns[c] = replace(columns[c], then=(*columns[c].then, int(token)))
    return [column.then for column in columns]


def force(
    executor: Executor, encoder: Encoder, prompts: Sequence[str], columns: Sequence[Column], answer: Tokens
) -> np.ndarray:
    """Return log p of a whole answer after every column, (column,) float64, nats, in one pass.

    Args:
        executor: Runs the pass.
        encoder: Encodes the prompts.
        prompts: Texts.
        columns: Where the answer follows.
        answer: Its tokens, at least one.
    """
    asked = [replace(column, then=answer[:n]) for column in columns for n in range(len(answer))]
    targets = np.tile(np.array(answer, dtype=np.int64), len(columns))[:, None]
    works = _works(encoder.encode_all(prompts), asked)
    found = executor.predict(works, targets, lambda index: _vectors(asked, index))
    return found.logprob.reshape(len(columns), len(answer)).sum(axis=1, dtype=np.float64)


def _works(ids: Sequence[Tokens], columns: Sequence[Column]) -> list[Work]:
    """Make one tree of the columns of each prompt; a column fills the place of its own number."""
    works = []
    for prompt, tokens in enumerate(ids):
        mine = [c for c, column in enumerate(columns) if column.prompt == prompt]
        if mine:
            works.append(_work(tokens, mine, columns))
    return works


def _work(tokens: Tokens, mine: Sequence[int], columns: Sequence[Column]) -> Work:
    at = len(tokens) - 1
    edited = [(branch, c) for branch, c in enumerate(mine) if columns[c].block >= 0]
    return Work(
        Tree(tokens[:-1], tuple(Branch((*tokens[-1:], *columns[c].then), at) for c in mine)),
        Places(
            branch=np.arange(len(mine)),
            position=np.array([at + len(columns[c].then) for c in mine], dtype=np.int64),
            out=np.array(mine, dtype=np.int64),
        ),
        Edits(
            branch=np.array([branch for branch, _ in edited], dtype=np.int64),
            position=np.full(len(edited), at),
            block=np.array([columns[c].block for _, c in edited], dtype=np.int64),
            vector=np.array([c for _, c in edited], dtype=np.int64),
        ),
    )


def _vectors(columns: Sequence[Column], index: np.ndarray) -> np.ndarray:
    found = [columns[c].vector for c in index]
    return np.stack([vector for vector in found if vector is not None]).astype(np.float32)
