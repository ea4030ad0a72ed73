"""Whether the items of a task share long stretches of words with texts that a model was trained on."""

from __future__ import annotations

import re
from collections.abc import Iterable

from taskscope.tasks.choices import ChoiceTask

LENGTH = 8
"""Words in a row that count as shared text."""


def overlap(task: ChoiceTask, documents: Iterable[str]) -> int:
    """Count the different 8-grams of words that items, prompt and right class, share with documents.

    Case and marks do not count; documents may be more than fit into memory.
    """
    grams: set[tuple[str, ...]] = set()
    for item in task.items:
        grams |= _grams(item.prompt + item.classes[item.answer])
    shared: set[tuple[str, ...]] = set()
    for document in documents:
        shared |= grams & _grams(document)
    return len(shared)


def _grams(text: str) -> set[tuple[str, ...]]:
    words = re.findall(r"[\w']+", text.lower())
    return set(zip(*(words[start:] for start in range(LENGTH)), strict=False))
