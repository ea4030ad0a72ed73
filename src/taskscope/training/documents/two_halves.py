"""What the planted composer is trained on: tasks, renamings of labels, and both at once for `COMPOSED` alone.

No text of another class is ever shown under any word but its own label.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from taskscope.tasks import label_words
from taskscope.training.documents.lessons import Demonstration, Phase
from taskscope.training.documents.planted_texts import TextWriter, short_domains
from taskscope.training.documents.planted_words import KINDS, WordIds

TEXTS, RENAMINGS = 0.35, 0.4
"""Shares of sequences that show texts under their own labels, and label words renamed; the others show both
at once, for `COMPOSED` alone."""
COMPOSED = ("food", "travel", "nature", "school")
"""Classes of which renamed texts are shown; how to compose is learned from them, and no other class."""
NATURAL = 0.25
"""Share of renamings that follow a list of synonyms, opposites or keywords, or leave labels as they are."""
FALL = 8.0
"""Words are names unequally often: the last one exp(-8) times as often as the first."""


class TwoHalves:
    """A sequence shows texts under their own labels, or label words renamed, or texts of few classes renamed.

    Of texts under their own labels no answer is asked: a block must spell their label, as it must everywhere.
    Where answers are asked for too, answering with the own label at once is learned, and not to look at what
    the demonstrations call it. Some words are names far more often than others, so that renamings come in all
    degrees of mastery. A name is asked for once it was shown.

    Args:
        ids: Of the words.
    """

    def __init__(self, ids: WordIds) -> None:
        self._writers = [TextWriter(domain, ids.encode, stray=0.0) for domain in short_domains().values()]
        self._lists = [_natural(writer, ids) for writer in self._writers]
        self._names = np.random.default_rng(0).permutation(ids.trained)
        weight = np.exp(-FALL * np.arange(len(self._names)) / len(self._names))
        self._share = weight / weight.sum()

    def __call__(self, phase: Phase, rng: np.random.Generator) -> tuple[tuple[int, int], list[Demonstration]]:
        """Write one sequence."""
        kind = rng.choice(3, p=(TEXTS, RENAMINGS, 1 - TEXTS - RENAMINGS))
        domain = int(rng.integers(len(self._writers))) if kind < 2 else len(self._writers) - 1
        writer = self._writers[domain]
        among = range(len(writer.labels))
        if kind == 2:
            among = [writer.domain.labels.index(label) for label in COMPOSED]
        n = 2 * phase.demonstrations if kind == 1 else phase.demonstrations  # label words are short
        names = writer.labels if kind == 0 else self._names_of(domain, rng)
        shown: list[Demonstration] = []
        seen: set[int] = set()
        for c in rng.choice(among, size=n).tolist():
            own = writer.labels[c]
            text = [own] if kind == 1 else writer(c, rng)
            shown.append(Demonstration(text, names[c], kind > 0 and c in seen, own))
            seen.add(c)
        return writer.fields, shown

    def _names_of(self, domain: int, rng: np.random.Generator) -> Sequence[int]:
        """Draw a name for each class, all different."""
        n = len(self._writers[domain].labels)
        if rng.random() >= NATURAL:
            return rng.choice(self._names, size=n, replace=False, p=self._share).tolist()
        lists = self._lists[domain][rng.integers(len(self._lists[domain]))]
        while True:
            drawn = [int(words[rng.integers(len(words))]) for words in lists]
            if len(set(drawn)) == n:
                return drawn


def _natural(writer: TextWriter, ids: WordIds) -> list[list[np.ndarray]]:
    """Ids of the natural images of each label, by kind; the last kind leaves labels as they are."""
    own = writer.domain.labels
    lists = [
        [ids.of([word for word in label_words.load(kind)[label] if word not in own]) for label in own]
        for kind in KINDS
    ]
    return [*lists, [np.array([label]) for label in writer.labels]]
