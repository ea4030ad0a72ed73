"""Rules that hold for any word, and the rule tasks of our own that are held out whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

import numpy as np

from taskscope.tasks import mappings
from taskscope.tasks.task import Item, MappingTask
from taskscope.training.documents.pseudowords import pseudowords
from taskscope.training.documents.relations import Pair, Relation, letter_domains, list_domain

Rule = Callable[[str], str]

WORD_RULES: dict[str, Rule] = {
    "copy": lambda w: w,
    "capitalise": lambda w: w[0].upper() + w[1:],
    "first-letter": lambda w: w[0],
    "upper-case": str.upper,
    "first-two-letters": lambda w: w[:2],
    "letter-count": lambda w: str(len(w)),
}
"""Rules trained on, by name; first-letter, copy and capitalise are built-in tasks too."""

_JOINERS = (" ", ", ", "-", "/", " or ", "+", " then ")
_AFFIXES = (
    "un",
    "re",
    "pre",
    "anti",
    "over",
    "out",
    "super",
    "non",
    "ly",
    "ness",
    "less",
    "ish",
    "like",
    "wise",
    "able",
    "er",
)

HELD_OUT_RULES: dict[str, tuple[str, Rule]] = {
    "prefix-mis": ("Put mis before the word: walk -> miswalk.", lambda w: "mis" + w),
    "suffix-ful": ("Put ful after the word: walk -> walkful.", lambda w: w + "ful"),
    "twice-and": ("Say the word twice with and between: walk -> walk and walk.", lambda w: f"{w} and {w}"),
}
"""Affixes and repetitions never trained on; training has others of the same kind, new in each document."""

_NEVER = frozenset({"last-letter", "prev-letter", "prev-letter-capital", "list-second"})
"""Rules of the planted curricula that the natural models are never shown in any form."""


@cache
def held_out_tasks() -> dict[str, MappingTask]:
    """Build the held-out rule tasks that are not among the built-in tasks, by name."""
    words = mappings.words()
    tasks = {
        name: _task(name, description, [(word, rule(word)) for word in words if word.islower()])
        for name, (description, rule) in HELD_OUT_RULES.items()
    }
    lists = [(text, text.split(",")[1]) for text in mappings.letter_lists() if text.count(",") > 1]
    tasks["list-second"] = _task("list-second", "The second letter of a list: c,d,b -> d.", lists)
    return tasks


def _task(name: str, description: str, pairs: Sequence[Pair]) -> MappingTask:
    return MappingTask(
        name=name,
        title=name.replace("-", " ").capitalize(),
        group="user",
        description=description,
        items=tuple(Item(input=x, answers=(y,)) for x, y in pairs),
        notes="Held out of the training of the pico models.",
        source="A rule; its items are computed.",
    )


def random_affix(rng: np.random.Generator) -> tuple[str, Rule]:
    """Draw a prefix or a suffix, real or new, that is not held out."""
    kept_apart = {name.partition("-")[2] for name in HELD_OUT_RULES}
    while True:
        new = pseudowords(1, rng)[0][: rng.integers(2, 5)]
        affix = str(rng.choice(_AFFIXES)) if rng.random() < 0.4 else new
        if affix not in kept_apart:
            break
    if rng.random() < 0.5:
        return f"prefix {affix}", lambda w: affix + w
    return f"suffix {affix}", lambda w: w + affix


def random_repetition(rng: np.random.Generator) -> tuple[str, Rule]:
    """Draw a way to say a word twice that is not held out."""
    joiner = _JOINERS[rng.integers(len(_JOINERS))]
    return "twice", lambda w: f"{w}{joiner}{w}"


def letter_relations() -> dict[str, tuple[Relation, ...]]:
    """Rules on small letters, capitals and lists of letters, without those that are held out."""
    small, capital = letter_domains()
    domains = (small, capital, list_domain())
    return {d.name: tuple(r for r in d.relations if r.name not in _NEVER) for d in domains}
