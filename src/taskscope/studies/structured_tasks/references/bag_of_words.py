"""Logistic regression on bags of words, as in the table of protocol structured_tasks E2.

One training set for each repetition: a pool of 512 texts and 256 queries are drawn, then L demonstrations
from the pool, again and again until every class is among them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
from scipy.sparse import csr_array
from sklearn.feature_extraction.text import CountVectorizer

from taskscope.errors import TaskError
from taskscope.stats.classification import macro_f1
from taskscope.studies.structured_tasks.learners import logistic
from taskscope.studies.structured_tasks.learners.counts import Counts
from taskscope.studies.structured_tasks.learners.predicting import predict
from taskscope.tasks.classification import ClassificationTask, Text

N_POOL, N_QUERIES = 512, 256
_BATCH = 2_000
_ORACLE_C = (0.01, 0.1, 1.0, 10.0)

Encode = Callable[[str], list[int]]


@dataclass(frozen=True)
class Draw:
    """Positions of demonstrations and queries among the texts."""

    demos: np.ndarray
    queries: np.ndarray


def gpt2_encoder(folder: Path, digits_apart: bool = True) -> Encode:
    """Return GPT-2's tokenizer from its two files: a text as it follows a space, without special tokens.

    Args:
        folder: Holds ``encoder.json`` and ``vocab.bpe``.
        digits_apart: Whether each digit is a token of its own, as in LLaMA2's tokenizer, which the protocol
            used. In GPT-2's, four digits of a year may be one.

    Raises:
        TaskError: If a file is missing.
    """
    from tokenizers import Tokenizer, models, pre_tokenizers  # here, because the rest needs no tokenizer

    vocabulary, merges = folder / "encoder.json", folder / "vocab.bpe"
    for file in (vocabulary, merges):
        if not file.is_file():
            raise TaskError(f"There is no file {str(file)!r}.", "the two files of GPT-2's tokenizer")
    lines = merges.read_text(encoding="utf-8").splitlines()[1:]  # the first line tells a version
    pairs = [(one, other) for one, other in (line.split() for line in lines if line)]
    tokenizer = Tokenizer(models.BPE(json.loads(vocabulary.read_text(encoding="utf-8")), pairs))
    bytes_ = pre_tokenizers.ByteLevel(add_prefix_space=False)
    digits = pre_tokenizers.Digits(individual_digits=True)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([digits, bytes_]) if digits_apart else bytes_
    return lambda text: tokenizer.encode(f" {text.removeprefix(' ')}").ids


def texts_of(task: ClassificationTask) -> list[Text]:
    """Return the texts that the table was made of: SST-2's train file, both files of the others."""
    return list(task.pool) if task.name == "sst2" else [*task.pool, *task.test]


def draw(labels: np.ndarray, n_demos: int, rng: np.random.Generator) -> Draw:
    """Draw queries, and demonstrations of every class.

    Args:
        labels: int (text,), each class from 0 up.
        n_demos: Number of demonstrations, at least one for each class.
        rng: Source of randomness.

    Raises:
        ValueError: If there are fewer demonstrations than classes.
    """
    n_classes = int(labels.max()) + 1
    if n_demos < n_classes:
        raise ValueError(f"{n_demos} demonstrations cannot show {n_classes} classes")
    chosen = rng.permutation(len(labels))[: N_POOL + N_QUERIES]
    pool, queries = chosen[:N_POOL], chosen[N_POOL:]
    while True:
        places = np.argpartition(rng.random((_BATCH, N_POOL)), n_demos, axis=1)[:, :n_demos]
        shown = np.zeros((_BATCH, n_classes), dtype=bool)
        np.put_along_axis(shown, labels[pool[places]], True, axis=1)
        if shown.all(axis=1).any():
            return Draw(pool[places[shown.all(axis=1).argmax()]], queries)


def _stream(name: str, n_demos: int, repetition: int) -> np.random.Generator:
    return np.random.default_rng([repetition, n_demos, crc32(name.encode())])


def token_scores(
    name: str, tokens: Sequence[Sequence[int]], labels: np.ndarray, n_demos: int, repetitions: int
) -> np.ndarray:
    """Score logistic regression on token counts with C = 1.

    Args:
        name: Of the set; with the other numbers it fixes the draws.
        tokens: Token ids of each text.
        labels: int (text,).
        n_demos: Number of demonstrations.
        repetitions: Number of training sets.

    Returns:
        Macro-F1 in percent, float64 (repetition,).
    """
    n_classes, scores = int(labels.max()) + 1, []
    for repetition in range(repetitions):
        rng = _stream(name, n_demos, repetition)
        drawn = draw(labels, n_demos, rng)
        demos, queries = ([tokens[i] for i in part] for part in (drawn.demos, drawn.queries))
        guess = predict("token_logistic", demos, labels[drawn.demos], queries, n_classes, rng)
        scores.append(100 * macro_f1(labels[drawn.queries], guess, n_classes))
    return np.array(scores)


def oracle_scores(
    name: str, texts: list[str], labels: np.ndarray, n_demos: int, repetitions: int
) -> np.ndarray:
    """Score every configuration of a grid cut down from the published one (E2).

    Its features: words, or words and pairs of words, without English stop words, beside character n-grams of
    one to one, two, three or four. Four values of C stand for its ten, and one solver for its three, which
    look for the same optimum: 32 configurations of its 240.

    Returns:
        Macro-F1 in percent, float64 (repetition, configuration).
    """
    n_classes = int(labels.max()) + 1
    scores = np.empty((repetitions, 8 * len(_ORACLE_C)))
    for repetition in range(repetitions):
        drawn = draw(labels, n_demos, _stream(name, n_demos, repetition))
        truth = labels[drawn.queries]
        guesses = []
        for counts in _features([texts[i] for i in drawn.demos], [texts[i] for i in drawn.queries]):
            space = logistic.spanned(counts)
            for c in _ORACLE_C:
                model = logistic.fit(space.demos, labels[drawn.demos], n_classes, c)
                guesses.append(model.predict(space.queries))
        scores[repetition] = 100 * macro_f1(np.tile(truth, (len(guesses), 1)), np.stack(guesses), n_classes)
    return scores


def _features(demos: list[str], queries: list[str]) -> list[Counts]:
    def count(**options: Any) -> tuple[np.ndarray, np.ndarray]:
        vectorizer = CountVectorizer(strip_accents="unicode", **options).fit(demos)
        return _dense(vectorizer, demos), _dense(vectorizer, queries)

    # Words of one letter count, as in the published grid: negations are cut to "n" and "t" there.
    words = [
        count(token_pattern=r"\w+", ngram_range=(1, n), stop_words="english", max_features=10_000)
        for n in (1, 2)
    ]
    letters = [count(analyzer="char", ngram_range=(1, n), max_features=50_000) for n in (1, 2, 3, 4)]
    return [
        Counts(*(np.hstack(pair) for pair in zip(some, more, strict=True)))
        for some, more in product(words, letters)
    ]


def _dense(vectorizer: CountVectorizer, texts: list[str]) -> np.ndarray:
    return csr_array(vectorizer.transform(texts)).toarray().astype(float)
