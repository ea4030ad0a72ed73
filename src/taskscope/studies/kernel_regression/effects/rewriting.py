"""Inputs written another way, so that they are less like what demonstrations show (M9)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from taskscope.tasks import thesaurus

LETTERS = "abcdefghijklmnopqrstuvwxyz"
AROUND = (
    "What has to be said, if anything has to be, is this: {x}",
    "As those who were there will remember, and others may believe, {x}",
    "{x} So it was put, at least, by the one who was asked.",
)
"""Clauses around a text, which stays as it is: more complex, and not less clear."""
SHORTEST = 4
"""Letters of a word that may be replaced by a rare one."""

_WORD = re.compile(r"[A-Za-z]+")


def with_typos(text: str, rate: float, rng: np.random.Generator) -> str:
    """Spoil each letter with a probability: it is left out, doubled, replaced, or swapped with the next.

    A text of which nothing would be left stays as it is.
    """
    letters = list(text)
    found: list[str] = []
    at = 0
    while at < len(letters):
        letter = letters[at]
        after = letters[at + 1] if at + 1 < len(letters) else ""
        at += 1
        if not letter.isalpha() or rng.random() >= rate:
            found.append(letter)
            continue
        kind = rng.integers(4)
        if kind == 1:
            found += [letter, letter]
        elif kind == 2:
            found.append(LETTERS[rng.integers(len(LETTERS))])
        elif kind == 3 and after.isalpha():
            found += [after, letter]
            at += 1
    return "".join(found).strip() or text


def with_clauses(text: str, rng: np.random.Generator) -> str:
    """Put clauses around a text."""
    return AROUND[rng.integers(len(AROUND))].replace("{x}", text)


def with_rare_words(text: str, rare: Mapping[str, str]) -> str:
    """Replace words that have a rarer synonym, as in `rare_synonyms`."""

    def other(found: re.Match[str]) -> str:
        word = found.group()
        new = rare.get(word.lower(), word)
        return new.capitalize() if word[0].isupper() else new

    return _WORD.sub(other, text)


def rare_synonyms(folder: str | Path) -> dict[str, str]:
    """Read the rarest synonym of every word that has one rarer than itself, by WordNet's counts.

    Words of `SHORTEST` letters or more, and synonyms of one word in small letters; of several as rare the
    longest, since longer words are rarer.

    Args:
        folder: Holds `thesaurus.TABLES`, whose first counts words in a tagged corpus.
    """
    found: dict[str, tuple[int, int, str]] = {}
    table = (Path(folder) / thesaurus.TABLES[0]).read_text(encoding="utf-8").splitlines()
    for line in table[1:]:
        word, synonym, _, _, often, rarely = line.split("\t")
        usable = all(w.isascii() and w.isalpha() and w.islower() for w in (word, synonym))
        if usable and len(word) >= SHORTEST and int(rarely) < int(often):
            mine = (int(rarely), -len(synonym), synonym)
            found[word] = min(found.get(word, mine), mine)
    return {word: synonym for word, (*_, synonym) in found.items()}
