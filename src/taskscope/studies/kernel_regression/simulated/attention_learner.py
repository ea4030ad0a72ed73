"""Small attention-only networks that were trained on in-context linear regression, run without torch (S6).

The setting of von Oswald et al. 2023: token i is [x_i; y_i], the query's is [x; 0] and is no key, a block
adds to every token what its heads read from the demonstrations, and the answer is minus the query's last
entry. There are no norms, biases or feed-forward parts. Without softmax, with keys and queries that read x
and values that read y, a block is exactly a step of gradient descent; whether training finds that is asked.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file
from scipy.special import softmax

WEIGHTS = Path(__file__).parent / "learners"
"""Holds the weights of each learner and `CARD`."""
CARD = "card.json"
PARTS = ("query", "key", "value", "output")


@dataclass(frozen=True)
class AttentionLearner:
    """Weights of a network; width = d + 1."""

    query: np.ndarray
    """(block, head, width, width), applied to a token from the left; so are the others."""
    key: np.ndarray
    value: np.ndarray
    output: np.ndarray
    softmax: bool
    """Whether a head weighs the demonstrations by a softmax of its scores or by the scores themselves."""

    def answer(self, inputs: np.ndarray, targets: np.ndarray, queries: np.ndarray) -> np.ndarray:
        """Answer queries.

        Args:
            inputs: (prompt, k, d).
            targets: (prompt, k).
            queries: (prompt, query, d), each asked alone.

        Returns:
            (prompt, query).
        """
        shown = np.concatenate([inputs, targets[:, :, None]], axis=2)
        asked = np.concatenate([queries, np.zeros((*queries.shape[:2], 1))], axis=2)
        tokens, n = np.concatenate([shown, asked], axis=1), inputs.shape[1]
        for query, key, value, output in zip(self.query, self.key, self.value, self.output, strict=True):
            # (prompt, head, token, width)
            q, k, v = (tokens[:, None, :] @ part.swapaxes(-1, -2) for part in (query, key, value))
            scores = q @ k[:, :, :n].swapaxes(-1, -2)
            weights = softmax(scores, axis=-1) if self.softmax else scores
            tokens = tokens + ((weights @ v[:, :, :n]) @ output.swapaxes(-1, -2)).sum(axis=1)
        return -tokens[:, n:, -1]

    def sensitivity(self, inputs: np.ndarray, targets: np.ndarray, queries: np.ndarray) -> np.ndarray:
        """Gradient (prompt, d) of the answer to one query (prompt, d) each, by central differences."""
        d, step = queries.shape[1], 1e-4
        moved = np.concatenate([step * np.eye(d), -step * np.eye(d)])
        answers = self.answer(inputs, targets, queries[:, None] + moved)
        return (answers[:, :d] - answers[:, d:]) / (2 * step)


def card() -> dict[str, dict[str, Any]]:
    """Return how each shipped learner was trained, by name."""
    return json.loads((WEIGHTS / CARD).read_text(encoding="utf-8"))


def load(name: str) -> AttentionLearner:
    """Load a shipped learner.

    Raises:
        KeyError: If none is called so.
    """
    recipe = card()[name]
    parts = load_file(WEIGHTS / f"{name}.safetensors")
    return AttentionLearner(**{part: parts[part].astype(float) for part in PARTS}, softmax=recipe["softmax"])
