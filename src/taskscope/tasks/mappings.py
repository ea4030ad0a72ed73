"""The built-in mapping tasks: lists kept as files in ``data/mappings``, and rules on letters and words."""

from __future__ import annotations

import string
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache, partial
from importlib import resources
from pathlib import PurePath

import numpy as np

from taskscope.tasks.files import parse
from taskscope.tasks.task import Group, Item, MappingTask

N_LETTER_LISTS = 1_000
"""Lists sampled for list-first and list-last, of the 456,950 whose first and last letter differ."""

_LETTERS = string.ascii_lowercase
_FOLDER = resources.files("taskscope.tasks") / "data" / "mappings"


def list_names() -> list[str]:
    """Names of the tasks kept as list files, sorted."""
    files = [entry.name for entry in _FOLDER.iterdir()]
    return sorted(name.removesuffix(".json") for name in files if name.endswith(".json"))


@cache
def load_list(name: str) -> MappingTask:
    """Load one list file of the package."""
    file = f"{name}.json"
    return parse((_FOLDER / file).read_bytes(), PurePath(file))


@cache
def letter_lists() -> tuple[str, ...]:
    """Sample lists of 2, 3 or 4 letters such as ``c,d,b``, each length as likely, sorted.

    Lists whose first and last letter agree are left out, so that list-first and list-last never have the same
    answer. The raw stream of the bit generator is used because it never changes between numpy releases.
    """
    source = np.random.PCG64(0)
    lists: dict[str, None] = {}
    while len(lists) < N_LETTER_LISTS:
        length = 2 + int(source.random_raw() % 3)
        letters = [_LETTERS[int(source.random_raw() % 26)] for _ in range(length)]
        if letters[0] != letters[-1]:
            lists[",".join(letters)] = None
    return tuple(sorted(lists))


@cache
def words() -> tuple[str, ...]:
    """All inputs of the list files that are one word of at least two letters, sorted."""
    inputs = {item.input for name in list_names() for item in load_list(name).items}
    return tuple(sorted(word for word in inputs if len(word) > 1 and word.isalpha()))


@dataclass(frozen=True)
class Rule:
    """A task whose answers are computed."""

    group: Group
    unit: str
    description: str
    inputs: Callable[[], Iterable[str]]
    answer: Callable[[str], str]
    notes: str

    def build(self, name: str) -> MappingTask:
        """Compute the items."""
        return MappingTask(
            name=name,
            title=name.replace("-", " ").capitalize(),
            group=self.group,
            description=self.description,
            items=tuple(Item(input=x, answers=(self.answer(x),)) for x in self.inputs()),
            cluster_unit=self.unit,
            notes=self.notes,
            source="A rule; its items are computed.",
        )


_ALPHABET = "Each label occurs once. However many prompts are drawn, at most 26 queries are independent."
_LISTS = (
    "A fixed sample of 1,000 lists of two to four letters, the same for list-first and list-last; the first "
    "and the last letter of a list differ. The 26 labels are about equally frequent, so a random letter "
    "scores 4 %, but repeating a random letter of the list scores about a third."
)
_WORDS = "The words are the one-word inputs of all list files, so that a word does not give away its task. "
_SKEWED = _WORDS + "Letters are not equally frequent: see the share of the most frequent one."

_letters = partial(Rule, "algorithmic", "letter", notes=_ALPHABET)
_lists = partial(Rule, "algorithmic", "list", inputs=letter_lists, notes=_LISTS)
_words = partial(Rule, "word", "word")

RULES: dict[str, Rule] = {
    "next-letter": _letters(
        "The next letter of the alphabet: a -> b.", lambda: _LETTERS[:-1], lambda x: chr(ord(x) + 1)
    ),
    "prev-letter": _letters(
        "The letter before in the alphabet: b -> a.", lambda: _LETTERS[1:], lambda x: chr(ord(x) - 1)
    ),
    "list-first": _lists("The first letter of a list: c,d,b -> c.", answer=lambda x: x[0]),
    "list-last": _lists("The last letter of a list: c,d,b -> b.", answer=lambda x: x[-1]),
    "to-upper": _letters("The capital of a small letter: a -> A.", lambda: _LETTERS, str.upper),
    "to-lower": _letters("The small form of a capital: A -> a.", lambda: _LETTERS.upper(), str.lower),
    "copy": _words(
        "The word itself: go -> go.",
        words,
        lambda x: x,
        _WORDS + "Copying is the rule here: all pairs are identical.",
    ),
    "capitalise": _words(
        "The word with a capital first letter: go -> Go.",
        lambda: (word for word in words() if word[0].islower()),
        lambda x: x[0].upper() + x[1:],
        _WORDS + "Words that begin with a capital are left out, so copying scores nothing.",
    ),
    "first-letter": _words("The first letter of a word: go -> g.", words, lambda x: x[0], _SKEWED),
    "last-letter": _words("The last letter of a word: go -> o.", words, lambda x: x[-1], _SKEWED),
}
"""The rule-made tasks by name."""


@cache
def build_rule(name: str) -> MappingTask:
    """Build one rule-made task."""
    return RULES[name].build(name)
