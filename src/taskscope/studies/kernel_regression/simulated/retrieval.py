"""S7 (c): retrieving demonstrations inside the theorem's world, by distance of belief states.

Demonstrations and queries come from one task of a small mixture, as in S1. For each query the n nearest of a
pool stand in for n random ones; the kernels are the low-variance oracle E and a Gaussian on the same whitened
belief states. Retrieving by the largest K instead favours inputs of high leverage, whatever their likeness.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from taskscope.studies.kernel_regression.simulated.rows import RowWriter
from taskscope.theory import hidden_markov, kernel_regression, smoothing

SETTING = "theorem's world"
GAP = "gap"
TASK = 0
N_TASKS, N_STATES, N_TOKENS, LENGTH = 4, 3, 8, 4
"""The world of S1."""
RANDOM, NEAREST, LARGEST = "random", "nearest", "largest K"
KERNEL, GAUSSIAN = "kernel E", "Gaussian"


@dataclass(frozen=True)
class Sizes:
    """How much to simulate."""

    shots: tuple[int, ...]
    pool_factor: int
    """Size of the pool over n."""
    repeats: int
    n_queries: int
    bandwidth: float


@dataclass(frozen=True)
class World:
    """Every input with its whitened belief state and its law of labels under the task."""

    psi: np.ndarray
    """(string, rank)."""
    law: np.ndarray
    """(string, label) P(label | x, task)."""
    likely: np.ndarray
    """(string,) P(x | task)."""

    def draw(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Draw demonstrations: numbers of strings, and labels, (n,) each."""
        strings = rng.choice(len(self.likely), size=n, p=self.likely)
        below = self.law[strings].cumsum(axis=1) <= rng.random((n, 1))
        return strings, np.minimum(below.sum(axis=1), self.law.shape[1] - 1)


def method(kernel: str, retrieved: str) -> str:
    """Name of a kernel fed with demonstrations picked in one way."""
    return f"{kernel}, {retrieved}"


def simulate(found: RowWriter, sizes: Sizes, rng: np.random.Generator) -> None:
    """Simulate one world and note the median gap to P(. | x, task) of every kernel and way of picking.

    Raises:
        TheoryError: If the world cannot be solved.
    """
    world = _world(rng)
    gaps: dict[str, list[list[float]]] = {}
    for n in sizes.shots:
        pools = [_pool(world, n, sizes, rng) for _ in range(sizes.repeats)]
        for name in pools[0]:
            gaps.setdefault(name, []).append([pool[name] for pool in pools])
    for name, values in gaps.items():
        found.add(SETTING, name, GAP, values, sizes.shots)


def _world(rng: np.random.Generator) -> World:
    mixture = hidden_markov.dirichlet_mixture(N_TASKS, N_STATES, N_TOKENS, rng)
    strings = hidden_markov.read(mixture, hidden_markov.all_strings(N_TOKENS, LENGTH))
    likely = np.exp(strings.log_prob[:, TASK])
    kernel = kernel_regression.fit("E", strings, likely, TASK)
    return World(kernel.whiten(strings), strings.law[:, TASK], likely / likely.sum())


def _pool(world: World, n: int, sizes: Sizes, rng: np.random.Generator) -> dict[str, float]:
    """Return the median gap of one pool by method."""
    strings, labels = world.draw(sizes.pool_factor * n, rng)
    queries, _ = world.draw(sizes.n_queries, rng)
    near = smoothing.squared_distances(world.psi[queries], world.psi[strings])
    kernel = world.psi[queries] @ world.psi[strings].T
    picks = {
        RANDOM: np.tile(np.arange(n), (len(queries), 1)),
        NEAREST: np.argpartition(near, n, axis=1)[:, :n],
        LARGEST: np.argpartition(-kernel, n, axis=1)[:, :n],
    }
    found = {}
    for way, pick in picks.items():
        for name, estimate in _votes(world, strings[pick], labels[pick], queries, sizes.bandwidth).items():
            gap = np.abs(estimate - world.law[queries]).sum(axis=1)
            found[method(name, way)] = float(np.median(gap))
    return found


def _votes(
    world: World, strings: np.ndarray, labels: np.ndarray, queries: np.ndarray, bandwidth: float
) -> dict[str, np.ndarray]:
    """Let the demonstrations (query, n) of each query vote on it: (query, label) by kernel."""
    n_labels = world.law.shape[1]
    psi, asked = world.psi[strings], world.psi[queries][:, None]
    sums = kernel_regression.label_sums(psi, labels, (labels.shape[1],), n_labels)
    return {
        KERNEL: kernel_regression.vote(sums, asked, (labels.shape[1],)).ratio[:, 0, 0],
        GAUSSIAN: kernel_regression.gaussian_vote(psi, labels, asked, bandwidth, n_labels)[:, 0],
    }
