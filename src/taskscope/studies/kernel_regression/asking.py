"""From a question to the tokens a model is asked with, and where its demonstrations stand among them.

Used inside measuring alone: it needs the model's tokenizer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from taskscope.errors import ModelError, TaskError
from taskscope.studies.kernel_regression.draws import Question, rendered
from taskscope.tasks.classification import ClassificationTask, Text
from taskscope.tasks.prompts import Prompt, PromptFormat, TokenSpan

if TYPE_CHECKING:
    from taskscope.models.attention.last_rows import LastRows
    from taskscope.models.language_model import LanguageModel

Tokens = tuple[int, ...]
LEAST_KEPT = 0.5
"""Share of a prompt's words that must be left where texts are cut to fit; else fewer should be shown."""


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
        self._cut: set[str] = set()
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

    def encode(self, questions: Sequence[Question], *, whole: bool = False) -> list[Asked]:
        """Encode questions and find their parts.

        Args:
            questions: What is asked; where a prompt is longer than the model takes its texts are `fitted`.
            whole: Whether such a prompt is refused instead.

        Raises:
            TaskError: If a prompt is longer than the model takes, and too much of its texts would have to go;
                or a label has no token of its own.
        """
        some = questions if whole else self.fitted(questions)
        prompts = [rendered(self.task, question, self.template) for question in some]
        texts = [prompt.text for prompt in prompts]
        tokens = self.model.encoder.encode_all(texts)
        offsets = self.model.encoder.offsets_all(texts)
        assert offsets is not None  # refused when the asker was made
        return [
            Asked(ids, self._layout(prompt, spans, len(ids)))
            for ids, prompt, spans in zip(tokens, prompts, offsets, strict=True)
        ]

    def fitted(self, questions: Sequence[Question]) -> list[Question]:
        """Cut the longest texts of prompts that are too long, at the front, to one number of words (4).

        The end of a text is kept, since it may hold the question (MNLI's hypothesis). What is cut depends on
        the texts of a prompt, and neither on their order nor on their labels. Where less than `LEAST_KEPT` of
        all words would be left the question is returned as it is.
        """
        sizes = list(map(len, self.labels))
        slack = max(sizes) + (max(sizes) - min(sizes)) * max(
            (len(q.demonstrations) for q in questions), default=0
        )
        counts = self.model.encoder.count([rendered(self.task, q, self.template).text for q in questions])
        return [
            question if n + slack <= self.model.context or self._fits(question) else self._shortened(question)
            for question, n in zip(questions, counts, strict=True)
        ]

    def told(self) -> list[str]:
        """Say in how many questions texts were cut; nothing where none were."""
        if not self._cut:
            return []
        return [
            f"Prompts on {len(self._cut)} texts were longer than the context of {self.model.label}: their "
            "longest texts were cut at the front."
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

    def _fits(self, question: Question) -> bool:
        """Whether a prompt fits with the longest label everywhere, so that no label decides what is cut."""
        longest = max(range(len(self.labels)), key=lambda label: len(self.labels[label]))
        shown = tuple(Text(text=text.text, label=longest) for text in question.demonstrations)
        text = rendered(self.task, replace(question, demonstrations=shown), self.template).text
        return self.model.encoder.count([text])[0] + len(self.labels[longest]) <= self.model.context

    def _shortened(self, question: Question) -> Question:
        lengths = [len(text.text.split()) for text in (*question.demonstrations, question.query)]
        low, high = 0, max(lengths)  # words that fit, and that do not
        while high - low > 1:
            most = (low + high) // 2
            low, high = (most, high) if self._fits(_cut(question, most)) else (low, most)
        if sum(min(length, low) for length in lengths) < LEAST_KEPT * sum(lengths):
            return question
        self._cut.add(question.query.text)
        return _cut(question, low)

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


def _cut(question: Question, most: int) -> Question:
    """Keep the last words of every text that has more than so many."""

    def short(text: Text) -> Text:
        words = text.text.split()
        return text if len(words) <= most else Text(text=" ".join(words[-most:]), label=text.label)

    shown = tuple(short(text) for text in question.demonstrations)
    return replace(question, demonstrations=shown, query=short(question.query))
