"""Overlap with text that models are judged on, by runs of 13 words, and repeated paragraphs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from hashlib import blake2b

import numpy as np

RUN = 13
_WORDS = re.compile(r"[a-z0-9]+")
_UNKNOWN = re.compile(r"<unk>| @([-,.])@ ")
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)


def plain_words(text: str) -> list[str]:
    """Words of a text in small letters, accents and marks aside."""
    return _WORDS.findall(text.lower())


class RunIndex:
    """Runs of 13 words of the texts that are kept for judging."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._numbers: dict[str, int] = {}
        found = [self._runs(plain_words(part)) for text in texts for part in _tokenised_parts(text)]
        self._sorted = np.unique(np.concatenate(found)) if found else np.empty(0, dtype=np.uint64)

    def __len__(self) -> int:
        return len(self._sorted)

    def overlaps(self, words: list[str]) -> bool:
        """Whether the plain words of a text share a run of 13 with any of the texts kept for judging."""
        runs = self._runs(words)
        if not len(runs) or not len(self._sorted):
            return False
        at = np.minimum(np.searchsorted(self._sorted, runs), len(self._sorted) - 1)
        return bool((self._sorted[at] == runs).any())

    def _runs(self, words: list[str]) -> np.ndarray:
        """Hash every run of 13 words: uint64 (run,)."""
        n = len(words) - RUN + 1
        if n < 1:
            return np.empty(0, dtype=np.uint64)
        numbers = np.fromiter((self._number(word) for word in words), dtype=np.uint64, count=len(words))
        total = np.zeros(n, dtype=np.uint64)
        for offset in range(RUN):
            total = total * _MULTIPLIER + numbers[offset : offset + n]
        return total

    def _number(self, word: str) -> int:
        number = self._numbers.get(word)
        if number is None:
            number = int.from_bytes(blake2b(word.encode(), digest_size=8).digest(), "big")
            self._numbers[word] = number
        return number


def _tokenised_parts(text: str) -> list[str]:
    """Undo the marks of word-level test sets and cut at words that they hide."""
    return _UNKNOWN.sub(lambda found: found[1] or "\n\0", text).split("\0")


class Seen:
    """Paragraphs seen before, by a hash of their plain words.

    Args:
        shortest: Words below which a paragraph may come again: "Yes," he said.
    """

    def __init__(self, shortest: int = 8) -> None:
        self._shortest = shortest
        self._hashes: set[int] = set()

    def repeated(self, words: list[str]) -> bool:
        """Whether a paragraph of these words came before; remembers it."""
        if len(words) < self._shortest:
            return False
        digest = blake2b(" ".join(words).encode(), digest_size=8).digest()
        number = int.from_bytes(digest, "big")
        if number in self._hashes:
            return True
        self._hashes.add(number)
        return False
