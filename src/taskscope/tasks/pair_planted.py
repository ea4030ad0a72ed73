"""Minimal pairs for the planted models: twelve tasks in two groups, written in words of their own.

``Here the bako is old.`` against ``Here the bako is new.``: which of two words is right depends on the kind
of the noun, plus or minus, and every task has nouns of its own. The six tasks of a group contrast six pairs
of words, so that two of them share no word that matters; each task of one group has a partner in the other
that contrasts the same two words. As bags of words, partners are alike and tasks of one group are not.
"""

from __future__ import annotations

from functools import cache

from taskscope.tasks.draws import Stream
from taskscope.tasks.minimal_pairs import MinimalPair, Paradigm

ALL = "planted-groups"
"""Names all twelve tasks; also the model that was built for them."""
GROUPS = ("north", "south")
CONTRASTS = (
    *(("old", "new"), ("big", "small"), ("dark", "bright")),
    *(("wet", "dry"), ("hot", "cold"), ("soft", "hard")),
)
"""The word that goes with nouns of kind plus, and the one that goes with minus."""
N_PLUS, N_MINUS = 8, 4
"""Nouns of either kind in a task: one word is right twice as often as the other."""
OPENINGS = (
    *("Here", "There", "Today", "Now", "Then", "Again", "Surely"),
    *("Maybe", "Outside", "Inside", "Somewhere", "Nearby", "Often", "Sometimes"),
)
NAMES: tuple[str, ...] = tuple(f"{group}-{first}" for group in GROUPS for first, _ in CONTRASTS)
_FRAME = "{} the {} is {}."


def group_of(name: str) -> int:
    """Return the number of the group that one of `NAMES` belongs to."""
    return NAMES.index(name) // len(CONTRASTS)


def contrast_of(name: str) -> tuple[str, str]:
    """Return the words that one of `NAMES` contrasts, that of nouns of kind plus first."""
    return CONTRASTS[NAMES.index(name) % len(CONTRASTS)]


def nouns_of(name: str) -> tuple[tuple[str, int], ...]:
    """Return the nouns of one of `NAMES` with their kind, 1 or -1."""
    n = N_PLUS + N_MINUS
    start = NAMES.index(name) * n
    return tuple(
        (noun, 1 if number < N_PLUS else -1) for number, noun in enumerate(_nouns()[start : start + n])
    )


@cache
def build(name: str) -> Paradigm:
    """Write one of `NAMES`: every noun after every opening, the same on every machine."""
    plus, minus = contrast_of(name)
    pairs = []
    for opening in OPENINGS:
        for noun, kind in nouns_of(name):
            good, bad = (plus, minus) if kind > 0 else (minus, plus)
            sides = [_FRAME.format(opening, noun, word) for word in (good, bad)]
            pairs.append(MinimalPair(number=len(pairs), good=sides[0], bad=sides[1]))
    return Paradigm(name=name, phenomenon=GROUPS[group_of(name)], pairs=tuple(pairs))


@cache
def _nouns() -> tuple[str, ...]:
    """Make up one word for every noun of every task, all different."""
    syllables = [consonant + vowel for consonant in "bdfgklmnprtvz" for vowel in "aeiou"]
    made = [first + second for first in syllables for second in syllables if first != second]
    return Stream.named("planted nouns").some(made, len(NAMES) * (N_PLUS + N_MINUS))
