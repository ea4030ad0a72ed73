"""Lists of a relation with few labels, which are renamed anew in each document."""

from __future__ import annotations

import numpy as np

from taskscope.training.documents import formats
from taskscope.training.documents.facts import World
from taskscope.training.documents.lists import Length
from taskscope.training.documents.pseudowords import pseudowords
from taskscope.training.documents.relations import LETTERS, Relation

_FEW = ("location-continent", "person-religion", "kind", "pet", "colour", "trade", "person-language")
_NAMES = (
    "foo",
    "bar",
    "yes",
    "no",
    "red",
    "blue",
    "green",
    "cat",
    "dog",
    "one",
    "two",
    "north",
    "south",
    "left",
    "right",
    "up",
    "down",
)


class RenamedWriter:
    """Writes lists in which a category can only be told from the lines above."""

    def __init__(self, world: World, length: Length) -> None:
        self._length = length
        self._relations = [r for name in _FEW if (r := world.relations[name]).pairs]

    def __call__(self, rng: np.random.Generator) -> str:
        """Write one list with two to five labels."""
        relation = self._relations[rng.integers(len(self._relations))]
        labels = sorted({y for _, y in relation.pairs})
        kept = [labels[i] for i in rng.permutation(len(labels))[: rng.integers(2, 6)]]
        names = dict(zip(kept, new_labels(len(kept), rng), strict=True))
        pairs = tuple((x, names[y]) for x, y in relation.pairs if y in names)
        renamed, form = Relation(relation.name, pairs), formats.draw(rng)
        n = self._length.lines(renamed, form, rng)
        return "".join(form.write(pair) for pair in renamed.draw(n, rng))


def new_labels(n: int, rng: np.random.Generator) -> list[str]:
    """Draw `n` different labels: letters, capitals, digits, common words or new words."""
    kind = rng.integers(5)
    if kind == 4:
        return pseudowords(n, rng)
    pool = (LETTERS, LETTERS.upper(), "0123456789", _NAMES)[kind]
    return [pool[i] for i in rng.permutation(len(pool))[:n]]
