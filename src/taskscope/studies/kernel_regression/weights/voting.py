"""How often heads vote for the model's answer, and what the best of them reaches by chance."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from taskscope.studies.kernel_regression.weights.grids import Answers, Setting

ENSEMBLE = 5
"""Heads whose shares are averaged (M5)."""
RANDOM_REPEATS = 20
"""Draws of random attention for each question."""


def agreement_map(answers: Answers) -> np.ndarray:
    """Share of questions on which each head votes for the model's answer, (head,)."""
    return (answers.published_votes == answers.predicted[:, None]).mean(axis=0)


def best_heads(setting: Setting, n: int = 1) -> np.ndarray:
    """Heads that agree most with the model's answers to the selection questions, best first, (n,)."""
    return np.argsort(-agreement_map(setting.selection), kind="stable")[:n]


def ensemble_votes(setting: Setting, heads: np.ndarray, answers: Answers) -> np.ndarray:
    """Class that the mean shares of several heads vote for, (question,)."""
    return answers.shares[:, heads].mean(axis=1).argmax(axis=-1)


def class_counts(shown: np.ndarray, n_classes: int) -> np.ndarray:
    """Demonstrations of each class, (question, class)."""
    return (shown[..., None] == np.arange(n_classes)).sum(axis=1)


def balanced_agreement(votes: np.ndarray, answers: np.ndarray) -> float:
    """Agreement averaged over the answers that were given, so that a frequent one counts no more."""
    return float(np.mean([(votes[answers == c] == c).mean() for c in np.unique(answers)]))


def best_by_chance(
    some: Sequence[Setting],
    parts: Sequence[Answers],
    draws: int,
    rng: np.random.Generator,
    same_gold: bool = False,
) -> tuple[np.ndarray, np.ndarray]:
    """Highest agreement of any head when outputs are exchanged between prompts (6, max-statistic).

    Outputs are permuted within `strata`. Templates of one task and seed ask the same questions, so their
    outputs are exchanged alike; a head's agreement is averaged over settings before the highest is taken.

    Args:
        some: Settings.
        parts: The questions of each.
        draws: Permutations.
        rng: Source of randomness.
        same_gold: As for `strata`.

    Returns:
        (draw,) of the highest, and (head,) agreement of each head under the first permutation.
    """
    total = np.zeros((draws, len(some[0].heads)))
    orders: dict[tuple[str, int, bytes], np.ndarray] = {}
    for setting, answers in zip(some, parts, strict=True):
        asked = setting.task, setting.seed, answers.query.tobytes()
        if asked not in orders:
            own = strata(answers, setting.n_classes, same_gold)
            groups = [np.flatnonzero(own == stratum) for stratum in range(own.max() + 1)]
            orders[asked] = np.stack([_within(groups, len(own), rng) for _ in range(draws)])
        moved = answers.predicted[orders[asked]]
        agree = np.zeros((draws, len(setting.heads)), np.float32)
        for c in range(setting.n_classes):
            agree += (moved == c).astype(np.float32) @ (answers.published_votes == c).astype(np.float32)
        # In double precision, as observed agreement is: a head that always votes alike must only draw level.
        total += agree.astype(float) / len(answers.predicted)
    mean = total / len(some)
    return mean.max(axis=1), mean[0]


def random_attention_credit(setting: Setting, rng: np.random.Generator) -> np.ndarray:
    """How well random attention votes for the answer, (question,), mean over draws (M12d).

    Every demonstration weighs an independent exponential number. There is nothing to choose such a head by:
    what it did on other questions says nothing about these.
    """
    judged = setting.held_out
    shape = (len(judged.shown), RANDOM_REPEATS, judged.shown.shape[1])
    one_hot = (judged.shown[..., None] == np.arange(setting.n_classes)).astype(float)
    votes = (rng.standard_exponential(shape) @ one_hot).argmax(axis=-1)
    return (votes == judged.predicted[:, None]).mean(axis=1)


def strata(answers: Answers, n_classes: int, same_gold: bool) -> np.ndarray:
    """Number the groups within which outputs may be exchanged, (question,).

    Prompts that show the classes about equally often are alike; others only those with the same counts.

    Args:
        answers: Questions and outputs.
        n_classes: Number of classes.
        same_gold: Whether outputs are exchanged only between questions with the same right answer and the
            same last label, so that neither a head that is often right nor one that copies what is nearest
            stands out where the model does the same.
    """
    counts = class_counts(answers.shown, n_classes)
    balanced = np.ptp(counts, axis=1).max() <= 1
    traits = [np.zeros(len(counts), int) if balanced else counts]
    if same_gold:
        traits += [answers.gold, answers.shown[:, -1]]
    return np.unique(np.column_stack(traits), axis=0, return_inverse=True)[1].ravel()


def alone(groups: np.ndarray) -> float:
    """Share of questions alone in their group, (question,) numbers: their outputs are never exchanged."""
    return float((np.bincount(groups)[groups] == 1).mean())


def _within(groups: Sequence[np.ndarray], n: int, rng: np.random.Generator) -> np.ndarray:
    """Return a permutation of n numbers that stays within groups of them, which are all there are."""
    order = np.empty(n, int)
    for own in groups:
        order[own] = rng.permutation(own)
    return order
