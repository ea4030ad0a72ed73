"""How much of theta's variation the task accounts for, the demonstrations, the dummy: the split of E4.

Take two thetas at random and ask how far apart they are (cosine distance, on average):

- D_dummy: the same demonstrations, different dummies;
- D_set: different demonstrations of the same task, and different dummies;
- D_task: different tasks.

For directions, half the squared distance is the cosine distance, so these three averages are sums of variance
components (nested: dummies within sets within tasks), and each is estimated without bias by the mean over
the pairs it speaks of. Of D_task, D_dummy is what the dummy adds, D_set - D_dummy what the demonstrations add
and D_task - D_set what the task adds. The *task's share* is 1 - D_set / D_task.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from taskscope.stats.intervals import few_units_widening, resampling_weights
from taskscope.studies.randomness import stream
from taskscope.studies.task_vectors.geometry.rows import BARE, SWAPPED, THETA, Cloud
from taskscope.studies.task_vectors.resampling import FEWEST_TASKS_RESAMPLED

FIRST = "theta after the first block"
CHANCE = "chance"


@dataclass(frozen=True)
class Shares:
    """The task's share, mean over tasks: the estimate in front, then its bootstrap draws, each (1 + draw,).

    `by_task` and `parts` hold estimates alone.
    """

    theta: np.ndarray
    controls: dict[str, np.ndarray]
    strongest: np.ndarray
    """The largest control of each task, averaged over tasks; never below 0, which is chance."""
    by_task: dict[str, dict[str, tuple[float, float, float]]]
    """Task -> control or theta -> share with its 95 % interval over sets."""
    named: dict[str, str]
    """Task -> its strongest control."""
    parts: dict[str, tuple[float, float, float]]
    """Task -> shares of task, demonstrations and dummy in theta."""
    n_sets: int

    @property
    def n_tasks(self) -> int:
        """Tasks compared."""
        return len(self.by_task)


def set_distances(cloud: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Mean distance between thetas of two sets over all pairs of dummies: (set, set').

    Args:
        cloud: (set, dummy, d_model), each of length 1.
        other: The same of another task, or of the same.
    """
    return 1 - cloud.mean(axis=1) @ other.mean(axis=1).T


def dummy_distances(cloud: np.ndarray) -> np.ndarray:
    """Mean distance between thetas of one set with different dummies: (set,)."""
    m = cloud.shape[1]
    squared = (cloud.mean(axis=1) ** 2).sum(axis=-1)  # each dummy paired with itself too
    return 1 - (m * squared - 1) / (m - 1)


def mean_distances(states: Sequence[np.ndarray], weights: Sequence[np.ndarray]) -> np.ndarray:
    """Average distances between sets under resampling weights.

    Args:
        states: By task, (set, dummy, d_model).
        weights: By task, (draw, set) how often each set is drawn. A set is never paired with its own copies,
            whose distance of nothing would make sets look alike.

    Returns:
        (draw, task, task): D_set on the diagonal, D_task beside it.
    """
    n_tasks, n_draws = len(states), len(weights[0])
    apart = np.zeros((n_draws, n_tasks, n_tasks))
    for t in range(n_tasks):
        for u in range(t, n_tasks):
            between = set_distances(states[t], states[u])
            pairs = weights[t].sum(axis=1) * weights[u].sum(axis=1)
            if t == u:
                np.fill_diagonal(between, 0)
                pairs = pairs - (weights[t] ** 2).sum(axis=1)
            total = ((weights[t] @ between) * weights[u]).sum(axis=1)
            apart[:, t, u] = apart[:, u, t] = total / np.maximum(pairs, 1)
    return apart


def task_shares(apart: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Return 1 - D_set / D_task of every task.

    Args:
        apart: (draw, task, task) from `mean_distances`; one draw stands for all.
        times: (draw, task) how often each task is drawn; a task is no other task to its own copies.

    Returns:
        (draw, task).
    """
    n_tasks = apart.shape[1]
    within = np.diagonal(apart, axis1=1, axis2=2)
    others = np.where(np.eye(n_tasks, dtype=bool), 0.0, times[:, None, :])
    between = (apart * others).sum(axis=2) / np.maximum(others.sum(axis=2), 1e-12)
    return np.where(between > 1e-12, 1 - within / np.maximum(between, 1e-12), 0.0)


def shares(
    clouds: Sequence[Cloud], first: Sequence[Cloud] | None, hides: Sequence[bool], draws: int
) -> Shares:
    """Resample sets, and tasks where there are enough; every kind of state on the same resamples.

    Args:
        clouds: The tasks at the shared block; at least two.
        first: The same after block 0; None where that is the shared block.
        hides: By task, whether swapped labels hide the task from the model: else theta of swapped labels
            rightly holds it and is no control.
        draws: Number of resamples.
    """
    weights = [_weights(cloud, draws) for cloud in clouds]
    apart = {kind: mean_distances(states, weights) for kind, states in _kinds(clouds, first).items()}
    sets = _Compared.of(apart, np.ones((1, len(clouds))), hides)
    n_sets = min(cloud.n_sets for cloud in clouds)
    macro = dict(zip([*apart, "strongest"], _macro(apart, sets, hides, draws, n_sets), strict=True))
    return Shares(
        theta=macro[THETA],
        controls={kind: draws for kind, draws in macro.items() if kind not in (THETA, "strongest")},
        strongest=macro["strongest"],
        by_task={
            cloud.task: {kind: _estimate(values[:, t]) for kind, values in sets.share.items()}
            for t, cloud in enumerate(clouds)
        },
        named={cloud.task: name for cloud, name in zip(clouds, sets.named, strict=True)},
        parts=_parts(clouds, apart[THETA][0]),
        n_sets=sum(cloud.n_sets for cloud in clouds),
    )


def _kinds(clouds: Sequence[Cloud], first: Sequence[Cloud] | None) -> dict[str, list[np.ndarray]]:
    """States of every kind by task, theta in front."""
    kinds = {kind: [cloud.states[kind] for cloud in clouds] for kind in (THETA, BARE)}
    if first is not None:
        kinds[FIRST] = [cloud.states[THETA] for cloud in first]
    return {**kinds, SWAPPED: [cloud.states[SWAPPED] for cloud in clouds]}


@dataclass(frozen=True)
class _Compared:
    """Shares of every kind and of the strongest control, (draw, task) each."""

    share: dict[str, np.ndarray]
    strongest: np.ndarray
    named: list[str]
    """By task, its strongest control in the first draw."""

    @classmethod
    def of(cls, apart: dict[str, np.ndarray], times: np.ndarray, hides: Sequence[bool]) -> _Compared:
        share = {kind: task_shares(distances, times) for kind, distances in apart.items()}
        names = [CHANCE, *(kind for kind in share if kind != THETA)]
        compared = [np.zeros_like(share[THETA])]
        for kind in names[1:]:
            counts = np.array(hides) | (kind != SWAPPED)
            compared.append(np.where(counts, share[kind], 0.0))
        chosen = np.argmax([values[0] for values in compared], axis=0)
        return cls(share, np.max(compared, axis=0), [names[i] for i in chosen])

    def means(self, times: np.ndarray) -> np.ndarray:
        """Average over tasks: (kind, draw), the strongest control last."""
        columns = np.stack([*self.share.values(), self.strongest])
        return (columns * times).sum(axis=2) / times.sum(axis=1)


def _macro(
    apart: dict[str, np.ndarray], sets: _Compared, hides: Sequence[bool], draws: int, n_sets: int
) -> np.ndarray:
    """Means over tasks, (kind, 1 + draw): what resampling sets moves plus what resampling tasks moves.

    Both are widened for few units, as tasks are in `average_over_tasks`; `n_sets` are those of a task.
    Shares of two tasks hang together by the distance between them, so tasks are drawn for both ends.
    """
    n_tasks = len(hides)
    found = sets.means(np.ones((1, n_tasks)))
    found = found[:, :1] + few_units_widening(n_sets) * (found - found[:, :1])
    if n_tasks < FEWEST_TASKS_RESAMPLED:
        return found
    rng = stream("task-vectors bootstrap of clouds", n_tasks)
    times = np.vstack([np.ones(n_tasks), resampling_weights(n_tasks, draws, rng)])
    whole = {kind: distances[:1] for kind, distances in apart.items()}
    picked = _Compared.of(whole, times, hides).means(times)
    return found + few_units_widening(n_tasks) * (picked - picked[:, :1])


def _weights(cloud: Cloud, draws: int) -> np.ndarray:
    drawn = resampling_weights(cloud.n_sets, draws, stream("task-vectors bootstrap of sets", cloud.task))
    return np.vstack([np.ones(cloud.n_sets), drawn])


def _estimate(draws: np.ndarray) -> tuple[float, float, float]:
    low, high = np.quantile(draws[1:], [0.025, 0.975])
    return float(draws[0]), float(low), float(high)


def _parts(clouds: Sequence[Cloud], apart: np.ndarray) -> dict[str, tuple[float, float, float]]:
    """Split each task's D_task into the shares of task, set and dummy."""
    found = {}
    for t, cloud in enumerate(clouds):
        between = max(float(np.delete(apart[t], t).mean()), 1e-12)
        within, dummy = float(apart[t, t]), float(dummy_distances(cloud.states[THETA]).mean())
        found[cloud.task] = (1 - within / between, (within - dummy) / between, dummy / between)
    return found
