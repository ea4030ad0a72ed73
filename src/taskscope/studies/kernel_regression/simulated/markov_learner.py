"""Small transformers that were trained on documents of a world of S1, run without torch (section 8).

A decoder of the usual kind: token vectors, then blocks of causal attention with rotary places and of a
feed-forward part with squared rectifiers, each reading a normed state; no gains and no biases. Nothing in it
knows of tasks, hidden states or kernels.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file
from scipy.special import log_softmax, softmax

from taskscope.theory.hidden_markov import TaskMixture, draw

WEIGHTS = Path(__file__).parent / "markov_learners"
"""Holds weights and world of each learner and `CARD`."""
CARD = "card.json"
INSIDE = ("query", "key", "value", "output", "up", "down")
WORLD = ("transitions", "emissions", "starts", "block_of", "prior")
_SMALLEST = float(np.finfo(np.float32).eps)


@dataclass(frozen=True)
class MarkovLearner:
    """Weights of a network, and the world whose documents it was trained on; float32."""

    embedding: np.ndarray
    """(token, width); the last token is the delimiter."""
    reading: np.ndarray
    """(token, width) of the output."""
    inside: dict[str, np.ndarray]
    """(block, out, in) by the names of `INSIDE`, applied from the left."""
    heads: int
    world: TaskMixture
    length: int
    """Tokens of an input."""
    examples: int
    """Of a document in training."""

    def log_law(self, tokens: np.ndarray) -> np.ndarray:
        """Return the log law (document, position, token) of what follows each of the tokens, in nats.

        Args:
            tokens: (document, position), as `documents` writes them.
        """
        states = self.embedding[tokens]
        n, positions, width = states.shape
        turn = rotation(positions, width // self.heads)
        ahead = np.triu(np.full((positions, positions), -np.inf, np.float32), 1)

        def split(matrix: np.ndarray, read: np.ndarray) -> np.ndarray:
            return (read @ matrix.T).reshape(n, positions, self.heads, -1).transpose(0, 2, 1, 3)

        for query, key, value, output, up, down in zip(*(self.inside[part] for part in INSIDE), strict=True):
            read = _normed(states)
            q, k = (_turned(split(matrix, read), *turn) for matrix in (query, key))
            scores = q @ k.swapaxes(-1, -2) / np.float32(np.sqrt(width // self.heads))
            mixed = softmax(scores + ahead, axis=-1) @ split(value, read)
            states = states + mixed.transpose(0, 2, 1, 3).reshape(n, positions, width) @ output.T
            states = states + np.maximum(_normed(states) @ up.T, 0) ** 2 @ down.T
        return log_softmax((_normed(states) @ self.reading.T).astype(float), axis=-1)

    def label_law(self, tokens: np.ndarray) -> np.ndarray:
        """Return the law (document, example, token) of each example's label, given all that is before it."""
        asked = self.log_law(tokens)[:, self.length :: self.length + 2]
        # A label is never a delimiter; what the network leaves to it is shared out.
        return softmax(asked[:, :, :-1], axis=-1)


def documents(
    mixture: TaskMixture, n: int, examples: int, length: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Draw documents, each of one task: prompts of S1 with an exact reset.

    Returns:
        strings: (document, example, position) inputs of `length` tokens and their labels.
        tokens: (document, token) what a network reads: a delimiter in front of every example.
    """
    task = rng.choice(len(mixture.prior), size=n, p=mixture.prior)
    strings = draw(mixture, np.repeat(task, examples), length + 1, rng).reshape(n, examples, length + 1)
    delimiters = np.full((n, examples, 1), mixture.n_tokens)
    return strings, np.concatenate([delimiters, strings], axis=2).reshape(n, -1)


@cache
def rotation(positions: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Return cosine and sine (position, width / 2) of the angles by which places turn queries and keys."""
    rates = 1000.0 ** -(np.arange(0, width, 2) / width)
    angles = np.arange(positions)[:, None] * rates
    return np.cos(angles).astype(np.float32), np.sin(angles).astype(np.float32)


def card() -> dict[str, dict[str, Any]]:
    """Return how each shipped learner was trained, by name."""
    return json.loads((WEIGHTS / CARD).read_text(encoding="utf-8"))


def load(name: str) -> MarkovLearner:
    """Load a shipped learner.

    Raises:
        KeyError: If none is called so.
    """
    recipe = card()[name]
    kept = load_file(WEIGHTS / f"{name}.safetensors")
    weights = {part: kept[part].astype(np.float32) for part in (*INSIDE, "embedding", "reading")}
    return MarkovLearner(
        embedding=weights["embedding"],
        reading=weights["reading"],
        inside={part: weights[part] for part in INSIDE},
        heads=recipe["heads"],
        world=TaskMixture(**{part: kept[part] for part in WORLD}),
        length=recipe["length"],
        examples=recipe["examples"],
    )


def _normed(states: np.ndarray) -> np.ndarray:
    return states / np.sqrt((states**2).mean(axis=-1, keepdims=True) + _SMALLEST)


def _turned(vectors: np.ndarray, cosine: np.ndarray, sine: np.ndarray) -> np.ndarray:
    a, b = np.split(vectors, 2, axis=-1)
    return np.concatenate([a * cosine - b * sine, a * sine + b * cosine], axis=-1)
