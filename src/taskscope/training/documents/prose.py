"""Facts stated in prose: single statements, descriptions of one word, and questions whose answer is no."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from taskscope.training.documents.facts import World
from taskscope.training.documents.prose_templates import GENERAL, NOUNS, OWN, PARTS, RULES
from taskscope.training.documents.relations import Pair
from taskscope.training.documents.rules import WORD_RULES

_OPENINGS = ("{x}: ", "{x} - ", "About {x}: ", "{x}. ", "The word {x}: ", "{x} (", "Notes on {x}: ")


class ProseWriter:
    """Draws facts of one world and states them in sentences."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._relations = [r for r in world.relations.values() if r.pairs]
        sizes = np.array([len(r.pairs) for r in self._relations], dtype=float) ** 0.7
        self._chances = sizes / sizes.sum()
        known: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for relation in self._relations:
            for x, y in relation.pairs:
                known[x].append((relation.name, y))
        self._known = known
        self._words = [x for x, facts in known.items() if len(facts) > 1] or list(known)

    def __call__(self, rng: np.random.Generator) -> str:
        """Write one document: statements of one relation, statements of all kinds, or descriptions."""
        style = rng.random()
        if style < 0.3:
            return self.about_relation(rng)
        if style < 0.55:
            return self.mixed(rng)
        return self.descriptions(rng)

    def about_relation(self, rng: np.random.Generator) -> str:
        """State several facts of one relation."""
        relation = self._relations[rng.choice(len(self._relations), p=self._chances)]
        pairs = relation.draw(int(rng.integers(3, 12)), rng)
        return _join([statement(relation.name, pair, rng) for pair in pairs], rng)

    def mixed(self, rng: np.random.Generator) -> str:
        """State facts of many relations, and rules among them."""
        chosen = rng.choice(len(self._relations), size=int(rng.integers(3, 12)), p=self._chances)
        sentences = []
        for number in chosen:
            relation = self._relations[number]
            pair = relation.pairs[rng.integers(len(relation.pairs))]
            sentences.append(statement(relation.name, pair, rng))
            if rng.random() < 0.2:
                sentences += self._rule(pair[0], rng)
        return _join(sentences, rng)

    def descriptions(self, rng: np.random.Generator) -> str:
        """Describe a few words by all that is known about each."""
        n = int(rng.integers(1, 7))
        return "\n".join(
            self.description(self._words[i], rng) for i in rng.integers(len(self._words), size=n)
        )

    def description(self, word: str, rng: np.random.Generator) -> str:
        """Describe one word by its attributes in random order."""
        facts = list(self._known[word])
        for rule in ("first-letter", "letter-count", "upper-case"):
            if rng.random() < 0.25 and word.islower() and self._may_state(rule, word):
                facts.append((rule, WORD_RULES[rule](word)))
        order = rng.permutation(len(facts))
        pieces = [_choose(PARTS[name], rng).format(y=y) for name, y in (facts[i] for i in order)]
        opening = _choose(_OPENINGS, rng)
        if opening.endswith("("):
            return opening.format(x=word) + ", ".join(pieces) + ")."
        return opening.format(x=word) + _choose(("; ", ", ", ", and "), rng).join(pieces) + "."

    def _rule(self, word: str, rng: np.random.Generator) -> list[str]:
        rule = list(RULES)[rng.integers(len(RULES))]
        if not (word.isalpha() and word.islower() and self._may_state(rule, word)):
            return []
        return [_choose(RULES[rule], rng).format(x=word, X=_capital(word), y=WORD_RULES[rule](word))]

    def _may_state(self, rule: str, word: str) -> bool:
        return self._world.split.side_of(rule, word) == self._world.side


def statement(relation: str, pair: Pair, rng: np.random.Generator) -> str:
    """State one fact in a sentence of its relation's own, or in a general one."""
    x, y = pair
    own = rng.random() < 0.6
    template = _choose(OWN[relation] if own else GENERAL, rng)
    noun = _choose(NOUNS[relation], rng)
    return template.format(x=x, y=y, X=_capital(x), Y=_capital(y), n=noun)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _choose(options: tuple[str, ...], rng: np.random.Generator) -> str:
    return options[rng.integers(len(options))]


def _join(sentences: list[str], rng: np.random.Generator) -> str:
    return (" " if rng.random() < 0.6 else "\n").join(sentences)
