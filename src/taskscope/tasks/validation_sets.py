"""Published sets asked on their validation texts: MNLI, Rotten Tomatoes, and three sets of tweets.

Beside SST-2, the sets of protocol kernel_regression 4. Nothing of them is part of this package; every file is
checked by its class counts, and classes are matched by name.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from taskscope.tasks import dataset_files as files
from taskscope.tasks.labelled_rows import Description, Row, halves, require_counts

_TWEETS = "Barbieri et al. 2020, TweetEval, train and validation split"
_TWEET_LICENCE = "TweetEval without restriction; those of the sources and of Twitter apply."

ABOUT: dict[str, Description] = {
    about.name: about
    for about in (
        Description(
            "mnli",
            "MNLI",
            "Whether a sentence follows from another, contradicts it, or neither.",
            {"entailment": "True", "neutral": "Neither", "contradiction": "False"},
            "Premise",
            "Answer",
            source="Williams et al. 2018, matched validation set, in the copy of anthonywchen/generative-nli",
            licence="Mostly that of the Open American National Corpus.",
            notes="A text is the premise and a question that holds the hypothesis. Pool and test set are "
            "alternate items of the validation set.",
        ),
        Description(
            "rotten-tomatoes",
            "Rotten Tomatoes",
            "Whether a sentence of a film review praises or blames.",
            {"negative": "negative", "positive": "positive"},
            "Review",
            "Sentiment",
            source="Pang & Lee 2005, in the split of yaolu/Ordered-Prompt",
            licence="Not stated; research use.",
            notes="8662 sentences to show and 2000 to ask; the one with 1066 is another split.",
        ),
        Description(
            "hate",
            "Hate speech",
            "Whether a tweet is hateful to women or immigrants.",
            {"not-hate": "neutral", "hate": "hate"},
            "Tweet",
            "Tone",
            source=_TWEETS,
            licence=_TWEET_LICENCE,
            notes="Hateful language.",
        ),
        Description(
            "irony",
            "Irony",
            "Whether a tweet is meant ironically.",
            {"non_irony": "sincere", "irony": "ironic"},
            "Tweet",
            "Tone",
            source=_TWEETS,
            licence=_TWEET_LICENCE,
        ),
        Description(
            "offensive",
            "Offensive language",
            "Whether a tweet is offensive.",
            {"not-offensive": "polite", "offensive": "offensive"},
            "Tweet",
            "Tone",
            source=_TWEETS,
            licence=_TWEET_LICENCE,
            notes="Offensive language.",
        ),
    )
}
FOLDERS = {
    "mnli": "mnli",
    "rotten-tomatoes": "mr",
    "hate": "tweeteval/hate",
    "irony": "tweeteval/irony",
    "offensive": "tweeteval/offensive",
}
"""Folder of each set inside the folder of all."""

_TWEET_COUNTS = {
    "hate": ((5217, 3783), (573, 427)),
    "irony": ((1417, 1445), (499, 456)),
    "offensive": ((7975, 3941), (865, 459)),
}
"""Texts of each class in the train and in the validation split."""


def _mnli(folder: Path) -> tuple[list[Row], list[Row]]:
    """The matched validation set, 9815 pairs, dealt to both sides."""
    pairs = files.sentence_pairs(folder / "dev.jsonl")
    rows = [
        (f"{first.strip()} Question: {second.strip()} True, False, or Neither?", label)
        for first, second, label in pairs
    ]
    counts = {"entailment": 3479, "neutral": 3123, "contradiction": 3213}
    require_counts(rows, counts, f"{folder.name}/dev.jsonl")
    return halves(rows)


def _rotten_tomatoes(folder: Path) -> tuple[list[Row], list[Row]]:
    sides = []
    for side, count in (("train", 4331), ("test", 1000)):
        names = {"0": "negative", "1": "positive"}
        rows = [(text, names.get(label, label)) for text, label in files.json_lines(folder / f"{side}.jsonl")]
        require_counts(rows, dict.fromkeys(names.values(), count), f"{folder.name}/{side}.jsonl")
        sides.append(rows)
    return sides[0], sides[1]


def _tweets(name: str, folder: Path) -> tuple[list[Row], list[Row]]:
    classes = list(ABOUT[name].labels)
    numbers = files.numbered_names(folder / "mapping.txt")
    sides = []
    for side, counts in zip(("train", "val"), _TWEET_COUNTS[name], strict=True):
        rows = [
            (text, numbers.get(label, label))
            for text, label in files.beside(folder / f"{side}_text.txt", folder / f"{side}_labels.txt")
        ]
        require_counts(rows, dict(zip(classes, counts, strict=True)), f"{folder.name}/{side}_labels.txt")
        sides.append(rows)
    return sides[0], sides[1]


READERS: dict[str, Callable[[Path], tuple[list[Row], list[Row]]]] = {
    "mnli": _mnli,
    "rotten-tomatoes": _rotten_tomatoes,
    **{name: partial(_tweets, name) for name in _TWEET_COUNTS},
}
