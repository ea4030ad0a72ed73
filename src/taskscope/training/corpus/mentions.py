"""Paragraphs of natural text that state a held-out fact about the world."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable

from taskscope.tasks import registry
from taskscope.training.corpus.unwanted import WORD
from taskscope.training.documents.splits import Split


class FactMentions:
    """Finds paragraphs that name both sides of a held-out fact of a knowledge task.

    Naming both is not stating the fact, and a fact can be told over two paragraphs: this errs on the side of
    dropping, and makes no promise about what a whole book implies.  Facts of grammar and translation are in
    every text and cannot be taken out.
    """

    def __init__(self, split: Split) -> None:
        facts: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for task in registry.names("knowledge"):
            for item in split.items(task, "held-out"):
                for answer in item.answers:
                    facts[max(WORD.findall(item.input), key=len)].append((item.input, answer))
        self._by_word = {
            word: tuple((_whole(x), _whole(y)) for x, y in pairs) for word, pairs in facts.items()
        }
        self._words = frozenset(self._by_word)

    def found(self, text: str, words: Iterable[str]) -> bool:
        """Whether a paragraph, whose set of words is given too, names both sides of a held-out fact."""
        for word in self._words.intersection(words):
            if any(x.search(text) and y.search(text) for x, y in self._by_word[word]):
                return True
        return False


def _whole(text: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(text)}(?!\w)")
