"""Minimal pairs of sentences, scored from where they part (protocol task_spaces 2.1 and 5.2).

What both sentences start with has the same log-probability in both and cancels in the margin, so it is
encoded once and never reaches the output head.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from taskscope.models.encoding import Encoder, Pair
from taskscope.models.execution import Executor
from taskscope.models.forcing import Laid, lay, log_probs

Texts = tuple[str, str]
"""The good and the bad sentence."""


@dataclass(frozen=True)
class Contrasts:
    """Encoded pairs, kept so that a model can be asked again after its weights have changed."""

    good: tuple[Pair, ...]
    """What both sentences start with, BOS included, and how the good one goes on."""
    bad: tuple[Pair, ...]

    def __len__(self) -> int:
        return len(self.good)

    def some(self, index: Sequence[int] | np.ndarray) -> Contrasts:
        """Return pairs by number, in that order."""
        return Contrasts(tuple(self.good[i] for i in index), tuple(self.bad[i] for i in index))

    def swapped(self, swap: np.ndarray) -> Contrasts:
        """Return the pairs with good and bad exchanged where `swap` (pair,) is true."""
        sides = [(b, g) if s else (g, b) for g, b, s in zip(self.good, self.bad, swap, strict=True)]
        return Contrasts(tuple(good for good, _ in sides), tuple(bad for _, bad in sides))

    @property
    def longer(self) -> np.ndarray:
        """(pair,) int64: tokens of the good sentence less those of the bad one."""
        return np.array([len(g[1]) - len(b[1]) for g, b in zip(self.good, self.bad, strict=True)])

    @property
    def commoner(self) -> np.ndarray:
        """(pair,) float64: by how much tokens of the good sentence are commoner where the two differ.

        Mean log of a token's number in the vocabulary, bad less good: byte-pair vocabularies number merges
        as they are found, the most frequent first. What both end with does not count; nan where one sentence
        has nothing there that the other lacks.
        """
        return np.array([_commoner(g[1], b[1]) for g, b in zip(self.good, self.bad, strict=True)])

    @cached_property
    def laid(self) -> Laid:
        """Both sentences of every pair from where they part: good and bad in turn."""
        return lay([side for both in zip(self.good, self.bad, strict=True) for side in both])

    @cached_property
    def whole_good(self) -> Laid:
        """The good sentences whole, behind their first token, as plain text is learned."""
        joined = [start + rest for start, rest in self.good]
        return lay([(tokens[:1], tokens[1:]) for tokens in joined])


def encode(encoder: Encoder, pairs: Sequence[Texts]) -> Contrasts:
    """Encode pairs of sentences behind the BOS token, split where they part.

    Raises:
        TaskError: If a sentence is too long for the model.
    """
    tokens = encoder.encode_pairs([("", text) for pair in pairs for text in pair])
    whole = [start + rest for start, rest in tokens]
    sides = [_split(good, bad) for good, bad in zip(whole[::2], whole[1::2], strict=True)]
    return Contrasts(tuple(good for good, _ in sides), tuple(bad for _, bad in sides))


def join(parts: Sequence[Contrasts]) -> Contrasts:
    """Put several lists of pairs behind each other, to be scored together."""
    return Contrasts(
        tuple(pair for part in parts for pair in part.good),
        tuple(pair for part in parts for pair in part.bad),
    )


def score(executor: Executor, contrasts: Contrasts) -> np.ndarray:
    """Return log p of both sentences from where they part, (pair, 2) float64, nats: good, then bad.

    What comes before adds the same to both, so differences are those of the whole sentences; sums, never
    divided by length.
    """
    return log_probs(executor, contrasts.laid).reshape(-1, 2)


def _commoner(good: tuple[int, ...], bad: tuple[int, ...]) -> float:
    same = 0
    while same < min(len(good), len(bad)) and good[-1 - same] == bad[-1 - same]:
        same += 1
    own, other = good[: len(good) - same], bad[: len(bad) - same]
    if not own or not other:
        return float("nan")
    return float(np.log1p(other).mean() - np.log1p(own).mean())


def _split(good: tuple[int, ...], bad: tuple[int, ...]) -> tuple[Pair, Pair]:
    n = min(len(good), len(bad))
    at = next((i for i in range(n) if good[i] != bad[i]), n)
    return (good[:at], good[at:]), (bad[:at], bad[at:])
