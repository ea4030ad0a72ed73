"""Which of a few label words follows a prompt: log p of every label, prompts given as tokens.

Prompts come as tokens and not as text, because a ciphered prompt is a sequence of tokens that no text encodes
to. Whatever prompts start alike, such as the demonstrations that several queries share, is encoded once.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from taskscope.errors import TaskError
from taskscope.models.answering import force
from taskscope.models.encoding import Encoder, Tokens
from taskscope.models.execution import Executor
from taskscope.models.prefixes import grow
from taskscope.models.work import Places, deal


def label_logprobs(
    executor: Executor, encoder: Encoder, prompts: Sequence[Tokens], labels: Sequence[Sequence[Tokens]]
) -> np.ndarray:
    """Return log p(label | prompt), (prompt, label) float64, in nats.

    Summed over a label's tokens, each from a float32 log-softmax over the full vocabulary, never normalised
    by length. Labels of one token each cost no token of their own.

    Args:
        executor: Runs the passes.
        encoder: Knows the model's context.
        prompts: Token ids, special tokens included.
        labels: For each prompt, the token ids of its labels as they follow it; as many for every prompt.

    Raises:
        TaskError: If a prompt with its longest label is longer than the model takes.
    """
    for prompt, some in zip(prompts, labels, strict=True):
        longest = len(prompt) + max(map(len, some))
        if longest > encoder.context:
            raise TaskError(
                f"a prompt of {longest} tokens with its label",
                f"at most {encoder.context} tokens, the context of this model",
                "fewer or shorter demonstrations",
            )
    if all(len(label) == 1 for some in labels for label in some):
        return _of_one_token(executor, prompts, labels)
    pairs = [(prompt, label) for prompt, some in zip(prompts, labels, strict=True) for label in some]
    sums = [forced.logprob.sum(dtype=np.float64) for forced in force(executor, pairs)]
    return np.array(sums, dtype=np.float64).reshape(len(prompts), -1)


def _of_one_token(
    executor: Executor, prompts: Sequence[Tokens], labels: Sequence[Sequence[Tokens]]
) -> np.ndarray:
    """Read all labels off one distribution after each prompt."""
    forest = grow(prompts)
    places = Places(
        branch=forest.branch,
        position=np.array([len(prompt) - 1 for prompt in prompts], dtype=np.int64),
        out=np.arange(len(prompts)),
    )
    targets = np.array([[token for (token,) in some] for some in labels], dtype=np.int64)
    found = executor.predict(deal(forest.trees, forest.tree, places), targets)
    return found.logprob.astype(np.float64)
