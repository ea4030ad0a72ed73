"""From texts to the tokens a model is asked with: label words, their tokens, and where texts stand.

Used inside measuring alone: it needs the model's tokenizer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from taskscope.errors import TaskError
from taskscope.tasks.classification import ClassificationTask, Text
from taskscope.tasks.label_maps import candidates
from taskscope.tasks.prompts import Prompt

if TYPE_CHECKING:
    from taskscope.models.language_model import LanguageModel

Tokens = tuple[int, ...]

_SPACES = ("Ġ", "▁")
"""How byte-level and SentencePiece vocabularies write the space in front of a word."""


@dataclass(frozen=True)
class Asked:
    """One prompt as tokens."""

    tokens: Tokens
    in_text: np.ndarray | None
    """(token,) bool: the token belongs to a text, of a demonstration or of the query; None where the
    tokenizer does not say which characters a token covers."""


class Asker:
    """Asks one task of one model.

    Raises:
        TaskError: If two of the task's own labels are the same tokens, or a label cannot follow a prompt.
    """

    def __init__(self, task: ClassificationTask, model: LanguageModel) -> None:
        self.task, self.model = task, model
        self._tokens: dict[str, Tokens] = {}
        self.label_tokens(task.labels)

    def label_tokens(self, labels: Sequence[str]) -> list[Tokens]:
        """Return the tokens of labels as they follow a query.

        Found behind the shortest prompt of the task: all end in the same field name and colon.

        Raises:
            TaskError: If two labels are the same tokens.
        """
        new = [label for label in dict.fromkeys(labels) if label not in self._tokens]
        pairs = [(self._bare, self.task.format.answer(label)) for label in new]
        found = self.model.encoder.encode_pairs(pairs)
        self._tokens.update((label, tokens) for label, (_, tokens) in zip(new, found, strict=True))
        tokens = [self._tokens[label] for label in labels]
        if len(set(tokens)) < len(tokens):
            raise TaskError(
                f"labels {list(labels)}: two of them are the same tokens for {self.model.label}",
                "labels that differ after tokenisation",
            )
        return tokens

    @cached_property
    def words(self) -> tuple[str, ...]:
        """Words that are one token each where a label stands: ASCII letters alone, three or more.

        Neither label words, nor words of the template, nor words of the task's texts are among them, so that
        a new label means nothing in the texts (protocol E1, recommended).
        """
        shown = " ".join(text.text for text in self.task.pool).lower()
        known = {word.strip(".,;:!?\"'()") for word in shown.split()}
        return tuple(word for word in self.single_words if word not in known)

    @cached_property
    def single_words(self) -> tuple[str, ...]:
        """Words of `words`, those of the task's texts among them."""
        own = self.task
        template = [*own.labels, *own.text_field.split(), *own.label_field.split()]
        return self._of_one_token([w for w in candidates(self.vocabulary, template) if w.islower()])

    @cached_property
    def any_tokens(self) -> tuple[str, ...]:
        """Texts of all tokens that can stand for a label, whatever they look like (the published choice)."""
        return self._of_one_token(candidates(self.vocabulary, self.task.labels, words_only=False))

    @cached_property
    def priors(self) -> dict[str, float]:
        """Probability of each of `words` behind a query alone (E1, matched mode)."""
        bare = tuple(self.model.encode(self._bare))
        logprobs = self.model.classify([bare], [self.label_tokens(self.words)])[0]
        return dict(zip(self.words, np.exp(logprobs).tolist(), strict=True))

    @cached_property
    def vocabulary(self) -> list[str]:
        """Text of every token in the order of ids, with a space in front of one that begins a word."""
        pieces = self.model.tokenizer.convert_ids_to_tokens(range(self.n_tokens))
        return [" " + piece[1:] if piece[:1] in _SPACES else piece for piece in pieces]

    @cached_property
    def protected(self) -> frozenset[int]:
        """Tokens that no cipher touches: special ones, those of label words, those of the template."""
        template = self.task.format.render((("", ""),), "").text
        ids = {token for tokens in self.label_tokens(self.task.labels) for token in tokens}
        ids.update(self.model.encode(template))
        return frozenset(ids | set(self.model.tokenizer.all_special_ids))

    @cached_property
    def kept_in_cipher(self) -> frozenset[int]:
        """Tokens left when the template is ciphered too: special ones, label words, colons and line ends."""
        tokenizer = self.model.tokenizer
        ids = {token for tokens in self.label_tokens(self.task.labels) for token in tokens}
        for text in (":", "\n", " "):
            ids.update(tokenizer(text, add_special_tokens=False)["input_ids"])
        return frozenset(ids | set(tokenizer.all_special_ids))

    @cached_property
    def n_tokens(self) -> int:
        """Tokens of the vocabulary."""
        return len(self.model.tokenizer)

    def text_tokens(self, texts: Sequence[Text]) -> list[list[int]]:
        """Encode texts on their own, as words that follow others; what reference learners count."""
        spaced = [" " + text.text for text in texts]
        return self.model.tokenizer(spaced, add_special_tokens=False)["input_ids"]

    def encode(self, prompts: Sequence[Prompt]) -> list[Asked]:
        """Encode prompts, and find the tokens of their texts.

        Raises:
            TaskError: If a prompt is longer than the model takes.
        """
        texts = [prompt.text for prompt in prompts]
        tokens = self.model.encoder.encode_all(texts)
        offsets = self.model.encoder.offsets_all(texts)
        if offsets is None:
            return [Asked(ids, None) for ids in tokens]
        return [
            Asked(ids, _in_text(prompt, spans))
            for ids, prompt, spans in zip(tokens, prompts, offsets, strict=True)
        ]

    def _of_one_token(self, words: Sequence[str]) -> tuple[str, ...]:
        pairs = [(self._bare, self.task.format.answer(word)) for word in words]
        tokens = [found for _, found in self.model.encoder.encode_pairs(pairs)]
        return tuple(word for word, ids in zip(words, tokens, strict=True) if len(ids) == 1)

    @cached_property
    def _bare(self) -> str:
        return self.task.format.render((), self.task.test[0].text).text


def _in_text(prompt: Prompt, offsets: Sequence[tuple[int, int]]) -> np.ndarray:
    """Mark the tokens that belong to the text of a demonstration or of the query."""
    found = np.zeros(len(offsets), dtype=bool)
    for span in prompt.token_spans(offsets):
        if span.kind in ("demo_input", "query"):
            found[span.start : span.end] = True
    return found
