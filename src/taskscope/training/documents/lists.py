"""Few-shot lists: lines of one relation in one format, and lists in which relations meet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from taskscope.training.documents import formats
from taskscope.training.documents.facts import World
from taskscope.training.documents.formats import LineFormat, Pair
from taskscope.training.documents.pseudowords import pseudowords
from taskscope.training.documents.relations import Domain, Relation

Generator = Callable[[np.random.Generator], str]

TITLES = {
    "present-gerund": ("Gerund", "The -ing form", "Present to gerund", "Add -ing"),
    "present-past": ("Past tense", "Past", "The past of each verb", "Present to past"),
    "plural-singular": ("Singular", "Plural to singular", "One of each", "Give the singular"),
    "antonyms": ("Opposites", "Opposite", "Antonyms", "The opposite of each word"),
    "en-fr": ("French", "English to French", "Translate into French", "In French"),
    "fr-en": ("English", "French to English", "Translate into English", "In English"),
    "country-capital": ("Capital", "Capitals", "Country and capital", "The capital of each country"),
    "location-continent": ("Continent", "Continents", "Place and continent", "On which continent"),
    "person-language": ("Language", "Languages", "Person and language", "Language of each person"),
    "person-religion": ("Religion", "Faith", "Person and religion", "Religion of each person"),
    "kind": ("Kind", "Kinds of things", "What is it", "Kind of thing"),
    "town": ("Town", "Home", "Where they live", "Home town"),
    "trade": ("Trade", "Work", "What they do", "Trade of each person"),
    "pet": ("Pet", "Pets", "Pet of each person", "Which animal"),
    "colour": ("Colour", "Favourite colour", "Colour each one likes", "Which colour"),
    "copy": ("Copy", "Repeat", "The same again", "Copy each word"),
    "capitalise": ("Capital letter", "Capitalise", "With a capital", "Start with a capital letter"),
    "first-letter": ("First letter", "Initial", "The first letter of each", "First letter only"),
    "upper-case": ("Upper case", "Capitals only", "In capitals", "All capitals"),
    "first-two-letters": ("First two letters", "Two letters", "The first two letters"),
    "letter-count": ("Letters", "Number of letters", "How many letters", "Length"),
    "next-letter": ("Next letter", "The letter after", "Next"),
    "to-upper": ("Upper case", "Capital", "Big letter"),
    "to-lower": ("Lower case", "Small", "Small letter"),
    "next-capital": ("Next letter in capitals", "Next capital"),
    "next-letter-capital": ("Next letter", "The capital after"),
    "list-first": ("First", "First of the list", "First letter"),
    "list-last": ("Last", "Last of the list", "The last one"),
    "list-copy": ("Copy", "Repeat the list", "The same list"),
    "list-first-capital": ("First in capitals", "First, capital"),
}
"""Names of the relations in words; affixes and repetitions are named by what they add."""


@dataclass(frozen=True)
class Length:
    """How long a list is, in tokens by estimate; lengths are spread evenly on a log scale."""

    shortest: int
    longest: int

    def lines(self, relation: Relation, form: LineFormat, rng: np.random.Generator) -> int:
        """Draw a number of lines, at least two, by what a line of this relation costs."""
        cost = np.mean([estimated_tokens(form.write(pair)) for pair in relation.draw(4, rng)])
        return max(2, round(self.shortest * (self.longest / self.shortest) ** rng.random() / cost))


SHORT = Length(16, 240)
MANY = Length(600, 1000)
"""Many-shot: longer than 512 tokens, and most of them within one training sequence of 1,024."""


def estimated_tokens(text: str) -> float:
    """Estimate the tokens of a short text: marks and spaces cost more than letters."""
    letters = sum(map(str.isalpha, text))
    return letters / 3.2 + (len(text) - letters) * 0.85


class ListWriter:
    """Draws relations of one world and writes them as lists.

    Args:
        world: Facts that may be shown.
        length: How long lists are.
        arrow: Share of lists in the studies' default format.
    """

    def __init__(self, world: World, length: Length, arrow: float = 0.0) -> None:
        self._world, self._length, self._arrow = world, length, arrow
        self._domains = (*world.domains, *world.letters)
        weights = np.array([d.weight for d in self._domains])
        self._ends = np.cumsum(weights / weights.sum())

    def __call__(self, rng: np.random.Generator) -> str:
        """Write one document."""
        style = rng.random()
        if style < 0.12:
            return self.named(rng)
        if style < 0.22:
            return self.switching(rng)
        return self.plain(rng, headed=style < 0.40)

    def relation(self, rng: np.random.Generator) -> Relation:
        """Draw a relation: of a domain, a rule on the domain's words, or a rule on new words."""
        domain = self._domain(rng)
        if any(relation.sample or len(relation.pairs[0][0]) == 1 for relation in domain.relations):
            return domain.relations[rng.integers(len(domain.relations))]
        choice = rng.random()
        if choice < 0.68:
            return domain.relations[rng.integers(len(domain.relations))]
        relation = self._world.rule(self._words(domain, rng, new=choice >= 0.84), rng)
        return relation if len(relation.pairs) > 1 else self.relation(rng)

    def form(self, rng: np.random.Generator) -> LineFormat:
        """Draw the format of a document."""
        return formats.draw(rng, self._arrow)

    def plain(self, rng: np.random.Generator, headed: bool = False) -> str:
        """Write lines of one relation, under its name in words if `headed`."""
        relation, form = self.relation(rng), self.form(rng)
        n = self._length.lines(relation, form, rng)
        return self._heading(relation, rng) * headed + _write(_pairs(relation, n, rng), form)

    def named(self, rng: np.random.Generator) -> str:
        """Write lines of many relations, each named beside its input or at its separator."""
        form, place = formats.draw(rng), rng.integers(3)
        domains = [self._domain(rng) for _ in range(3)]
        relations = [r for d in domains for r in d.relations if r.name in TITLES]
        n = self._length.lines(relations[0], form, rng)
        drawn = {r.name: iter(_pairs(r, n, rng)) for r in relations}
        titles = {r.name: _title(r, rng) for r in relations}
        lines = []
        for i in rng.integers(len(relations), size=n):
            name = relations[i].name
            (x, y), title = next(drawn[name]), titles[name].lower()
            inputs = (f"{x} ({title})", f"{title} of {x}", f"{x}, {title}")
            lines.append((inputs[place], y))
        return _write(lines, form)

    def switching(self, rng: np.random.Generator) -> str:
        """Write two to four lists over the same domain in one format, one after the other."""
        domain, form = self._domain(rng), self.form(rng)
        n = self._length.lines(domain.relations[0], form, rng)
        parts = int(rng.integers(2, 5))
        texts = []
        for _ in range(parts):
            relation = domain.relations[rng.integers(len(domain.relations))]
            if rng.random() < 0.3 and relation.sample is None:
                rule = self._world.rule(self._words(domain, rng), rng)
                relation = rule if rule.pairs else relation
            heading = self._heading(relation, rng) if rng.random() < 0.3 else ""
            texts.append(heading + _write(_pairs(relation, max(2, n // parts), rng), form))
        return "\n".join(texts)

    def _domain(self, rng: np.random.Generator) -> Domain:
        return self._domains[min(int(np.searchsorted(self._ends, rng.random())), len(self._domains) - 1)]

    def _words(self, domain: Domain, rng: np.random.Generator, new: bool = False) -> list[str]:
        """Draw words of a domain, or new ones, as many as the longest list may need."""
        if new:
            return pseudowords(self._length.longest // 5, rng)
        relation = domain.relations[rng.integers(len(domain.relations))]
        return [x for x, _ in relation.draw(self._length.longest // 5, rng)]

    @staticmethod
    def _heading(relation: Relation, rng: np.random.Generator) -> str:
        ending = (":\n", "\n", ": ", ".\n", ":\n\n")[rng.integers(5)]
        return _title(relation, rng) + ending


def _title(relation: Relation, rng: np.random.Generator) -> str:
    known = TITLES.get(relation.name)
    if known is None:
        kind, _, affix = relation.name.partition(" ")
        return f"Add the {kind} {affix}" if affix else "Say it twice"
    return known[rng.integers(len(known))]


def _pairs(relation: Relation, n: int, rng: np.random.Generator) -> list[Pair]:
    """Draw `n` pairs; all of them appear once before any appears again."""
    pairs = relation.draw(n, rng)
    while len(pairs) < n:
        pairs += relation.draw(n - len(pairs), rng)
    return pairs


def _write(pairs: list[Pair], form: LineFormat) -> str:
    return "".join(form.write(pair) for pair in pairs)
