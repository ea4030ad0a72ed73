"""Documents of lines ``x->y``, written as token ids, with the places a training objective needs to know."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from taskscope.training.documents.relations import Curriculum, Domain, Pair, Relation

FEWEST_DEMONSTRATIONS = 3
"""Lines that stand before a dummy query; fewer often fit several relations."""

Encode = Callable[[str], list[int]]


@dataclass(frozen=True)
class Mix:
    """How the documents of one step are made."""

    length: int
    """Tokens per document; the last line is cut where it does not fit."""
    named: float
    """Share of documents whose separators name their relation instead of being arrows."""
    heading: float
    """Share of documents that start with a line holding the name of the relation in words."""
    bare: int
    """Bare queries of the same relation drawn per document, for the objectives that edit a residual."""
    bare_length: int
    """Tokens per bare query with its answer; shorter ones are padded, longer ones never drawn."""


@dataclass(frozen=True)
class Batch:
    """One step's documents and the bare queries that go with them.

    Shapes: tokens (document, token); weight (document, token) positive where the token belongs to an answer
    or ends it, zero elsewhere; source (bare, 3): document and the separators, by token index, of its two
    dummy queries; query (bare, token); query_weight (bare, token) as `weight`; separator (bare,) token
    index.
    """

    tokens: np.ndarray
    weight: np.ndarray
    source: np.ndarray
    query: np.ndarray
    query_weight: np.ndarray
    separator: np.ndarray

    @property
    def n_tokens(self) -> int:
        """Tokens sent through the model for this batch."""
        return self.tokens.size + self.query.size


class Writer:
    """Writes documents of one curriculum with one tokeniser.

    Args:
        curriculum: What may be written about.
        encode: Text to token ids; must not merge over the arrow or the line end.
        arrow: Id of the arrow.
        line_end: Id of the line end.
        marks: Ids of the relation-naming separators by relation name; may be empty.
    """

    def __init__(
        self, curriculum: Curriculum, encode: Encode, arrow: int, line_end: int, marks: dict[str, int]
    ) -> None:
        self._encode_text, self._arrow, self._end, self._marks = encode, arrow, line_end, marks
        self._known: dict[str, list[int]] = {}
        self._domains = curriculum.domains
        weights = np.array([d.weight for d in self._domains])
        self._chances = weights / weights.sum()

    def batch(self, n_documents: int, mix: Mix, rng: np.random.Generator) -> Batch:
        """Draw and write the documents of one step."""
        tokens = np.empty((n_documents, mix.length), dtype=np.int64)
        weight = np.zeros((n_documents, mix.length), dtype=np.float32)
        n_bare = n_documents * mix.bare
        source = np.zeros((n_bare, 3), dtype=np.int64)
        query = np.full((n_bare, mix.bare_length), self._end, dtype=np.int64)
        query_weight = np.zeros((n_bare, mix.bare_length), dtype=np.float32)
        separator = np.zeros(n_bare, dtype=np.int64)
        for row in range(n_documents):
            relation, chance = self._draw_relation(rng)
            pairs = relation.draw(mix.length // 4 + mix.bare, rng)
            lines = self._lines(relation, pairs, mix, rng)
            used, separators = _fill(lines, tokens[row], weight[row])
            if tokens[row, separators[0]] == self._arrow and lines[0][1] >= 0:
                weight[row, : len(lines[0][0])] *= chance
            spare = pairs[used:] or pairs[-1:]
            for b in range(row * mix.bare, (row + 1) * mix.bare):
                source[b] = row, *_dummies(separators, rng)
                separator[b] = self._bare(spare, query[b], query_weight[b], rng)
        return Batch(tokens, weight, source, query, query_weight, separator)

    def _draw_relation(self, rng: np.random.Generator) -> tuple[Relation, float]:
        """Draw a relation, and say how much the first line of a document without a name counts.

        Nothing before that line tells the relation.  Its weight makes up for some relations being drawn more
        often than others, so that a bare query favours none.
        """
        domain: Domain = self._domains[rng.choice(len(self._domains), p=self._chances)]
        weights = np.array([relation.weight for relation in domain.relations])
        number = rng.choice(len(weights), p=weights / weights.sum())
        return domain.relations[number], weights.min() / weights[number]

    def _lines(
        self, relation: Relation, pairs: list[Pair], mix: Mix, rng: np.random.Generator
    ) -> list[tuple[list[int], int, int]]:
        """Write each pair as (ids, index of the separator, index of the first answer token)."""
        style = rng.random()
        separator = self._marks[relation.name] if style < mix.named else self._arrow
        lines = []
        if mix.named <= style < mix.named + mix.heading:
            ids = [*self._ids(relation.name), self._end]
            lines.append((ids, -1, len(ids)))
        for given, wanted in pairs:
            left = self._ids(given)
            lines.append(([*left, separator, *self._ids(wanted), self._end], len(left), len(left) + 1))
        return lines

    def _bare(
        self, pairs: list[Pair], query: np.ndarray, query_weight: np.ndarray, rng: np.random.Generator
    ) -> int:
        """Write one bare query with its answer into a row; return the index of its separator."""
        for index in rng.permutation(len(pairs)):
            given, wanted = (self._ids(text) for text in pairs[index])
            ids = [*given, self._arrow, *wanted, self._end]
            if len(ids) <= len(query):
                query[: len(ids)] = ids
                query_weight[len(given) + 1 : len(ids)] = 1
                return len(given)
        query[0] = self._arrow
        return 0

    def _ids(self, text: str) -> list[int]:
        if text not in self._known:
            if len(self._known) > 50_000:  # fresh lists of letters never end
                self._known.clear()
            self._known[text] = self._encode_text(text)
        return self._known[text]


def _dummies(separators: list[int], rng: np.random.Generator) -> tuple[int, int]:
    """Choose the separators of two dummy queries, the same one twice in half of the cases.

    The first lines are left out where there are others: too few demonstrations stand before them.
    """
    first = min(FEWEST_DEMONSTRATIONS, len(separators) - 1)
    one, other = (separators[i] for i in rng.integers(first, len(separators), size=2))
    return (one, one) if rng.random() < 0.5 else (one, other)


def _fill(
    lines: list[tuple[list[int], int, int]], tokens: np.ndarray, weight: np.ndarray
) -> tuple[int, list[int]]:
    """Write lines into one row until it is full, starting over when they run out.

    Returns:
        How many pairs were begun (headings not counted, at most the number of lines), and the token index of
        every separator that fits.
    """
    at, used, separators = 0, 0, []
    while at < len(tokens):
        for ids, separator, first in lines:
            room = len(tokens) - at
            tokens[at : at + len(ids)] = ids[:room]
            weight[at + first : at + len(ids)] = 1
            used += separator >= 0
            if 0 <= separator < room:
                separators.append(at + separator)
            at += len(ids)
            if at >= len(tokens):
                break
    return used, separators
