"""Which texts are shown and asked: fresh demonstrations for every query, and two splits of the queries.

No model is needed here, and draws depend on no model, so that all models are asked the same questions.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from taskscope.errors import StudyError, TaskError
from taskscope.studies.kernel_regression.templates import filled
from taskscope.tasks.classification import ClassificationTask, Text
from taskscope.tasks.prompts import Prompt, PromptFormat

Split = Literal["selection", "held-out"]

SELECTION_SHARE = 0.7
"""Of the queries of each class, by which a head is chosen; the others judge it (protocol M5: 700 and 300)."""
FEWEST_SELECTION = 40
"""Queries below which a best head is mostly chance."""


@dataclass(frozen=True)
class Question:
    """The demonstrations of one prompt, in order, and the text it asks about."""

    demonstrations: tuple[Text, ...]
    query: Text

    @property
    def classes(self) -> np.ndarray:
        """Class of each demonstration, (demonstration,) int64."""
        return np.array([text.label for text in self.demonstrations], dtype=np.int64)


def split_queries(task: ClassificationTask, split: Split) -> list[Text]:
    """Return the different test texts of one split, in the task's order.

    A text's side depends on the text and its class alone: never on a seed, a size or the order of a file.

    Raises:
        StudyError: If there is no such split, or fewer texts to choose a head by than `FEWEST_SELECTION`.
    """
    if split not in ("selection", "held-out"):
        raise StudyError(f"split {split!r}", "selection or held-out")
    chosen: set[str] = set()
    n_held_out = 0
    for number in range(len(task.classes)):
        own = sorted({text.text for text in task.test if text.label == number}, key=_digest)
        n_selection = round(SELECTION_SHARE * len(own))
        chosen.update(own[:n_selection])
        n_held_out += len(own) - n_selection
    if len(chosen) < FEWEST_SELECTION or not n_held_out:
        raise StudyError(
            f"task {task.name!r} has {len(chosen)} texts to choose a head by and {n_held_out} to judge it by",
            f"at least {FEWEST_SELECTION} to choose by, which are {SELECTION_SHARE:.0%} of the test texts",
            "a larger test set",
        )
    texts = {text.text: text for text in task.test if (text.text in chosen) == (split == "selection")}
    return list(texts.values())


def questions(
    task: ClassificationTask,
    split: Split,
    n_queries: int,
    k: int,
    rng: np.random.Generator,
    balanced: bool = True,
) -> list[Question]:
    """Draw queries without replacement, and k demonstrations from the pool afresh for each (protocol M0).

    Args:
        task: Whose texts.
        split: The side of the queries.
        n_queries: How many; all of the split where it holds fewer.
        k: Demonstrations of a prompt.
        rng: Decides queries, demonstrations and their order.
        balanced: Whether classes come equally often, so that a head that looks everywhere alike has no
            majority to vote for (protocol 7.2); a remainder goes to classes drawn at random. Otherwise
            demonstrations are a plain sample of the pool.

    Raises:
        StudyError: If k is less than one demonstration of each class, or the test set is too small.
        TaskError: If the pool holds too few texts of a class.
    """
    members = _members(task)
    check_pool(task, k, balanced)
    asked = split_queries(task, split)
    chosen = rng.permutation(len(asked))[:n_queries]
    return [Question(_demonstrations(task, members, k, rng, balanced), asked[i]) for i in chosen]


def rendered(task: ClassificationTask, question: Question, template: PromptFormat) -> Prompt:
    """Write a question with one of `templates.TEMPLATES`; spans say where texts and labels stand."""
    pairs = [(text.text, task.labels[text.label]) for text in question.demonstrations]
    return filled(template, task).render(pairs, question.query.text)


def check_pool(task: ClassificationTask, k: int, balanced: bool = True) -> None:
    """Refuse a pool that k demonstrations cannot be drawn from; arguments as for `questions`.

    Raises:
        StudyError: If k is less than one demonstration of each class.
        TaskError: If the pool holds too few texts, or too few of a class.
    """
    members = _members(task)
    n_classes = len(members)
    if k < n_classes:
        raise StudyError(
            f"{k} demonstrations for the {n_classes} classes of task {task.name!r}",
            f"at least {n_classes}, one of each class",
            f"--set k={n_classes}",
        )
    counts = dict(zip(task.classes, map(len, members), strict=True))
    told = ", ".join(f"{name} {count}" for name, count in counts.items())
    most = -(-k // n_classes)
    if balanced and min(counts.values()) < most:
        raise TaskError(
            f"Task {task.name!r}: {k} demonstrations take {most} texts of a class; the pool holds {told}.",
            f"at least {most} texts of every class, or at most {n_classes * min(counts.values())} "
            "demonstrations",
            f"--set k={n_classes * min(counts.values())}, or more texts of class "
            f"{min(counts, key=lambda name: counts[name])}",
        )
    if len(task.pool) < k:
        raise TaskError(
            f"Task {task.name!r}: {k} demonstrations from a pool of {len(task.pool)} texts.",
            f"at most {len(task.pool)} demonstrations",
            f"--set k={len(task.pool)}",
        )


def _members(task: ClassificationTask) -> list[list[Text]]:
    """Texts of the pool by class."""
    return [[text for text in task.pool if text.label == number] for number in range(len(task.classes))]


def _demonstrations(
    task: ClassificationTask,
    members: Sequence[Sequence[Text]],
    k: int,
    rng: np.random.Generator,
    balanced: bool,
) -> tuple[Text, ...]:
    if not balanced:
        return tuple(task.pool[i] for i in rng.permutation(len(task.pool))[:k])
    counts = np.full(len(members), k // len(members))
    counts[rng.permutation(len(members))[: k % len(members)]] += 1
    shown = [
        own[i]
        for own, count in zip(members, counts, strict=True)
        for i in rng.choice(len(own), size=count, replace=False)
    ]
    return tuple(shown[i] for i in rng.permutation(k))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
