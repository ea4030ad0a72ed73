"""Tasks that are new in every sequence: what the planted learner is trained on."""

from __future__ import annotations

import numpy as np

from taskscope.training.documents import planted_words
from taskscope.training.documents.lessons import Demonstration, Phase
from taskscope.training.documents.planted_texts import TextWriter, short_domains
from taskscope.training.documents.planted_words import WordIds

MOST_CLASSES = 4


class FreshTasks:
    """Every sequence has words and labels of its own: nothing learned before tells what they mean.

    Texts are those of the sets of few words. Their words are exchanged by a fresh permutation of all words
    and marks, labels are drawn from the words of training and the texts' own labels. A label is asked for
    once its class was shown.

    Args:
        ids: Of the words.
    """

    def __init__(self, ids: WordIds) -> None:
        self._content = ids.content
        self._labels = np.concatenate([ids.trained, ids.of(sorted(planted_words.own_labels()))])
        self._size = ids.size
        self._writers = [TextWriter(domain, ids.encode, stray=0.0) for domain in short_domains().values()]

    def __call__(self, phase: Phase, rng: np.random.Generator) -> tuple[tuple[int, int], list[Demonstration]]:
        """Write one sequence of a task that never comes again."""
        writer = self._writers[rng.integers(len(self._writers))]
        most = min(MOST_CLASSES, len(writer.labels))
        classes = rng.permutation(len(writer.labels))[: rng.integers(2, most + 1)].tolist()
        labels = rng.choice(self._labels, size=len(classes), replace=False).tolist()
        exchanged = np.arange(self._size)
        exchanged[self._content] = rng.permutation(self._content)
        shown: list[Demonstration] = []
        seen: set[int] = set()
        for c in rng.integers(len(classes), size=phase.demonstrations).tolist():
            text = exchanged[writer(classes[c], rng)].tolist()
            shown.append(Demonstration(text, labels[c], c in seen))
            seen.add(c)
        return writer.fields, shown
