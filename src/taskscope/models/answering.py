"""What the unmodified model says: log p of continuations, and whether it answers right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from taskscope.models.encoding import Encoder, Pair, Tokens
from taskscope.models.execution import Executor
from taskscope.models.forcing import lay


@dataclass(frozen=True)
class Answers:
    """What the unmodified model answers."""

    first_token: np.ndarray
    """(prompt,) int64: the most likely next token."""
    correct: dict[str, np.ndarray]
    """By name of answers, (prompt,) bool: the greedy output is an accepted answer."""
    logprob: dict[str, np.ndarray]
    """By name, (prompt,) float64: log p of the whole first accepted answer, nats; NaN where there is none."""


@dataclass(frozen=True)
class Forced:
    """A continuation forced on the model, token by token."""

    top: np.ndarray
    """(token,) int64: what the model would have said instead, given the tokens before."""
    logprob: np.ndarray
    """(token,) float32: log p of each token of the continuation, nats."""


def force(executor: Executor, pairs: Sequence[Pair]) -> list[Forced]:
    """Force continuations on the model; whatever prompts start alike is encoded once.

    Args:
        executor: Runs the passes.
        pairs: Prompt and continuation tokens. An empty continuation still gives `top` of one token.
    """
    laid = lay(pairs)
    found = executor.predict(laid.works, laid.targets)
    first = np.cumsum(laid.counts) - laid.counts
    return [
        Forced(found.top[start : start + n], found.logprob[start : start + len(continuation), 0])
        for start, n, (_, continuation) in zip(first, laid.counts, pairs, strict=True)
    ]


def score(executor: Executor, encoder: Encoder, requests: Sequence[tuple[str, str]]) -> np.ndarray:
    """Return log p(continuation | prompt), (request,) float64, in nats.

    Summed over the continuation's tokens, each from a float32 log-softmax over the full vocabulary, never
    normalised by length (design numerics 6). After an empty prompt the continuation follows the BOS token.

    Raises:
        TaskError: If a request is too long, or its continuation does not start at a token boundary.
    """
    forced = force(executor, encoder.encode_pairs(requests))
    return np.array([one.logprob.sum(dtype=np.float64) for one in forced], dtype=np.float64)


def answer(
    executor: Executor,
    encoder: Encoder,
    prompts: Sequence[str],
    answers: Mapping[str, Sequence[Sequence[str]]],
) -> Answers:
    """Ask the unmodified model; answers of several tokens by exact match (protocol task_vectors 6.10).

    Args:
        executor: Runs the passes.
        encoder: Encodes the prompts and answers.
        prompts: Texts.
        answers: By name, per prompt, the accepted answer texts as they follow the prompt; may be empty.

    Raises:
        TaskError: If a prompt is too long, or an answer does not start at a token boundary.
    """
    ids = encoder.encode_all(prompts)
    accepted = encoder.answers(prompts, answers)
    asked: dict[tuple[int, Tokens], int] = {}
    for prompt in range(len(prompts)):
        own = [a for by_prompt in accepted.values() for a in by_prompt[prompt]]
        for tokens in own or [()]:
            asked.setdefault((prompt, tokens), len(asked))
    forced = force(executor, [(ids[prompt], tokens) for prompt, tokens in asked])
    first = {prompt: forced[i].top[0] for (prompt, _), i in asked.items()}

    def right(prompt: int, tokens: Tokens) -> bool:
        return bool((forced[asked[prompt, tokens]].top == np.array(tokens)).all())

    def log_p(prompt: int, some: Sequence[Tokens]) -> float:
        return float(forced[asked[prompt, some[0]]].logprob.sum(dtype=np.float64)) if some else np.nan

    return Answers(
        first_token=np.array([first[prompt] for prompt in range(len(prompts))], dtype=np.int64),
        correct={
            name: np.array([any(right(p, a) for a in some) for p, some in enumerate(by_prompt)], dtype=bool)
            for name, by_prompt in accepted.items()
        },
        logprob={
            name: np.array([log_p(p, some) for p, some in enumerate(by_prompt)], dtype=np.float64)
            for name, by_prompt in accepted.items()
        },
    )
