"""From a question to the tokens a model is asked with, and where its demonstrations stand among them.

Used inside measuring alone: it needs the model's tokenizer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from taskscope.errors import ModelError, TaskError
from taskscope.studies.kernel_regression.draws import Question, rendered
from taskscope.tasks.classification import ClassificationTask
from taskscope.tasks.prompts import Prompt, PromptFormat, TokenSpan

if TYPE_CHECKING:
    from taskscope.models.attention.last_rows import LastRows
    from taskscope.models.language_model import LanguageModel

Tokens = tuple[int, ...]


@dataclass(frozen=True)
class Layout:
    """Where the parts of a prompt stand, in tokens; demonstrations are contiguous."""

    demonstrations: np.ndarray
    """(demonstration, 2) int64, first and one past the last token, template and delimiter included."""
    texts: np.ndarray
    """(demonstration, 2), the same of the text x alone."""
    labels: np.ndarray
    """(demonstration, 2), the same of the label y."""
    query: tuple[int, int]
    """The same of the text that is asked about."""
    n_tokens: int


@dataclass(frozen=True)
class Asked:
    """One question as tokens."""

    tokens: Tokens
    layout: Layout


class Asker:
    """Asks the questions of one task in one template of one model.

    Raises:
        TaskError: If two labels start with the same token, so that the next token cannot tell them apart, or
            the tokenizer does not say which characters a token covers.
    """

    def __init__(self, task: ClassificationTask, model: LanguageModel, template: PromptFormat) -> None:
        self.task, self.model, self.template = task, model, template
        bare = rendered(task, Question((), task.test[0]), template).text
        pairs = model.encoder.encode_pairs([(bare, template.answer(label)) for label in task.labels])
        self.labels: list[Tokens] = [tokens for _, tokens in pairs]
        first = [tokens[0] for tokens in self.labels]
        if len(set(first)) < len(first):
            raise TaskError(
                f"labels {list(task.labels)}: two of them start with the same token for {model.label}",
                "labels whose first tokens differ, because the next token is what a vote is compared with",
                "single words, or letters such as A and B",
            )
        if model.offsets("x") is None:
            raise TaskError(
                f"the tokenizer of {model.label} does not say which characters a token covers",
                "a fast tokenizer, since attention is read at the tokens of labels",
            )

    def encode(self, questions: Sequence[Question]) -> list[Asked]:
        """Encode questions and find their parts.

        Raises:
            TaskError: If a prompt is longer than the model takes, or a label has no token of its own.
        """
        prompts = [rendered(self.task, question, self.template) for question in questions]
        texts = [prompt.text for prompt in prompts]
        tokens = self.model.encoder.encode_all(texts)
        offsets = self.model.encoder.offsets_all(texts)
        assert offsets is not None  # refused when the asker was made
        return [
            Asked(ids, self._layout(prompt, spans, len(ids)))
            for ids, prompt, spans in zip(tokens, prompts, offsets, strict=True)
        ]

    def logprobs(self, asked: Sequence[Asked]) -> np.ndarray:
        """Return log p of every label after every question, (question, class) float64, nats (M0)."""
        return self.model.classify([one.tokens for one in asked], [self.labels] * len(asked))

    def attended(self, asked: Sequence[Asked]) -> tuple[LastRows, np.ndarray]:
        """Read the last token's attention, and log p of every label as `logprobs` does.

        Both come from the same passes where labels are one token each and the model's class allows it.

        Raises:
            ModelError: If the model has no attention that can be read.
        """
        prompts = [one.tokens for one in asked]
        single = all(len(label) == 1 for label in self.labels)
        targets = np.array([[label[0] for label in self.labels]] * len(asked)) if single else None
        found = self.model.last_rows(prompts, targets)
        if not found.blocks:
            raise ModelError(
                f"the attention of {self.model.label} cannot be read: {' '.join(found.gaps)}",
                "a model with softmax attention that transformers hands out",
            )
        return found, self.logprobs(asked) if found.logprob is None else found.logprob

    def _layout(self, prompt: Prompt, offsets: Sequence[tuple[int, int]], n_tokens: int) -> Layout:
        by_part: dict[str, dict[int, TokenSpan]] = {}
        for span in prompt.token_spans(offsets):
            by_part.setdefault(span.kind, {})[span.index] = span

        def places(kind: str) -> np.ndarray:
            spans = by_part.get(kind, {})
            return np.array([(spans[i].start, spans[i].end) for i in sorted(spans)], np.int64).reshape(-1, 2)

        texts, labels = places("demo_input"), places("demo_label")
        empty = [part for part in (texts, labels) if (part[:, 0] == part[:, 1]).any()]
        if empty:
            raise TaskError(
                f"a text or label without a token of its own, in {prompt.text[:60]!r}",
                "a tokenizer that does not join labels to what follows them",
                "another template",
            )
        query = by_part["query"][-1]
        starts = places("demo_start")[:, 0] if "demo_start" in by_part else texts[:, 0]
        after = by_part["query_start"][-1].start if "query_start" in by_part else query.start
        ends = np.append(starts[1:], after)[: len(starts)]
        whole = np.column_stack([starts, ends])
        return Layout(whole, texts, labels, (query.start, query.end), n_tokens)
