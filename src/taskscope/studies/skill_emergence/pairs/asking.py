"""What is asked of a pair of skills, in which order; no model is needed here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil
from typing import Any

from taskscope.runs.cell import Cost
from taskscope.studies.randomness import stream
from taskscope.studies.skill_emergence.pairs.names import prompt, write
from taskscope.studies.skill_emergence.pairs.rows import APART, BOTH, FIRST, OUTER, SECOND, TOGETHER
from taskscope.studies.skill_emergence.params import PairParams
from taskscope.tasks.nested import draws
from taskscope.tasks.nested.compositions import Composition, build

_CHARACTERS_PER_TOKEN = 3.5
"""Rough, for plans only."""
_SHOWN = {APART: draws.APART, TOGETHER: draws.SHOWN}


@dataclass(frozen=True)
class Asked:
    """One question."""

    shown: str
    asked: str
    repetition: int
    query: int
    input: str
    text: str
    """As the model reads it."""
    right: tuple[str, ...]
    """Accepted answers."""
    whole: tuple[str, ...]
    """What both skills give."""

    @property
    def shown_as(self) -> str:
        """The condition as draws name it."""
        return _SHOWN[self.shown]

    @property
    def told(self) -> dict[str, Any]:
        """What the row says of the question."""
        names = ("shown", "asked", "repetition", "query", "input")
        return {**{name: getattr(self, name) for name in names}, "answer": self.right[0]}


def draw(composition: Composition, seed: int, params: PairParams) -> list[draws.Draw]:
    """Draw demonstrations of each skill alone, and questions that they do not give away.

    Raises:
        TaskError: If a task or the pair has too few items.
    """
    prints = [task.fingerprint for task in composition.tasks]
    rng = stream("skill-emergence pairs", composition.name, prints, seed)
    sizes = draws.Sizes(params.pair_shots, params.pair_repetitions, params.pair_queries)
    return draws.draw(composition, sizes, rng, write)


def asked_for(composition: Composition, repetition: int, each: draws.Draw) -> Iterator[Asked]:
    """List what is asked after one draw of demonstrations."""
    first, second = composition.names
    for number, item in enumerate(each.queries):
        for shown, asked, tasks, word, right in (
            (APART, FIRST, (first,), item.words[0], item.alone[0]),
            (APART, SECOND, (second,), item.words[1], item.alone[1]),
            (APART, BOTH, (first, second), item.words[0], item.answers),
            # The second skill may have no answer to the first's input; the answer of both is wrong there.
            (APART, OUTER, (second,), item.words[0], item.skips or item.answers),
            (TOGETHER, BOTH, (first, second), item.words[0], item.answers),
        ):
            text = write(tasks, word)
            yield Asked(shown, asked, repetition, number, word, text, right, item.answers)


def cost(params: PairParams, seed: int, n_blocks: int) -> Cost:
    """Estimate the tokens of a pair: each draw's demonstrations once in either condition, and questions.

    Raises:
        TaskError: If the pair has too few items.
    """
    composition = build(params.pair)
    characters = 0
    for number, each in enumerate(draw(composition, seed, params)):
        characters += sum(len(prompt(lines, "")) for lines in each.demonstrations.values())
        characters += sum(len(one.text) + len(one.right[0]) for one in asked_for(composition, number, each))
    tokens = ceil(characters / _CHARACTERS_PER_TOKEN)
    return Cost(tokens=tokens, token_layers=tokens * n_blocks)
