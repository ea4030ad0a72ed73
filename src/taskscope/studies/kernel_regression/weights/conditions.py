"""The other ways in which a question is asked again, as controls (M12)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from taskscope.studies.kernel_regression.draws import Question
from taskscope.tasks.classification import Text


def texts_permuted(question: Question, rng: np.random.Generator) -> Question:
    """Move every text to another demonstration's label (M12a); labels stay where they are.

    A random cycle, so that no text keeps its place; its new label may still be its own class.
    """
    shown = question.demonstrations
    cycle = rng.permutation(len(shown))
    moved = dict(zip(cycle.tolist(), np.roll(cycle, 1).tolist(), strict=True))
    pairs = tuple(Text(text=shown[moved[i]].text, label=own.label) for i, own in enumerate(shown))
    return Question(pairs, question.query)


def reordered(question: Question, rng: np.random.Generator) -> Question:
    """Show the same demonstrations in another order (M12b): nothing changes for a kernel."""
    order = rng.permutation(len(question.demonstrations))
    return Question(tuple(question.demonstrations[i] for i in order), question.query)


def one_label(questions: Sequence[Question], n_classes: int) -> list[Question]:
    """Give all demonstrations of a question the same label, classes in turn (M12e)."""
    return [
        Question(
            tuple(Text(text=text.text, label=i % n_classes) for text in question.demonstrations),
            question.query,
        )
        for i, question in enumerate(questions)
    ]


def zero_shot(questions: Sequence[Question]) -> list[Question]:
    """Ask without demonstrations."""
    return [Question((), question.query) for question in questions]
