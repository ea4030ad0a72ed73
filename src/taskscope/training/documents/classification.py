"""Short texts with a class that some of their words tell, under label words or under renamed labels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from taskscope.training.documents import wordbank
from taskscope.training.documents.facts import World
from taskscope.training.documents.renamed import new_labels

HELD_OUT_TOPICS = ("music", "law")
"""Topics of which no text is ever trained on, on either side of the split of words."""

_FRAMES = (
    ("Text: ", "\nTopic: ", "\n\n"),
    ("", " => ", "\n"),
    ("", " // ", "\n"),
    ("Sentence: ", "\nLabel: ", "\n\n"),
    ("", " (", ")\n"),
    ("Review: ", "\nSentiment: ", "\n\n"),
    ("- ", " [", "]\n"),
    ("", " | ", "\n"),
)


class ClassificationWriter:
    """Writes lists of classified texts.

    Args:
        world: Decides which signal words may be used.
        noise: Chance that a signal word is drawn from another class, so that one word is no proof.
    """

    def __init__(self, world: World, noise: float = 0.1) -> None:
        self._noise = noise
        feelings = wordbank.load("sentiment")
        self._things, self._frames = feelings["things"], feelings["frames"]
        self._topic_frames = wordbank.load("topic_frames")
        topics = {k: v for k, v in wordbank.load("topics").items() if k not in HELD_OUT_TOPICS}
        choose = world.split.choose
        self._topics = {k: choose("topic", v, world.side) for k, v in topics.items()}
        self._topics = {k: words for k, words in self._topics.items() if len(words) > 2}
        self._feelings = {k: choose("sentiment", feelings[k], world.side) for k in ("positive", "negative")}

    def __call__(self, rng: np.random.Generator) -> str:
        """Write one list of classified texts."""
        start, middle, end = _FRAMES[rng.integers(len(_FRAMES))]
        by_topic = rng.random() < 0.5
        classes = list(self._feelings)
        if by_topic:
            classes = [
                list(self._topics)[i] for i in rng.permutation(len(self._topics))[: rng.integers(2, 5)]
            ]
        labels = classes if rng.random() < 0.5 else new_labels(len(classes), rng)
        lines = []
        for c in rng.integers(len(classes), size=rng.integers(4, 20)):
            text = self._topic_text(classes, int(c), rng) if by_topic else self._feeling_text(classes[c], rng)
            lines.append(f"{start}{text}{middle}{labels[c]}{end}")
        return "".join(lines)

    def _topic_text(self, classes: Sequence[str], c: int, rng: np.random.Generator) -> str:
        words = []
        for slot in range(3):
            stray = slot > 0 and rng.random() < self._noise
            shown = int(rng.integers(len(classes))) if stray else c
            pool = self._topics[classes[shown]]
            words.append(pool[rng.integers(len(pool))])
        frame = self._topic_frames[rng.integers(len(self._topic_frames))]
        return frame.format(a=words[0], b=words[1], c=words[2])

    def _feeling_text(self, feeling: str, rng: np.random.Generator) -> str:
        pool = self._feelings[feeling]
        first, second = (pool[i] for i in rng.integers(len(pool), size=2))
        thing, other = (self._things[i] for i in rng.integers(len(self._things), size=2))
        frame = self._frames[rng.integers(len(self._frames))]
        return frame.format(thing=thing, other=other, w=first, v=second)
