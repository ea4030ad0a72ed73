"""New words that no text holds, so that a rule has to be learned because the word cannot be remembered."""

from __future__ import annotations

import numpy as np

_STARTS = (
    *(
        "b",
        "bl",
        "br",
        "c",
        "ch",
        "cl",
        "cr",
        "d",
        "dr",
        "f",
        "fl",
        "fr",
        "g",
        "gl",
        "gr",
        "h",
        "j",
        "k",
        "l",
    ),
    *("m", "n", "p", "pl", "pr", "qu", "r", "s", "sh", "sk", "sl", "sn", "sp", "st", "t", "th", "tr", "tw"),
    *("v", "w", "y", "z", "", "", ""),
)
_MIDDLES = ("a", "e", "i", "o", "u", "a", "e", "i", "o", "u", "ai", "ea", "ee", "oa", "oo", "ou", "y")
_ENDS = (
    "",
    "",
    "",
    "b",
    "ck",
    "d",
    "f",
    "g",
    "l",
    "ll",
    "m",
    "n",
    "nd",
    "ng",
    "nt",
    "p",
    "r",
    "rk",
    "s",
    "st",
    "t",
    "x",
)

_TWO_SYLLABLES = 0.6
"""Chance of a second syllable."""


def pseudowords(n: int, rng: np.random.Generator) -> list[str]:
    """Make `n` different words of one or two syllables, in small letters.

    A few may be real words by chance.
    """
    found: dict[str, None] = {}
    while len(found) < n:
        for lengths, *parts in rng.random((n, 7)).tolist():
            word = _syllable(*parts[:3]) + (_syllable(*parts[3:]) if lengths < _TWO_SYLLABLES else "")
            if len(word) > 2:
                found[word] = None
    return list(found)[:n]


def _syllable(start: float, middle: float, end: float) -> str:
    """Build one syllable from three numbers in [0, 1)."""
    return (
        _STARTS[int(start * len(_STARTS))]
        + _MIDDLES[int(middle * len(_MIDDLES))]
        + _ENDS[int(end * len(_ENDS))]
    )
