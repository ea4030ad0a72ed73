"""Lists in which the query tells less of the rule: every word also stands under other rules.

A model that has read many lists knows from a word like *France* what is asked of it, and then demonstrations
add nothing.  Here most lists are of a few lines that mostly copy a word; longer lists mostly put it under
the relation that it was listed for, and any list may put it under a rule that holds for any word.  Half of
the frames are hardly ever met twice.  So rule and frame must both be read off the lines.
"""

from __future__ import annotations

import numpy as np

from taskscope.training.documents import formats
from taskscope.training.documents.facts import World
from taskscope.training.documents.formats import LineFormat
from taskscope.training.documents.lists import Length, ListWriter
from taskscope.training.documents.relations import Relation

BRIEF, LONGER = Length(12, 60), Length(60, 240)
"""Two to about eight lines, and some ten to forty."""
RARE, FREQUENT = 0.1, 0.7
"""Share of lists about the relations that words were listed for: rare where lists are brief, so that a first
line foretells none of them, and frequent where they are longer, so that lines which show one are followed."""
COPIED, RULED = 0.6, 0.2
"""Of the other lists: shares of copied words and of rules on them; the rest is about new words."""
CUED = 0.5
"""Share of lists in a frame of `formats.draw_cued`."""


class ContestedWriter(ListWriter):
    """Writes lists of relations that contest each word; none names its relation.

    Args:
        world: Facts that may be shown.
        length: How long lists are.
        own: Share of lists about the relations that words were listed for.
        arrow: Share of lists in the studies' default format, among those without a cue.
    """

    def __init__(self, world: World, length: Length, own: float, arrow: float = 0.0) -> None:
        super().__init__(world, length, arrow)
        self._own = own

    def __call__(self, rng: np.random.Generator) -> str:
        """Write one document."""
        return self.plain(rng)

    def form(self, rng: np.random.Generator) -> LineFormat:
        """Draw the format of a document."""
        return formats.draw_cued(rng) if rng.random() < CUED else super().form(rng)

    def relation(self, rng: np.random.Generator) -> Relation:
        """Draw what is done with the words of a domain: their own relation, nothing, or any rule."""
        domain = self._domain(rng)
        copies = [r for r in domain.relations if r.name in ("copy", "list-copy")]
        own, other = rng.random() < self._own, rng.random()
        if own or (copies and other >= COPIED):  # letters and lists of them have rules enough of their own
            return domain.relations[rng.integers(len(domain.relations))]
        if copies:
            return copies[0]
        new = other >= COPIED + RULED
        words = self._words(domain, rng, new)
        copied = other < COPIED or (new and rng.random() < 0.5)
        relation = self._world.copied(words) if copied else self._world.rule(words, rng)
        return relation if len(relation.pairs) > 1 else self.relation(rng)
