"""Next-token laws of texts run alone, and how alike the laws of two texts are (protocol M3, section 5).

Used inside measuring alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from taskscope.models.probing import Column
from taskscope.studies.kernel_regression.draws import Question

if TYPE_CHECKING:
    from taskscope.models.language_model import LanguageModel

KINDS = ("dot", "cosine", "hellinger")
"""P(o|x)^T P(o|x') as published; the same between laws of length 1; and the sum of root(P P')."""
HELD = 1 << 26
"""Probabilities held at a time: a quarter of a gigabyte, and twice that while they are made."""

Write = Callable[[str], str]
"""Writes the text of a query or demonstration as it is run alone."""


def similarities(model: LanguageModel, questions: Sequence[Question], write: Write) -> np.ndarray:
    """Compare the law after each query with those after its demonstrations.

    Laws are over the full vocabulary, in float32. Questions come in groups whose laws fit in memory; in a
    group every different text is run once.

    Returns:
        float64 (question, kind, demonstration), the kinds as in `KINDS`.
    """
    found = []
    for group, held, place in in_groups(model, questions, write):
        rows = np.array([[place[write(t.text)] for t in (q.query, *q.demonstrations)] for q in group])
        found.append(np.stack([compare(held[own[:1]], held[own[1:]]) for own in rows]))
    return np.concatenate(found)


def next_tokens(model: LanguageModel, texts: Sequence[str]) -> np.ndarray:
    """Return the most likely next token after each text alone, (text,) int64."""
    step = max(1, HELD // len(model.tokenizer))
    parts = [laws(model, texts[start : start + step]).argmax(axis=1) for start in range(0, len(texts), step)]
    return np.concatenate(parts)


def compare(law: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Compare laws, (1, token) with (other, token): (kind, other) float64."""
    dot = others @ law[0]
    size = np.sqrt(np.einsum("ov,ov->o", others, others) * (law[0] @ law[0]))
    return np.stack([dot, dot / size, np.sqrt(others) @ np.sqrt(law[0])]).astype(np.float64)


def in_groups(
    model: LanguageModel, questions: Sequence[Question], write: Write
) -> Iterator[tuple[list[Question], np.ndarray, dict[str, int]]]:
    """Yield groups of questions, the laws of their different texts (text, token), and where each stands."""
    most = max(1, HELD // len(model.tokenizer))
    group: list[Question] = []
    place: dict[str, int] = {}
    for question in questions:
        own = {write(text.text) for text in (question.query, *question.demonstrations)}
        if group and len(place.keys() | own) > most:
            yield group, laws(model, list(place)), place
            group, place = [], {}
        group.append(question)
        for text in sorted(own):
            place.setdefault(text, len(place))
    if group:
        yield group, laws(model, list(place)), place


def laws(model: LanguageModel, texts: Sequence[str]) -> np.ndarray:
    """Return the law of the next token after each text alone, float32 (text, token)."""
    return np.exp(model.distributions(texts, [Column(prompt) for prompt in range(len(texts))]))
