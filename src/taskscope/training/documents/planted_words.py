"""The words of the planted learners: what their texts hold, and what may stand as a label."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Literal, get_args

import numpy as np
from transformers import PreTrainedTokenizerFast

from taskscope.tasks import label_words
from taskscope.tasks.label_words import Natural, Origin
from taskscope.training.documents.planted_texts import domains
from taskscope.training.word_vocabulary import MARKS, field_token, fit_word_tokenizer, word_token

Use = Literal["trained", "held-out"]
KINDS: tuple[Natural, ...] = get_args(Natural)
_EVERY = 4
"""Of the words of texts that no list of natural images holds, every so many are never a label in training."""


@cache
def text_words() -> frozenset[str]:
    """Every word of the texts and their own labels."""
    return frozenset(word for domain in domains().values() for word in domain.words)


@cache
def own_labels() -> frozenset[str]:
    """The label words that the texts come with."""
    return frozenset(label for domain in domains().values() for label in domain.labels)


@cache
def listed_words() -> frozenset[str]:
    """Every label word with a list of natural images, and the images."""
    found: set[str] = set()
    for origin in get_args(Origin):
        for kind in KINDS:
            for label, images in label_words.load(kind, origin).items():
                found |= {label, *images}
    return frozenset(found)


@cache
def images(use: Use) -> tuple[str, ...]:
    """Words that may be drawn as labels of random maps: those of training, or those that it never used.

    Words held out stand in texts, so the model reads them, and never after a label field.
    """
    usable = {w for w in text_words() | listed_words() if len(w) >= 3 and w.islower()} - own_labels()
    held_out = sorted(usable - listed_words())[::_EVERY]
    return tuple(held_out if use == "held-out" else sorted(usable - set(held_out)))


def tokenizer() -> PreTrainedTokenizerFast:
    """The tokeniser that all planted learners share."""
    fields = [field for domain in domains().values() for field in (domain.text_field, domain.label_field)]
    return fit_word_tokenizer([*text_words(), *listed_words()], fields)


class WordIds:
    """Token ids of what the writers need.

    Args:
        tokenizer: Of the planted learners.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerFast) -> None:
        self.encode: Callable[[str], list[int]] = lambda text: tokenizer.encode(
            text, add_special_tokens=False
        )
        self.size = len(tokenizer)
        self.end = int(tokenizer.convert_tokens_to_ids(str(tokenizer.eos_token)))  # pyright: ignore
        self.trained, self.held_out = (self.of(images(use)) for use in get_args(Use))
        self.content_words = np.sort(self.of(sorted(text_words() | listed_words())))
        """Ids of all words: everything but fields, punctuation marks and special tokens."""
        self.content = np.sort([*self.content_words, *(self.encode(mark)[0] for mark in MARKS)])
        """Ids of words and punctuation marks."""
        known = domains().values()
        self.text_fields, self.label_fields = (
            sorted({self.encode(field_token(field))[0] for field in fields})
            for fields in ([d.text_field for d in known], [d.label_field for d in known])
        )

    def of(self, words: tuple[str, ...] | list[str]) -> np.ndarray:
        """Return the id of each word where it follows a space."""
        return np.array([self.encode(word_token(word))[0] for word in words])
