r"""What the planted learners are trained on: sequences of demonstrations, each of them asked about in turn.

A sequence is ``\nReview: TEXT\nSentiment: LABEL`` over and over. Different lessons make different learners of
the same texts: tasks that stay the same are here, tasks that are new in every sequence in `fresh_tasks`,
the two halves of a composition, and for a few other classes the whole, in `two_halves`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from taskscope.training.documents.planted_texts import TextWriter, domains
from taskscope.training.documents.planted_words import WordIds


class Phase(BaseModel):
    """How hard lessons are from some step on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    begins: float = Field(default=0.0, ge=0, le=1)
    """Share of the steps after which the phase begins."""
    demonstrations: int


@dataclass(frozen=True)
class Demonstration:
    """One text with its label, as ids."""

    text: Sequence[int]
    label: int
    asked: bool
    """Whether the label can be told from what stands before it."""
    original: int = -1
    """The text's own label, where a block must spell it; -1 where none does."""


@dataclass(frozen=True)
class LessonBatch:
    """Sequences of one step, right-padded; all arrays are (sequence, token)."""

    tokens: np.ndarray
    asked: np.ndarray
    """True at label fields whose label counts in training."""
    original: np.ndarray
    """Id of the text's own label at its label field, where a block must spell it; -1 elsewhere."""

    @property
    def n_tokens(self) -> int:
        """Tokens that the model reads, padding included."""
        return self.tokens.size


class Lessons(Protocol):
    """Writes sequences."""

    def __call__(self, phase: Phase, rng: np.random.Generator) -> tuple[tuple[int, int], list[Demonstration]]:
        """Write one sequence: ids of its two fields, and its demonstrations."""
        ...


class FixedTasks:
    """Every sequence shows one of a few tasks that stay the same for ever.

    The first label is not asked for; all others are, whether or not their class was shown before: what helps
    is to recognise the task, not to have seen the class.
    """

    def __init__(self, ids: WordIds) -> None:
        self.tasks = {
            name: (TextWriter(domains()[domain], ids.encode), ids.of(labels))
            for name, (domain, labels) in fixed_tasks().items()
        }

    def __call__(self, phase: Phase, rng: np.random.Generator) -> tuple[tuple[int, int], list[Demonstration]]:
        """Write one sequence of one task."""
        writer, labels = list(self.tasks.values())[rng.integers(len(self.tasks))]
        share = rng.dirichlet(np.ones(len(labels)))
        shown = []
        for number, c in enumerate(rng.choice(len(labels), size=phase.demonstrations, p=share)):
            label = int(labels[c])
            shown.append(Demonstration(writer(int(c), rng), label, number > 0))
        return writer.fields, shown


def fixed_tasks() -> dict[str, tuple[str, list[str]]]:
    """The tasks of `FixedTasks`: domain and label words, in class order.

    Beside each set's own labels stand label words that mean nothing there, once in one order and once in
    another: which of the two it is, only demonstrations tell.
    """
    known = domains()
    two, four = ["blue", "bright"], ["city", "water", "world", "nation"]
    return {
        **{name: (name, list(domain.labels)) for name, domain in known.items()},
        "sentiment, other words": ("sentiment", two),
        "sentiment, other words exchanged": ("sentiment", two[::-1]),
        "topics, other words": ("topics", four),
        "topics, other words moved on": ("topics", four[1:] + four[:1]),
    }


def lay_out(
    sequences: Sequence[tuple[tuple[int, int], Sequence[Demonstration]]], padding: int
) -> LessonBatch:
    """Put sequences into arrays.

    Args:
        sequences: Ids of the two fields, and demonstrations.
        padding: Id to fill up with.
    """
    rows = [_row(fields, shown) for fields, shown in sequences]
    length = max(len(row) for row in rows)
    table = np.empty((len(rows), length, 3), dtype=np.int64)
    table[:] = (padding, 0, -1)
    for row, cells in zip(table, rows, strict=True):
        row[: len(cells)] = cells
    tokens, asked, original = np.moveaxis(table, 2, 0)
    return LessonBatch(tokens, asked.astype(bool), original)


def _row(fields: tuple[int, int], shown: Sequence[Demonstration]) -> list[tuple[int, ...]]:
    cells: list[tuple[int, ...]] = []
    for d in shown:
        cells.append((fields[0], 0, -1))
        cells += [(word, 0, -1) for word in d.text]
        cells.append((fields[1], int(d.asked), d.original))
        cells.append((d.label, 0, -1))
    return cells
