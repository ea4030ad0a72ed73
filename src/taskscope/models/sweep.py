"""The one-pass layer sweep: every block's residual edited in turn, all in one forward pass.

Protocol task_vectors 6.4: the prompt without its last token is a trunk, and every (condition, block) is a
copy of the last token that grows from it, edited after its own block. Answers of several tokens are checked
without generation (6.10): a column continues with the answer's earlier tokens, and its greedy output equals
the answer if and only if every most likely next token does.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from taskscope.errors import TaskscopeError
from taskscope.models.branching import Branch, Tree
from taskscope.models.encoding import Encoder, Tokens
from taskscope.models.execution import Executor, Vectors
from taskscope.models.patching import Mode
from taskscope.models.work import Edits, Places, Work

Accepted = Mapping[str, Sequence[Sequence[Tokens]]]
"""By name, per prompt, the token tuples of its accepted answers."""


@dataclass(frozen=True)
class Sweep:
    """What the model answers when a block's residual at the last token is edited."""

    conditions: tuple[str, ...]
    blocks: tuple[int, ...]
    first_token: np.ndarray
    """(condition, prompt, block) int64: the most likely next token."""
    correct: dict[str, np.ndarray]
    """By name of answers, (condition, prompt, block) bool: the greedy output is an accepted answer."""
    logprob: dict[str, np.ndarray]
    """By name, (condition, prompt, block) float32: log p of the first token of the first answer, nats; NaN
    where a prompt has no answer of that name."""


def sweep(
    executor: Executor,
    encoder: Encoder,
    prompts: Sequence[str],
    vectors: Mapping[str, np.ndarray],
    answers: Mapping[str, Sequence[Sequence[str]]],
    blocks: Sequence[int],
    mode: Mode = "replace",
) -> Sweep:
    """Edit the last token's residual after each block by each condition's vector, and see what follows.

    Args:
        executor: Runs the passes.
        encoder: Encodes the prompts and answers.
        prompts: Texts.
        vectors: By condition, (prompt, block, d_model), the blocks as in `blocks`.
        answers: By name, per prompt, the accepted answer texts as they follow the prompt; may be empty.
        blocks: Blocks to edit.
        mode: ``replace`` the residual, or ``add`` the vector to it.

    Raises:
        TaskscopeError: If the vectors do not have one row per prompt and block.
        TaskError: If a prompt is too long, or an answer does not start at a token boundary.
    """
    ids = encoder.encode_all(prompts)
    accepted = encoder.answers(prompts, answers)
    columns = Columns(
        executor, look_up_in(vectors, (len(prompts), len(blocks))), mode, len(vectors), ids, tuple(blocks)
    )
    targets = first_targets(accepted, len(prompts))
    top, logprob = columns.predict(targets)
    return Sweep(
        conditions=tuple(vectors),
        blocks=tuple(blocks),
        first_token=top,
        correct=exact_match(columns, top, accepted),
        logprob={name: logprob[..., i] for i, name in enumerate(accepted)},
    )


def first_targets(accepted: Accepted, n_prompts: int) -> np.ndarray:
    """Return (prompt, name) int64: first token of the first accepted answer, -1 where there is none."""
    targets = np.full((n_prompts, len(accepted)), -1, dtype=np.int64)
    for column, by_prompt in enumerate(accepted.values()):
        for prompt, some in enumerate(by_prompt):
            if some:
                targets[prompt, column] = some[0][0]
    return targets


def look_up_in(vectors: Mapping[str, np.ndarray], shape: tuple[int, int]) -> Vectors:
    """Look vectors up by (condition, prompt, block) counted through, without copying them all."""
    tables = list(vectors.values())
    for name, table in vectors.items():
        if table.ndim != 3 or table.shape[:2] != shape:
            raise TaskscopeError(
                f"vectors of {name!r} of shape {table.shape}",
                f"(prompt, block, d_model) with {shape[0]} prompts and {shape[1]} blocks",
            )
    per_table = shape[0] * shape[1]

    def look_up(index: np.ndarray) -> np.ndarray:
        condition, rest = np.divmod(index, per_table)
        prompt, block = np.divmod(rest, shape[1])
        found = np.empty((len(index), tables[0].shape[2]), dtype=np.float32)
        for c in np.unique(condition):
            mine = condition == c
            found[mine] = tables[c][prompt[mine], block[mine]]
        return found

    return look_up


@dataclass(frozen=True)
class Columns:
    """The columns of one sweep: copies of each prompt's last token, one per (condition, block)."""

    executor: Executor
    vectors: Vectors
    mode: Mode
    n_conditions: int
    ids: Sequence[Tokens]
    blocks: tuple[int, ...]

    @property
    def shape(self) -> tuple[int, int, int]:
        """Conditions, prompts, blocks."""
        return self.n_conditions, len(self.ids), len(self.blocks)

    def predict(self, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the most likely token (condition, prompt, block) and log p of the targets (..., name)."""
        condition, block = (x.ravel() for x in np.indices((self.n_conditions, len(self.blocks))))
        works = []
        for prompt in range(len(self.ids)):
            index = np.ravel_multi_index((condition, np.full_like(block, prompt), block), self.shape)
            works.append(self._work(prompt, (), condition, block, out=index[:, None]))
        n = targets.shape[1]
        spread = np.broadcast_to(targets[None, :, None], (*self.shape, n)).reshape(math.prod(self.shape), n)
        found = self.executor.predict(works, spread, self.vectors, self.mode)
        return found.top.reshape(self.shape), found.logprob.reshape(*self.shape, n)

    def _work(
        self, prompt: int, then: Tokens, condition: np.ndarray, block: np.ndarray, out: np.ndarray
    ) -> Work:
        """Make the tree of some columns of a prompt, each continued by the tokens `then`.

        Args:
            prompt: Index of the prompt.
            then: Tokens behind the edited one.
            condition: (column,).
            block: (column,) index in `blocks`.
            out: (column, place) indices to fill; the places are the last tokens of each branch.
        """
        trunk, last = self.ids[prompt][:-1], self.ids[prompt][-1]
        n, at, end = len(block), len(trunk), len(trunk) + 1 + len(then)
        n_places = out.shape[1]
        column = np.arange(n)
        return Work(
            Tree(trunk, (Branch((last, *then), at),) * n),
            Places(np.repeat(column, n_places), np.tile(np.arange(end - n_places, end), n), out.ravel()),
            Edits(
                branch=column,
                position=np.full(n, at),
                block=np.array(self.blocks)[block],
                vector=np.ravel_multi_index((condition, np.full(n, prompt), block), self.shape),
            ),
        )

    def continued(
        self, hits: Mapping[tuple[int, Tokens], np.ndarray]
    ) -> dict[tuple[int, Tokens], np.ndarray]:
        """Check the rest of answers whose first token came out.

        Args:
            hits: By (prompt, answer tokens), (condition, block) bool: columns to check.

        Returns:
            By the same keys, (condition, block) bool: the whole answer came out.
        """
        works, spans, n = [], {}, 0
        for (prompt, answer), columns in hits.items():
            condition, block = np.nonzero(columns)
            out = n + np.arange(len(block) * (len(answer) - 1)).reshape(len(block), -1)
            works.append(self._work(prompt, answer[:-1], condition, block, out))
            spans[prompt, answer] = out
            n += out.size
        if not works:
            return {}
        top = self.executor.predict(works, np.zeros((n, 0), np.int64), self.vectors, self.mode).top
        whole = {}
        for (prompt, answer), out in spans.items():
            right = np.zeros((self.n_conditions, len(self.blocks)), dtype=bool)
            right[hits[prompt, answer]] = (top[out] == np.array(answer[1:])).all(axis=1)
            whole[prompt, answer] = right
        return whole


def exact_match(columns: Columns, top: np.ndarray, accepted: Accepted) -> dict[str, np.ndarray]:
    """Check which columns' greedy output is an accepted answer, token by token (protocol 6.10).

    Args:
        columns: The columns of the sweep.
        top: (condition, prompt, block) int64: the first token that came out.
        accepted: By name, per prompt, the tokens of its accepted answers.

    Returns:
        By name, (condition, prompt, block) bool.
    """
    distinct = {
        (prompt, answer)
        for by_prompt in accepted.values()
        for prompt, some in enumerate(by_prompt)
        for answer in some
    }
    right = {(prompt, answer): top[:, prompt] == answer[0] for prompt, answer in sorted(distinct)}
    right |= columns.continued({key: hit for key, hit in right.items() if len(key[1]) > 1 and hit.any()})
    correct = {}
    for name, by_prompt in accepted.items():
        correct[name] = np.zeros(top.shape, dtype=bool)
        for prompt, some in enumerate(by_prompt):
            for answer in some:
                correct[name][:, prompt] |= right[prompt, answer]
    return correct
