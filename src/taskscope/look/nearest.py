"""Which built-in task the state at the arrows of a prompt is nearest to, and when to say none.

States are compared by cosine after the mean of the tasks is taken away, for raw residuals are all alike. Two
rules must hold before a task is named, both set from reference prompts alone:

- the similarity is larger than what nonsense reaches with *any* task in 95 of 100 cases;
- the lead over the second task is as large as the leads with which held-out reference prompts were named
  right nine times in ten.

The block is the one where held-out reference prompts are named right most often under these rules.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

LEVEL = 0.05
"""Share of nonsense that may come as near to some task."""
PRECISION = 0.9
"""Share of held-out reference prompts that must be right at the lead that is asked for."""


@dataclass(frozen=True)
class References:
    """States at the arrows of prompts of the built-in tasks, the mean of each prompt."""

    tasks: tuple[str, ...]
    real: np.ndarray
    """(task, episode, block, d_model)."""
    nonsense: np.ndarray
    """(task, episode, block, d_model): the same inputs, labels from other tasks."""


@dataclass(frozen=True)
class Rules:
    """What is asked at one block before a task is named, and how held-out prompts fare under it."""

    block: int
    similarity: float
    """More than this; infinite where there is too little nonsense to say."""
    lead: float
    """At least this; infinite where no lead makes reference prompts right often enough."""
    named_right: float
    """Share of held-out reference prompts that are named, and rightly."""


@dataclass(frozen=True)
class Ranking:
    """The built-in tasks by their similarity to one state, nearest first."""

    rules: Rules
    tasks: tuple[str, ...]
    similarities: np.ndarray
    """(task,) cosine, -1 to 1."""

    @property
    def lead(self) -> float:
        """Similarity of the first task less that of the second."""
        return float(self.similarities[0] - self.similarities[1])

    @property
    def near(self) -> bool:
        """Nearer to a task than nonsense comes."""
        return bool(self.similarities[0] > self.rules.similarity)

    @property
    def clear(self) -> bool:
        """Clear of the second task."""
        return self.lead >= self.rules.lead


def rank(state: np.ndarray, references: References) -> Ranking:
    """Rank the tasks at the block where reference prompts are told apart best.

    Args:
        state: (block, d_model), mean over the arrows of one prompt.
        references: At least two tasks.
    """
    rules = max((calibrate(references, block) for block in range(len(state))), key=lambda r: r.named_right)
    centres = references.real[:, :, rules.block].mean(axis=1)
    similarities = cosines(state[rules.block], centres)
    order = np.argsort(-similarities, kind="stable")
    return Ranking(rules, tuple(references.tasks[i] for i in order), similarities[order])


def cosines(state: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Return the cosine of a state (..., d_model) to its centres (..., task, d_model), their mean taken away.

    Returns:
        (..., task).
    """
    mean = centres.mean(axis=-2, keepdims=True)
    state, centres = state[..., None, :] - mean, centres - mean
    norms = np.linalg.norm(centres, axis=-1) * np.linalg.norm(state, axis=-1)
    return (centres * state).sum(axis=-1) / np.maximum(norms, np.finfo(np.float32).tiny)


def calibrate(references: References, block: int) -> Rules:
    """Set the rules of one block; no prompt is compared with a centre that it is part of.

    A nonsense prompt shares its inputs with one real prompt, which is left out of its centre too.
    """
    real, nonsense = references.real[:, :, block], references.nonsense[:, :, block]
    n_tasks, n_episodes = real.shape[:2]
    tasks = np.arange(n_tasks)
    centres = np.broadcast_to(real.mean(axis=1), (n_tasks, n_episodes, *real[:, 0].shape)).copy()
    others = (real.sum(axis=1, keepdims=True) - real) / max(n_episodes - 1, 1)
    centres[tasks, :, tasks] = others  # a task's own centre, without the prompt that is compared
    own = cosines(real, centres)
    ranked = np.sort(own, axis=-1)
    best, lead = ranked[..., -1].ravel(), (ranked[..., -1] - ranked[..., -2]).ravel()
    right = (own.argmax(axis=-1) == tasks[:, None]).ravel()
    similarity = upper(cosines(nonsense, centres).max(axis=-1).ravel())
    near = best > similarity
    needed = lead_for(lead[near], right[near])
    return Rules(block, similarity, needed, float((near & (lead >= needed) & right).mean()))


def upper(null: np.ndarray) -> float:
    """Return the value that a further draw of the null exceeds with probability `LEVEL` at most.

    It is the order statistic that counts the further draw among the others; infinite where there are too few.
    """
    at = int(np.ceil((len(null) + 1) * (1 - LEVEL)))
    return float(np.sort(null)[at - 1]) if at <= len(null) else float("inf")


def lead_for(lead: np.ndarray, right: np.ndarray) -> float:
    """Return the smallest lead from which on `PRECISION` of the prompts were right; infinite if none."""
    order = np.argsort(-lead, kind="stable")
    share = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    enough = np.flatnonzero(share >= PRECISION)
    return float(lead[order[enough[-1]]]) if len(enough) else float("inf")
