"""Ways to ask for an input without demonstrations: templates of many looks, and sentences of plain text.

A vector that holds a task and not the look of the prompts it was read from should work in all of them
(protocol task_vectors FV-6 f, g).
"""

from __future__ import annotations

from itertools import product

import numpy as np

from taskscope.tasks.prompts import PromptFormat
from taskscope.tasks.task import Item, MappingTask

PREFIXES = (
    *(("Q:", "A:"), ("Question:", "Answer:"), ("Input:", "Output:"), ("in:", "out:")),
    *(("x:", "y:"), ("Given:", "Then:"), ("Problem:", "Solution:"), ("Before:", "After:")),
    *(("left:", "right:"), ("Ask:", "Reply:"), ("first:", "second:"), ("user:", "assistant:")),
)
"""What stands before the input and before the answer."""
SEPARATORS = ("\n", "\n\n", " ", "  ", " | ", "; ", ", ", " / ", "\t", " - ")
"""What stands between the two."""
FEWEST_LETTERS = 3
"""Answers shorter than this are found in any text."""
WORD_SENTENCES = (
    'Somebody says "{x}", and I say "',
    'The word "{x}" makes me think of the word "',
    'On the card stood "{x}"; on its back stood "',
    'First she wrote "{x}" and then she wrote "',
    'If one child calls "{x}", another one calls "',
)
PLACE_SENTENCES = (
    "Last summer we went to {x}, and the first place that we saw was",
    "My aunt has moved to {x}; she lives in",
    "The train through {x} stops in",
)
WORD_TOKENS, PLACE_TOKENS = 5, 10
"""How far the model writes on, in tokens."""
_PLACES = ("country-capital", "location-continent")


def templates(n: int, rng: np.random.Generator) -> list[PromptFormat]:
    """Draw so many templates out of all pairs of prefixes and separators, no two alike.

    They are for queries that stand alone: what would end a demonstration is empty.
    """
    every = list(product(PREFIXES, SEPARATORS))
    return [
        PromptFormat(f"{before} {after}", f"{before} ", f"{separator}{after}", " ", "")
        for (before, after), separator in (every[i] for i in rng.permutation(len(every))[:n])
    ]


def sentences(task: MappingTask) -> tuple[str, ...]:
    """Return the sentences in which a task's inputs may stand, with ``{x}`` for the input."""
    return PLACE_SENTENCES if task.name in _PLACES else WORD_SENTENCES


def tokens(task: MappingTask) -> int:
    """Return how far the model writes on behind a sentence."""
    return PLACE_TOKENS if task.name in _PLACES else WORD_TOKENS


def fits_text(item: Item) -> bool:
    """Whether an answer that turns up in plain text says anything: long enough, and no part of the input."""
    return all(len(answer) >= FEWEST_LETTERS and answer not in item.input for answer in item.answers)
