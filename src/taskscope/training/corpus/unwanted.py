"""Recognises words that a passage is dropped for, without holding the words.

The list is kept as salted hashes: enough to recognise a word, and nothing to read.
"""

from __future__ import annotations

import json
import re
from functools import cache
from hashlib import blake2b
from pathlib import Path

WORD = re.compile(r"[^\W\d_]+")
_FILE = Path(__file__).parent / "unwanted.json"


def hash_word(word: str, salt: str) -> str:
    """Hash one word, whatever its capitals."""
    return blake2b(word.lower().encode(), key=salt.encode(), digest_size=10).hexdigest()


@cache
def _load() -> tuple[str, frozenset[str]]:
    stored = json.loads(_FILE.read_text(encoding="utf-8"))
    return stored["salt"], frozenset(stored["hashes"])


class WordFilter:
    """Says which words are unwanted; remembers the words it has seen.

    Args:
        salt: Salt of the hashes; by default those of the package.
        hashes: Hashes of the unwanted words.
    """

    def __init__(self, salt: str | None = None, hashes: frozenset[str] | None = None) -> None:
        stored_salt, stored = _load()
        self._salt = stored_salt if salt is None else salt
        self._hashes = stored if hashes is None else hashes
        self._known: dict[str, bool] = {}

    def unwanted(self, words: set[str]) -> bool:
        """Whether any of the words is on the list."""
        return any(self._is_unwanted(word) for word in words)

    def _is_unwanted(self, word: str) -> bool:
        found = self._known.get(word)
        if found is None:
            found = hash_word(word, self._salt) in self._hashes
            self._known[word] = found
        return found
