"""Our own sets of classified texts, put together from word lists: nothing to download, nothing memorised.

Each text is a frame filled with *signal words* of its class. In the sets of `NAMES` some of them stray: they
are drawn from another class, so that no single word is a proof and no reader is always right. In the sets of
`FEW` none strays, and their frames are their own. All other lists and frames are those from which the
built-in models' training documents are made; the texts themselves are written here.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from string import Formatter
from typing import Any

from taskscope.tasks.classification import ClassificationTask, Text
from taskscope.tasks.draws import Stream

STRAY = 0.1
"""Chance that a signal word is drawn from another class."""
N_TEXTS = 512
"""Texts in the pool, and as many in the test set, the same number of each class."""
N_SIGNALS_OF_FEW, N_FILLERS_OF_FEW = 4, 8
"""Signal words of each class in the sets of few words, and words that fit everywhere."""
LISTS = ("sentiment", "topics", "topic_frames", "few_frames")
"""Files of words and frames."""

_FOLDER = resources.files("taskscope.tasks") / "data" / "texts"


@cache
def load(name: str) -> Any:
    """Read one of `LISTS`; the result is shared and must not be changed."""
    return json.loads((_FOLDER / f"{name}.json").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class _Recipe:
    """What a set is made of; classes are label words here."""

    title: str
    about: str
    labels: tuple[str, ...]
    text_field: str
    label_field: str
    few: bool = False
    """Whether texts are short and each class has few signal words, each of which comes back soon."""


_NEWS = ("sport", "science", "business", "politics")
_RECIPES: dict[str, _Recipe] = {
    "sentiment": _Recipe(
        "Sentiment", "Whether a sentence praises or blames.", ("negative", "positive"), "Review", "Sentiment"
    ),
    "topics": _Recipe("Topics", "Which of four topics a sentence is about.", _NEWS, "News", "News type"),
    "topics-8": _Recipe(
        "Eight topics",
        "Which of eight topics a sentence is about.",
        (*_NEWS, "food", "travel", "nature", "school"),
        "Article",
        "Article type",
    ),
    "sentiment-few": _Recipe(
        "Sentiment in few words",
        "Whether a short sentence praises or blames, in four words for each.",
        ("negative", "positive"),
        "Review",
        "Sentiment",
        few=True,
    ),
    "topics-few": _Recipe(
        "Topics in few words",
        "Which of four topics a short sentence is about, in four words for each.",
        _NEWS,
        "News",
        "News type",
        few=True,
    ),
}
NAMES: tuple[str, ...] = tuple(name for name, recipe in _RECIPES.items() if not recipe.few)
"""The sets by name."""
FEW: tuple[str, ...] = tuple(name for name, recipe in _RECIPES.items() if recipe.few)
"""Sets of few words: 32 demonstrations show every signal word about eight times (two classes) or four times
(four classes), so that simple learners get far from guessing even where no word is known beforehand."""

_NOTES = (
    "Written from the word lists and frames of the built-in models' training documents, in which about three "
    "quarters of the signal words stand. In a frame with one or two signal words a perfect reader is right "
    "nine times in ten."
)
_NOTES_OF_FEW = (
    "Written from the first four signal words of each class in the larger set's lists, two in each text, "
    "and from frames of one length, which the built-in language models were not trained on. A perfect reader "
    "is always right."
)


@cache
def build(name: str, stray: float | None = None) -> ClassificationTask:
    """Write one of `NAMES` or `FEW`, the same on every machine.

    Args:
        name: Which set.
        stray: Chance that a signal word comes from another class, all others alike; at (K - 1) / K texts of
            K classes tell nothing about their class. By default `STRAY`, and none in `FEW`.
    """
    recipe = _RECIPES[name]
    if stray is None:
        stray = 0.0 if recipe.few else STRAY
    n_classes = len(recipe.labels)
    stream = Stream(list(_RECIPES).index(name))
    frames, signals, fillers = _material(recipe)
    half = N_TEXTS // n_classes
    texts: dict[str, int] = {}
    # Class after class in turn: a text can belong to one class only, and none may be the first to choose.
    for number in range(2 * half * n_classes):
        while len(texts) == number:
            text = _write(frames, signals, fillers, number % n_classes, stray, stream)
            texts.setdefault(text, number % n_classes)
    items = [Text(text=text, label=label) for text, label in texts.items()]
    return ClassificationTask(
        name=name,
        title=recipe.title,
        description=f"{recipe.about} {_straying(stray)}",
        classes=recipe.labels,
        labels=recipe.labels,
        text_field=recipe.text_field,
        label_field=recipe.label_field,
        pool=stream.shuffled(items[: half * n_classes]),
        test=stream.shuffled(items[half * n_classes :]),
        source="Written by a rule.",
        licence="Apache-2.0",
        notes=_NOTES_OF_FEW if recipe.few else _NOTES,
    )


def _straying(stray: float) -> str:
    if stray == 0:
        return "Every signal word is of the text's own class."
    return f"A signal word comes from another class with chance {stray:g}."


def _material(recipe: _Recipe) -> tuple[list[str], list[list[str]], list[str]]:
    """Return frames, the signal words of each class, and words that fit everywhere."""
    feelings, is_feeling = load("sentiment"), recipe.label_field == "Sentiment"
    lists = feelings if is_feeling else load("topics")
    signals = [lists[label] for label in recipe.labels]
    if recipe.few:
        frames = load("few_frames")["sentiment" if is_feeling else "topics"]
        return frames, [words[:N_SIGNALS_OF_FEW] for words in signals], feelings["things"][:N_FILLERS_OF_FEW]
    if is_feeling:
        return feelings["frames"], signals, feelings["things"]
    return load("topic_frames"), signals, []


def _write(
    frames: list[str], signals: list[list[str]], fillers: list[str], label: int, stray: float, stream: Stream
) -> str:
    frame = frames[stream.below(len(frames))]
    words: dict[str, str] = {}
    for _, slot, _, _ in Formatter().parse(frame):
        if slot is None or slot in words:
            continue
        from_class = label
        if slot not in ("thing", "other") and stream.chance(stray):
            from_class = (label + 1 + stream.below(len(signals) - 1)) % len(signals)
        words_of = fillers if slot in ("thing", "other") else signals[from_class]
        free = [word for word in words_of if word not in words.values()]
        words[slot] = free[stream.below(len(free))]
    return frame.format(**words)
