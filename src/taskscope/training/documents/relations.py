"""Relations between an input and an answer, and the domains of inputs in which they compete.

A word must be an input of several relations that are about equally likely, otherwise the word alone gives the
task away and a model without any demonstration is as good as one with five.  Relations are therefore
grouped in domains (verbs, countries, letters ...), and a document first draws a domain, then one of the
relations there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from taskscope.errors import TaskError
from taskscope.runs.cell import canonical_json

Pair = tuple[str, str]
RULE_WEIGHT = 0.3
LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class Relation:
    """One rule that takes an input to its answer.

    Either `pairs` lists every case, or `sample` draws a fresh one (lists of letters, of which there are too
    many to write down).
    """

    name: str
    pairs: tuple[Pair, ...] = ()
    weight: float = 1.0
    """How often documents show this relation, relative to the others of its domain."""
    sample: Callable[[np.random.Generator], Pair] | None = field(default=None, compare=False)

    def draw(self, n: int, rng: np.random.Generator) -> list[Pair]:
        """Draw up to `n` pairs with different inputs; fewer if the relation has fewer."""
        if self.sample is None:
            return [self.pairs[i] for i in rng.permutation(len(self.pairs))[:n]]
        found: dict[str, str] = {}
        while len(found) < n:
            given, answer = self.sample(rng)
            found.setdefault(given, answer)
        return list(found.items())


@dataclass(frozen=True)
class Domain:
    """Inputs of one kind and the relations that hold among them."""

    name: str
    relations: tuple[Relation, ...]
    weight: float = 1.0
    """How often documents are about this domain, relative to the others."""


@dataclass(frozen=True)
class Curriculum:
    """All the domains a model is trained on."""

    domains: tuple[Domain, ...]

    @property
    def relations(self) -> tuple[str, ...]:
        """Names of all relations, sorted."""
        return tuple(sorted({r.name for d in self.domains for r in d.relations}))

    @property
    def words(self) -> tuple[str, ...]:
        """Every input and answer that can be listed, with repetition: what the tokeniser is fitted to."""
        rng = np.random.default_rng(0)
        pairs = [
            pair
            for domain in self.domains
            for relation in domain.relations
            for pair in (relation.pairs or relation.draw(200, rng))
        ]
        return tuple(word for pair in pairs for word in pair)

    def canonical(self) -> str:
        """One text that changes when any listed case, name or weight changes."""
        return canonical_json([[d.name, d.weight, [_content(r) for r in d.relations]] for d in self.domains])


def _content(relation: Relation) -> list[object]:
    pairs = [list(pair) for pair in relation.pairs]
    return [relation.name, relation.weight, relation.sample is not None, pairs]


def word_rules(words: Sequence[str], weight: float = 1.0) -> tuple[Relation, ...]:
    """The rules that hold for any word: copy, capitalise, first letter, last letter."""
    rules: dict[str, Callable[[str], str]] = {
        "copy": lambda w: w,
        "capitalise": lambda w: w[0].upper() + w[1:],
        "first-letter": lambda w: w[0],
        "last-letter": lambda w: w[-1],
    }
    return tuple(Relation(name, tuple((w, rule(w)) for w in words), weight) for name, rule in rules.items())


def letter_domains() -> tuple[Domain, Domain]:
    """Single letters: small ones and capitals, with enough rules that a letter alone says little."""
    low, up = LETTERS, LETTERS.upper()
    small = (
        Relation("next-letter", tuple(pairwise(low))),
        Relation("prev-letter", tuple(zip(low[1:], low[:-1], strict=True))),
        Relation("to-upper", tuple(zip(low, up, strict=True))),
        Relation("copy", tuple(zip(low, low, strict=True))),
        Relation("next-capital", tuple(zip(low[:-1], up[1:], strict=True))),
    )
    capital = (
        Relation("to-lower", tuple(zip(up, low, strict=True))),
        Relation("copy", tuple(zip(up, up, strict=True))),
        Relation("next-letter-capital", tuple(pairwise(up))),
        Relation("prev-letter-capital", tuple(zip(up[1:], up[:-1], strict=True))),
    )
    return Domain("letters", small, 0.6), Domain("capitals", capital, 0.4)


def list_domain() -> Domain:
    """Comma-separated lists of two to four small letters, drawn fresh for every document."""
    rules: dict[str, Callable[[list[str]], str]] = {
        "list-first": lambda xs: xs[0],
        "list-last": lambda xs: xs[-1],
        "list-second": lambda xs: xs[1],
        "list-copy": lambda xs: ",".join(xs),
        "list-first-capital": lambda xs: xs[0].upper(),
    }

    def sampler(rule: Callable[[list[str]], str]) -> Callable[[np.random.Generator], Pair]:
        def sample(rng: np.random.Generator) -> Pair:
            letters = [LETTERS[i] for i in rng.integers(26, size=rng.integers(2, 5))]
            return ",".join(letters), rule(letters)

        return sample

    return Domain("lists", tuple(Relation(name, sample=sampler(rule)) for name, rule in rules.items()), 0.9)


def word_domain(name: str, relations: Sequence[Relation], weight: float = 1.0) -> Domain:
    """Words of one kind: their own relations, and the rules that hold for any word.

    The rules are quick to learn and shown less often.

    Raises:
        TaskError: If no relation has any pair.
    """
    words = sorted({given for relation in relations for given, _ in relation.pairs})
    if not words:
        raise TaskError(f"domain {name!r} holds no word", "relations with at least one pair each")
    return Domain(name, (*relations, *word_rules(words, RULE_WEIGHT)), weight)
