"""What a training document may say: the facts of one side of the split, as relations in domains of words."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from taskscope.tasks import registry
from taskscope.training.documents import wordbank
from taskscope.training.documents.invented import invented_relations
from taskscope.training.documents.relations import Domain, Pair, Relation
from taskscope.training.documents.rules import (
    WORD_RULES,
    Rule,
    letter_relations,
    random_affix,
    random_repetition,
)
from taskscope.training.documents.splits import Side, Split

LISTED = (
    *("present-gerund", "present-past", "plural-singular", "antonyms", "en-fr", "fr-en"),
    *("country-capital", "location-continent", "person-language", "person-religion"),
)
"""Built-in lists that are shown as lists; with those of `STATED` they are stated in prose too."""

STATED = (*LISTED, "en-es", "es-en")

_DOMAINS = {
    "verbs": ("present-gerund", "present-past"),
    "plurals": ("plural-singular",),
    "opposites": ("antonyms",),
    "countries": ("country-capital", "location-continent"),
    "english": ("en-fr", "antonyms", "present-gerund", "present-past"),
    "french": ("fr-en",),
    "people": ("person-language", "person-religion"),
    "places": ("location-continent",),
    "things": ("kind",),
    "strangers": ("town", "trade", "pet", "colour"),
}
"""Domains and their relations; a domain's words are the inputs of its first relation."""


@dataclass(frozen=True)
class World:
    """The facts of one side, from which all task documents are written."""

    split: Split = field(default_factory=Split)
    side: Side = "train"
    invented: int = 80
    """People made up, each with a town, a trade, a pet and a colour."""

    @cached_property
    def relations(self) -> dict[str, Relation]:
        """Relations between listed words, by name; canonical answers only."""
        known = {
            task: tuple((item.input, item.label) for item in self.split.items(task, self.side))
            for task in STATED
        }
        known["kind"] = tuple((word, kind) for kind, words in self.kinds.items() for word in words)
        known |= {
            name: self._sided(name, pairs)
            for name, pairs in invented_relations(self.invented, self.split.seed).items()
        }
        return {name: Relation(name, pairs) for name, pairs in known.items()}

    @cached_property
    def answers(self) -> dict[str, dict[str, frozenset[str]]]:
        """Every accepted answer of both sides, by task and input: what a false statement must avoid."""
        return {
            task: {item.input: frozenset(item.answers) for item in registry.get(task).items}
            for task in STATED
        }

    @cached_property
    def kinds(self) -> dict[str, list[str]]:
        """Kinds of things with the members of this side; kinds with fewer than two are left out."""
        chosen = {
            kind: self.split.choose("kind", words, self.side) for kind, words in wordbank.kinds().items()
        }
        return {kind: words for kind, words in chosen.items() if len(words) > 1}

    @cached_property
    def domains(self) -> tuple[Domain, ...]:
        """Domains of words with the relations that compete in them; rules are made for each document."""
        domains = []
        for name, relations in _DOMAINS.items():
            words = {x for x, _ in self.relations[relations[0]].pairs}
            if name == "countries":
                words = {item.input for item in registry.get("country-capital").items}
            inside = (self._within(relation, words) for relation in relations)
            kept = tuple(relation for relation in inside if len(relation.pairs) >= 4)
            size = sum(len(relation.pairs) for relation in kept)
            if kept:
                domains.append(Domain(name, kept, (size / 200) ** 0.5))
        return tuple(domains)

    def _within(self, name: str, words: set[str]) -> Relation:
        return Relation(name, tuple(pair for pair in self.relations[name].pairs if pair[0] in words))

    @cached_property
    def letters(self) -> tuple[Domain, ...]:
        """Letters and lists of letters: rules with the cases of this side."""
        domains = []
        for name, relations in letter_relations().items():
            kept = []
            for relation in relations:
                if relation.pairs:
                    kept.append(Relation(relation.name, self._sided(relation.name, relation.pairs)))
                elif relation.sample is not None:
                    kept.append(Relation(relation.name, sample=self._sided_sampler(relation)))
            kept = [relation for relation in kept if relation.sample or relation.pairs]
            if kept:
                domains.append(Domain(name, tuple(kept), 0.6))
        return tuple(domains)

    def _sided(self, name: str, pairs: Iterable[Pair]) -> tuple[Pair, ...]:
        return tuple(pair for pair in pairs if self.split.side_of(name, pair[0]) == self.side)

    def _sided_sampler(self, relation: Relation) -> Callable[[np.random.Generator], Pair]:
        """Wrap a sampler so that it draws cases of this side only."""

        def sample(rng: np.random.Generator) -> Pair:
            while True:
                pair = relation.draw(1, rng)[0]
                if self.split.side_of(relation.name, pair[0]) == self.side:
                    return pair

        return sample

    def rule(self, words: Iterable[str], rng: np.random.Generator) -> Relation:
        """Draw a rule that holds for any word and apply it to the words of this side."""
        choice = rng.random()
        if choice < 0.2:
            name, rule = random_affix(rng)
        elif choice < 0.3:
            name, rule = random_repetition(rng)
        else:
            name = list(WORD_RULES)[rng.integers(len(WORD_RULES))]
            rule = WORD_RULES[name]
        return self._applied(name, rule, words)

    def copied(self, words: Iterable[str]) -> Relation:
        """Take the words of this side to themselves."""
        return self._applied("copy", WORD_RULES["copy"], words)

    def _applied(self, name: str, rule: Rule, words: Iterable[str]) -> Relation:
        task = name.split(" ")[0]
        return Relation(name, self._sided(task, ((word, rule(word)) for word in words)))
