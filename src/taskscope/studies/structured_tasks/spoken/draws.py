"""Which sentences are asked about, and what is shown before; no model is needed here."""

from __future__ import annotations

from dataclasses import dataclass

from taskscope.studies.randomness import stream
from taskscope.studies.structured_tasks.params import SpokenParams
from taskscope.studies.structured_tasks.spoken.rows import CONDITIONS, NAMED
from taskscope.tasks.sentences import FUNCTIONS, NESTS, Language, Sentence, sentences

REQUESTS: tuple[tuple[str, ...], ...] = (*((name,) for name in FUNCTIONS), *NESTS)
"""What is asked of every sentence: each function alone, and all nests."""

Shown = tuple[tuple[Sentence, str], ...]
"""Sentences, and the one function that each shows."""


@dataclass(frozen=True)
class Asked:
    """One request."""

    condition: str
    query: int
    functions: tuple[str, ...]
    sentence: Sentence
    demonstrations: Shown


def draw(language: Language, seed: int, params: SpokenParams) -> list[Asked]:
    """Draw queries, each with demonstrations of its own that share no verb with it.

    No sentence is asked about twice: answers are written greedily, so a second time would say nothing new.
    Single functions are shown, equally often and in random order, and never two together.
    """
    rng = stream("structured-tasks spoken", language, seed)
    everything = sentences(language)
    asked = []
    for number, index in enumerate(rng.permutation(len(everything))[: params.n_spoken]):
        sentence = everything[index]
        others = [one for one in everything if one.verb != sentence.verb]
        names = [name for name in FUNCTIONS for _ in range(params.spoken_shots)]
        picked = rng.choice(len(others), size=len(names), replace=False)
        shown = tuple((others[i], names[n]) for i, n in zip(picked, rng.permutation(len(names)), strict=True))
        for condition in CONDITIONS:
            before = () if condition == NAMED else shown
            asked += [Asked(condition, number, functions, sentence, before) for functions in REQUESTS]
    return asked
