"""Cloze questions tagged with the skills that an answer needs (protocol skill_emergence 8).

Four skills: whom a *pronoun* means, what follows from a *cause*, a *fact* about the world, *agreement* in
number. Nine kinds of question need one to three of them. Every question has a twin in which another answer is
right among the same ones, so that whoever prefers an answer whatever the text is right half of the time at
best. The text leaves no doubt: all uncertainty about the answer is the model's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TypeVar

import numpy as np

from taskscope.tasks import mappings
from taskscope.tasks.choices import ChoiceItem, ChoiceTask
from taskscope.tasks.cloze_words import CHILDREN, MEN, NOUNS, PLACES, ROLES, STATES, VERBS, WOMEN, State

PRONOUN, CAUSE, FACT, AGREEMENT = "pronoun", "cause", "fact", "agreement"
SKILLS = (PRONOUN, CAUSE, FACT, AGREEMENT)

Word = TypeVar("Word")
Question = tuple[str, tuple[str, ...], int]
"""Prompt, answers to choose from, the right one."""
Twins = list[Question]


@dataclass(frozen=True)
class Kind:
    """One kind of question."""

    name: str
    skills: tuple[str, ...]
    twins: Callable[[np.random.Generator], Twins]
    """Writes questions in which each of the same answers is right in turn."""


def questions(seed: int, per_kind: int) -> ChoiceTask:
    """Write questions of all kinds.

    Args:
        seed: Decides the words.
        per_kind: Questions of each kind; a few more or less where twins are four.

    Returns:
        The task; an item's id is its kind and number, its cluster its twins.
    """
    items = []
    for place, kind in enumerate(KINDS):
        rng = np.random.default_rng([seed, place])
        written: dict[tuple[str, ...], Twins] = {}
        # Twins that were written before are written again, with other words, a bounded number of times.
        for _ in range(20 * per_kind):
            if sum(map(len, written.values())) >= per_kind:
                break
            twins = kind.twins(rng)
            written.setdefault(tuple(sorted(prompt for prompt, _, _ in twins)), twins)
        items += _items(kind, list(written.values()))
    return ChoiceTask(
        name="cloze",
        title="Cloze questions with skills",
        description="Which answer follows from the text?",
        items=tuple(items),
        source="Generated.",
    )


def kind_of(question: str) -> str:
    """Return the kind of a question from its id."""
    return question.partition(":")[0]


def q_matrix(kinds: Sequence[str]) -> np.ndarray:
    """Return which skills questions of these kinds need, bool (question, skill)."""
    needs = {kind.name: [skill in kind.skills for skill in SKILLS] for kind in KINDS}
    return np.array([needs[kind] for kind in kinds], dtype=bool)


def _items(kind: Kind, written: list[Twins]) -> Iterator[ChoiceItem]:
    number = 0
    for group, twins in enumerate(written):
        for prompt, answers, right in twins:
            name, cluster = f"{kind.name}:{number}", f"{kind.name}:{group}"
            yield ChoiceItem(prompt=prompt, classes=answers, answer=right, id=name, cluster=cluster)
            number += 1


def _agreement(rng: np.random.Generator) -> Twins:
    subject, other = _two(NOUNS, rng)
    answers = _one(VERBS, rng)
    return [(f"The {subject[n]} near the {other[1 - n]}", answers, n) for n in (0, 1)]


def _fact(rng: np.random.Generator) -> Twins:
    (one, its), (other, others) = _two(_capitals(), rng)
    answers = (f" {its}", f" {others}")
    return [(f"The capital of {country} is", answers, n) for n, country in enumerate((one, other))]


def _cause(rng: np.random.Generator) -> Twins:
    states = _two(STATES, rng)
    name, he = _person(rng)
    answers = _did(states)
    return [(f"{name} was {state.word}, so {he}", answers, n) for n, state in enumerate(states)]


def _pronoun(rng: np.random.Generator) -> Twins:
    names, he = _couple(rng)
    place, state = _one(PLACES, rng), _one(STATES, rng).word
    lead = f"{names[0]} met {names[1]} in the {place}. "
    answers = (f" {names[0]}", f" {names[1]}")
    return [
        (f"{lead}{he[n].capitalize()} was {state}. The one who was {state} was", answers, n) for n in (0, 1)
    ]


def _pronoun_cause(rng: np.random.Generator) -> Twins:
    names, he = _couple(rng)
    states = _two(STATES, rng)
    lead = f"{names[0]} was {states[0].word} and {names[1]} was {states[1].word}, so"
    return [(f"{lead} {he[n]}", _did(states), n) for n in (0, 1)]


def _pronoun_fact(rng: np.random.Generator) -> Twins:
    names, he = _couple(rng)
    (one, its), (other, others) = _two(_capitals(), rng)
    lead = f"{names[0]} came from {one} and {names[1]} came from {other}. "
    answers = (f" {its}", f" {others}")
    return [(f"{lead}The capital of the country that {he[n]} came from is", answers, n) for n in (0, 1)]


def _roles(rng: np.random.Generator) -> Twins:
    roles = _one(ROLES, rng)
    answers = (f" {roles.first}", f" {roles.second}")
    reasons = (roles.of_first, roles.of_second)
    return [(f"{roles.event} {why}. The one who {why} was the", answers, n) for n, why in enumerate(reasons)]


def _cause_agreement(rng: np.random.Generator) -> Twins:
    states = _two(STATES, rng)
    (one, many), be = _one(CHILDREN, rng), ("is", "are")
    answers = tuple(f" {verb}" for state in states for verb in (state.does, state.do))
    return [
        (f"The {(one, many)[n]} {be[n]} {states[s].word}, so now the {(one, many)[n]}", answers, 2 * s + n)
        for s, n in product((0, 1), (0, 1))
    ]


def _fact_agreement(rng: np.random.Generator) -> Twins:
    (one, its), (other, others) = _two(_capitals(), rng)
    plural = tuple(f" {be} {a} and {b}" for a, b in ((its, others), (others, its)) for be in ("are", "is"))
    singular = tuple(f" {be} {city}" for city in (its, others) for be in ("is", "are"))
    return [
        (f"The capital of {one}", singular, 0),
        (f"The capital of {other}", singular, 2),
        (f"The capitals of {one} and {other}", plural, 0),
        (f"The capitals of {other} and {one}", plural, 2),
    ]


def _capitals() -> list[tuple[str, str]]:
    """Countries and capitals of one plain word each."""
    pairs = ((item.input, item.label) for item in mappings.load_list("country-capital").items)
    return [(country, city) for country, city in pairs if country.isalpha() and city.isalpha()]


def _did(states: Sequence[State]) -> tuple[str, ...]:
    return tuple(f" {state.did}" for state in states)


def _person(rng: np.random.Generator) -> tuple[str, str]:
    (names, he) = ((MEN, "he"), (WOMEN, "she"))[rng.integers(2)]
    return _one(names, rng), he


def _couple(rng: np.random.Generator) -> tuple[tuple[str, str], tuple[str, str]]:
    """Draw a man and a woman in either order, and the pronoun of each."""
    pair = ((_one(MEN, rng), "he"), (_one(WOMEN, rng), "she"))
    first, second = pair if rng.integers(2) else pair[::-1]
    return (first[0], second[0]), (first[1], second[1])


def _one(words: Sequence[Word], rng: np.random.Generator) -> Word:
    return words[int(rng.integers(len(words)))]


def _two(words: Sequence[Word], rng: np.random.Generator) -> tuple[Word, Word]:
    first, second = rng.permutation(len(words))[:2].tolist()
    return words[first], words[second]


KINDS = (
    Kind("agreement", (AGREEMENT,), _agreement),
    Kind("fact", (FACT,), _fact),
    Kind("cause", (CAUSE,), _cause),
    Kind("pronoun", (PRONOUN,), _pronoun),
    Kind("pronoun and cause", (PRONOUN, CAUSE), _pronoun_cause),
    Kind("pronoun and fact", (PRONOUN, FACT), _pronoun_fact),
    Kind("cause and agreement", (CAUSE, AGREEMENT), _cause_agreement),
    Kind("fact and agreement", (FACT, AGREEMENT), _fact_agreement),
    Kind("who has the reason", (PRONOUN, CAUSE, FACT), _roles),
)
"""The last is of the council and the demonstrators."""
