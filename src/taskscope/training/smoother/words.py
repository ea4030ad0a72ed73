"""What the planted smoother knows of words: which ones there are, and the features of each."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

import numpy as np
from transformers import PreTrainedTokenizerFast

from taskscope.tasks import texts
from taskscope.training.word_vocabulary import MARKS, fit_pieces, word_token

BREAK = "\n\n"
"""What ends a demonstration."""
CUES = ("Input", "Output", "Q", "A")
"""Names of fields in prompt formats; the built-in sets name more."""
N_CLASSES = 8
N_CODES = 5
CODE = 0.125
"""Size of the numbers that tell words of one class, or of none, apart."""
_SEED = 0
_PARTS = r"\n\n| ?\p{L}+|[^\p{L}]"


@cache
def labels() -> tuple[str, ...]:
    """Every label word of the built-in sets."""
    return tuple(dict.fromkeys(label for name in texts.NAMES for label in texts.build(name).labels))


@cache
def known() -> tuple[str, ...]:
    """Every word of the built-in texts, in the spelling in which they hold it."""
    found = {word for of_class in _signals().values() for word in of_class}
    for name in texts.NAMES:
        task = texts.build(name)
        found |= {word for text in (*task.pool, *task.test) for word in words_in(text.text)}
    return tuple(sorted(found - set(labels())))


def words_in(text: str) -> list[str]:
    """Return the words of a text in order."""
    return re.findall(r"[^\W\d_]+", text)


@cache
def _signals() -> dict[str, tuple[str, ...]]:
    """The words that speak for each label."""
    lists = texts.load("sentiment") | texts.load("topics")
    return {label: tuple(lists[label]) for label in labels()}


@cache
def features() -> np.ndarray:
    """Return (known word, feature): 1 for each class it speaks for, then a code that is its own."""
    words = known()
    own = [[float(word in of_class) for of_class in _signals().values()] for word in words]
    signs = np.random.default_rng(_SEED).integers(0, 2, (len(words), N_CODES)) * 2 - 1
    return np.hstack([np.array(own) @ classes(), CODE * signs])


@cache
def classes() -> np.ndarray:
    """Return (label, class feature): sets that never meet in a prompt share the same few features."""
    sets = (texts.build(name).labels for name in ("sentiment", "topics-8"))
    return np.concatenate([np.eye(N_CLASSES)[: len(own)] for own in sets])


def mean_features(text: str) -> np.ndarray:
    """Return the x of a text, (feature,): the mean over its known words."""
    rows = dict(zip(known(), features(), strict=True))
    return np.mean([rows[word] for word in words_in(text) if word in rows], axis=0)


def tokenizer() -> PreTrainedTokenizerFast:
    """One token a word with the space before it; names of fields stand without one too."""
    names = [name for task in map(texts.build, texts.NAMES) for name in (task.text_field, task.label_field)]
    fields = sorted({part for name in (*CUES, *names) for part in name.split()})
    own = [*fields, *map(word_token, fields), *map(word_token, (*known(), *labels()))]
    return fit_pieces([BREAK, "\n", ":", " ", *MARKS, *dict.fromkeys(own)], _PARTS)


def token_ids(tokenizer: PreTrainedTokenizerFast, words: Sequence[str]) -> list[int]:
    """Return the token of each word where it follows a space."""
    return [tokenizer.encode(word_token(word), add_special_tokens=False)[0] for word in words]
