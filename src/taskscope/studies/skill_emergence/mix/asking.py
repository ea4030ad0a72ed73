"""Which skills are asked together, and of what texts; no model is needed here."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import numpy as np

from taskscope.errors import StudyError
from taskscope.runs.cell import Cost
from taskscope.studies.randomness import stream
from taskscope.studies.skill_emergence.params import MixParams
from taskscope.tasks.text_skills.composing import compose
from taskscope.tasks.text_skills.skills import SKILLS, TOPICS, compatible, ref, request

_CHARACTERS_PER_TOKEN = 3.5
"""Rough, for plans only."""
_TRIES = 1000
"""Random sets looked at for each one that is wanted."""


@dataclass(frozen=True)
class Asked:
    """One text that is asked for."""

    topic: str
    skills: tuple[str, ...]
    """In the order in which they are named."""

    @property
    def request(self) -> str:
        """As a conversation says it."""
        return request(self.topic, self.skills)

    @property
    def prompt(self) -> str:
        """The same as a text to be continued."""
        return f"{self.request}\n\nText:"


def draw(seed: int, params: MixParams) -> list[Asked]:
    """Draw what is asked: every skill alone on some topics, then different random sets of two and more.

    A set is drawn only where no two of its skills contradict each other and a text that meets all of them
    could be composed, so that none asks for the impossible.

    Raises:
        StudyError: If there are not as many different sets as are wanted.
    """
    rng = stream("skill-emergence mix", ref().fingerprint, seed)
    asked = [
        Asked(TOPICS[at], (name,))
        for name in SKILLS
        for at in rng.permutation(len(TOPICS))[: params.mix_singles]
    ]
    for k in range(2, params.mix_largest + 1):
        for names in _sets(k, params.mix_combinations, rng):
            asked.append(Asked(TOPICS[rng.integers(len(TOPICS))], names))
    return asked


def cost(params: MixParams, seed: int, n_blocks: int) -> Cost:
    """Estimate the tokens that are read and written.

    Raises:
        StudyError: As for `draw`.
    """
    asked = draw(seed, params)
    tokens = sum(ceil(len(one.prompt) / _CHARACTERS_PER_TOKEN) + params.mix_tokens for one in asked)
    tokens *= 1 + params.mix_samples
    return Cost(tokens=tokens, token_layers=tokens * n_blocks)


def _sets(k: int, n: int, rng: np.random.Generator) -> list[tuple[str, ...]]:
    names = list(SKILLS)
    found: dict[frozenset[str], tuple[str, ...]] = {}
    for _ in range(_TRIES * n):
        if len(found) == n:
            break
        drawn = tuple(names[at] for at in rng.permutation(len(names))[:k])
        if frozenset(drawn) not in found and compatible(drawn) and compose(drawn) is not None:
            found[frozenset(drawn)] = drawn
    if len(found) < n:
        raise StudyError(f"{n} different sets of {k} skills", f"at most {len(found)}, as many as were found")
    return list(found.values())
