"""Simulations of the laws by which skills may come to be learned (protocol 4.3)."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

Array = np.ndarray


def peel(n_skills: int, per_text: float, texts_per_skill: float, rng: np.random.Generator) -> float:
    """Learn skill after skill from texts that have one unknown skill; returns the share never learned.

    Args:
        n_skills: Skills.
        per_text: Mean number of skills of a text, a Poisson number.
        texts_per_skill: Texts divided by skills.
        rng: Source of randomness.
    """
    counts = rng.poisson(per_text, round(n_skills * texts_per_skill))
    text = np.repeat(np.arange(len(counts)), counts)
    skill = rng.integers(n_skills, size=len(text))
    used = csr_array((np.ones(len(text)), (text, skill)), shape=(len(counts), n_skills))
    known = np.zeros(n_skills)
    while True:
        teaching = np.asarray(used @ (1 - known)) == 1
        learned = ((used.T @ teaching.astype(float)) > 0) & (known == 0)
        if not learned.any():
            return float(1 - known.mean())
        known[learned] = 1.0


def quantization_slopes(n_skills: int, a: float) -> tuple[float, float]:
    """Slopes of log loss by log number of skills learned and by log data, without a network.

    Skills are used in proportion to j^-(1 + a); the loss is the use of those not learned. With n of them
    learned these are the ones behind the n-th, with D samples those used less than once in D.
    """
    use = np.arange(1, n_skills + 1) ** -(1 + a)
    use /= use.sum()
    behind = np.append(np.cumsum(use[::-1])[::-1], 0.0)
    learned = np.unique(np.geomspace(30, n_skills**0.6, 20).round().astype(int))
    data = np.geomspace(1 / use[29], 1 / use[learned[-1] - 1], 20)
    by_data = behind[np.searchsorted(-use, -1 / data)]
    return _slope(learned, behind[learned]), _slope(data, by_data)


def acquire(chance: float, steps: int, n: int, runs: int, rng: np.random.Generator) -> float:
    """Share of runs in which n abilities are all acquired within some steps, each with a chance per step."""
    return float((rng.geometric(chance, (runs, n)).max(axis=1) <= steps).mean())


def largest_component(n: int, m: int, density: float, rng: np.random.Generator) -> float:
    """Share of n entities in the largest component when they are linked with m properties at random."""
    links = rng.binomial(n * m, density)
    ends = rng.integers(n, size=links), n + rng.integers(m, size=links)
    graph = coo_array((np.ones(links), ends), shape=(n + m, n + m))
    labels = connected_components(graph, directed=False)[1]
    return float(np.bincount(labels[:n]).max() / n)


def _slope(x: Array, y: Array) -> float:
    return float(np.polyfit(np.log(x), np.log(y), 1)[0])
