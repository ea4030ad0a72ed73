"""Short texts with a class that some of their words tell, as token ids: what the planted learners read.

Words, frames and the chance of a stray word are those of the built-in sets of classified texts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from string import Formatter
from typing import Any

import numpy as np

from taskscope.tasks import texts
from taskscope.training.documents import wordbank

STRAY = 0.1
"""Chance that a signal word is drawn from another class."""
_FILLERS = ("thing", "other")
Encode = Callable[[str], list[int]]


@dataclass(frozen=True)
class Domain:
    """Texts of one kind: frames, and the signal words of each class under its label word."""

    name: str
    text_field: str
    label_field: str
    frames: tuple[str, ...]
    signals: dict[str, tuple[str, ...]]
    fillers: tuple[str, ...] = ()

    @property
    def labels(self) -> tuple[str, ...]:
        """Label word of each class, in class order."""
        return tuple(self.signals)

    @cached_property
    def words(self) -> set[str]:
        """Every word that a text or a label of this domain can hold."""
        plain = " ".join(frame.format_map(_Blank()) for frame in self.frames)
        framed = {word.strip(".,!?") for word in plain.split()}
        signals = {word for words in self.signals.values() for word in words}
        return (framed | signals | {*self.fillers, *self.labels}) - {""}


class _Blank(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return ""


def short_domains() -> dict[str, Domain]:
    """The built-in domains in as few words as `texts.FEW`."""
    feelings, frames = wordbank.load("sentiment"), wordbank.load("few_frames")
    return {
        name: replace(
            domain,
            frames=tuple(frames["sentiment" if name == "sentiment" else "topics"]),
            signals={label: words[: texts.N_SIGNALS_OF_FEW] for label, words in domain.signals.items()},
            fillers=tuple(feelings["things"][: texts.N_FILLERS_OF_FEW]),
        )
        for name, domain in domains().items()
    }


def domains() -> dict[str, Domain]:
    """The three built-in domains by the name of their set."""
    feelings, topics = wordbank.load("sentiment"), wordbank.load("topics")
    frames = tuple(wordbank.load("topic_frames"))

    def of(labels: Sequence[str], source: dict[str, Any]) -> dict[str, tuple[str, ...]]:
        return {label: tuple(source[label]) for label in labels}

    four = ("sport", "science", "business", "politics")
    eight = (*four, "food", "travel", "nature", "school")
    sets = (
        Domain(
            "sentiment",
            "Review",
            "Sentiment",
            tuple(feelings["frames"]),
            of(("negative", "positive"), feelings),
            tuple(feelings["things"]),
        ),
        Domain("topics", "News", "News type", frames, of(four, topics)),
        Domain("topics-8", "Article", "Article type", frames, of(eight, topics)),
    )
    return {domain.name: domain for domain in sets}


class TextWriter:
    """Writes texts of one domain as token ids.

    Args:
        domain: What is written.
        encode: Ids of a text, a word's leading space included.
        stray: Chance that a signal word is drawn from another class.
    """

    def __init__(self, domain: Domain, encode: Encode, stray: float = STRAY) -> None:
        self.domain = domain
        self._stray = stray
        self.signals = [[encode(f" {word}")[0] for word in words] for words in domain.signals.values()]
        self.fillers = [encode(f" {word}")[0] for word in domain.fillers]
        self.labels = [encode(f" {word}")[0] for word in domain.labels]
        self.fields = (encode(f"\n{domain.text_field}:")[0], encode(f"\n{domain.label_field}:")[0])
        self._frames = [_cut(f" {frame}", encode) for frame in domain.frames]

    def __call__(self, label: int, rng: np.random.Generator) -> list[int]:
        """Write one text.

        Args:
            label: Class of the text.
            rng: Source of all choices.
        """
        pools = self.signals
        frame = self._frames[rng.integers(len(self._frames))]
        used: list[int] = []
        text: list[int] = []
        for ids, slot in frame:
            text += ids
            if slot is None:
                continue
            pool: Sequence[int] = self.fillers
            if slot not in _FILLERS:
                stray = rng.random() < self._stray
                shown = (label + 1 + int(rng.integers(len(pools) - 1))) % len(pools) if stray else label
                pool = pools[shown]
            word = pool[rng.integers(len(pool))]
            while word in used and len(pool) > len(used):
                word = pool[rng.integers(len(pool))]
            used.append(word)
            text.append(word)
        return text


def _cut(frame: str, encode: Encode) -> list[tuple[list[int], str | None]]:
    """Cut a frame into ids, each followed by the name of a slot or by nothing."""
    return [(encode(plain.rstrip(" ")), slot) for plain, slot, _, _ in Formatter().parse(frame)]
