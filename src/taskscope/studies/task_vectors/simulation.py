"""Simulated rows with a known truth, to learn how often the rules of `verdicts` are right.

A simulated model is described by probabilities: what it scores without demonstrations, with them, and with
theta and its controls after every block. Outcomes of one query hang together (a hard query is hard in every
condition), queries repeat where a task has few of them, and labels may be skewed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa
from scipy.special import ndtri

from taskscope.studies.task_vectors.conditions import (
    BASELINE,
    HYPOTHESIS,
    PLAIN,
    REGULAR,
    REGULAR_SHUFFLED,
    SCHEMA,
    SWEPT,
)
from taskscope.studies.task_vectors.params import TaskVectorParams

SAME_QUERY, SAME_PAIR = 0.2, 0.3
"""Shares of the variance behind an outcome common to pairs of a query, and to conditions of a pair."""


@dataclass(frozen=True)
class SimulatedTask:
    """Truth about one task."""

    baseline: float
    regular: float
    theta: tuple[float, ...]
    """Accuracy under theta after each block."""
    control: tuple[float, ...]
    """Accuracy under every swept control after each block: all alike, so that choosing is hardest."""
    queries: int = 200
    """Distinct queries, split between development and test as in a measurement."""
    labels: tuple[float, ...] = (0.01,) * 100
    """Share of every label; skewed ones feed the leak controls."""
    weaker: float = 0.0
    """How far below `control` the true accuracy of every second control lies."""


@dataclass(frozen=True)
class Scenario:
    """A world, and whether C1 and C2 hold in it."""

    name: str
    description: str
    tasks: tuple[SimulatedTask, ...]
    true: tuple[str, ...] = ()
    """Claims that hold here and should be supported; the others must not be."""
    task_spread: float = 0.0
    """Standard deviation of a task's true theta accuracy around what is stated, new in every table."""
    tested: tuple[str, ...] = field(default=("C1", "C2"))
    """Claims this scenario is about."""

    def simulate(self, params: TaskVectorParams, rng: np.random.Generator) -> pa.Table:
        """Simulate the rows of one model at the sizes of `params`."""
        return rows(self, params.n_dev, params.n_test, rng)


def rows(scenario: Scenario, n_dev: int, n_test: int, rng: np.random.Generator) -> pa.Table:
    """Simulate the rows of one model on every task of a scenario, as a run folder would give them."""
    tables = []
    for number, task in enumerate(scenario.tasks):
        shift = rng.normal(0, scenario.task_spread) if scenario.task_spread else 0.0
        moved = replace(task, theta=tuple(np.clip(np.array(task.theta) + shift, 0, 1).tolist()))
        tables.append(_task_rows(f"task-{number:02d}", moved, (n_dev, n_test), rng))
    return pa.concat_tables(tables)


def _task_rows(name: str, task: SimulatedTask, sizes: Sequence[int], rng: np.random.Generator) -> pa.Table:
    n_dev_queries = max(1, round(0.3 * task.queries))
    query = np.concatenate(
        [
            _cycled(np.arange(n_dev_queries), sizes[0], rng),
            _cycled(np.arange(n_dev_queries, task.queries), sizes[1], rng),
        ]
    )
    n_pairs, n_blocks = len(query), len(task.theta)
    label = rng.choice(len(task.labels), size=task.queries, p=task.labels)[query]
    truth = _truth(task)  # (column,): plain conditions, then (condition, block)
    shared = SAME_QUERY**0.5 * rng.standard_normal(task.queries)[
        query
    ] + SAME_PAIR**0.5 * rng.standard_normal(n_pairs)
    own = rng.standard_normal((n_pairs, len(truth))) * (1 - SAME_QUERY - SAME_PAIR) ** 0.5
    correct = shared[:, None] + own < ndtri(truth)
    condition = np.concatenate(
        [np.arange(len(PLAIN)), len(PLAIN) + np.repeat(np.arange(len(SWEPT)), n_blocks)]
    )
    block = np.concatenate([np.full(len(PLAIN), -1), np.tile(np.arange(n_blocks), len(SWEPT))])
    per_pair = len(truth)
    number = np.concatenate([np.arange(size) for size in sizes])
    shares = np.array(task.labels)

    def spread(values: np.ndarray) -> np.ndarray:
        return np.repeat(values, per_pair)

    def text(codes: np.ndarray, names: Sequence[str]) -> pa.DictionaryArray:
        return pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32()), list(names))

    flat = correct.ravel()
    columns = {
        "split": text(spread(np.repeat([0, 1], sizes)), ("dev", "test")),
        "pair": pa.array(spread(number), pa.int32()),
        "cluster": text(spread(query), [f"query-{i}" for i in range(task.queries)]),
        "label": text(spread(label), [f"label-{i}" for i in range(len(shares))]),
        "label_share": pa.array(spread(shares[label])),
        "majority": pa.array(spread(label == shares.argmax())),
        "condition": text(np.tile(condition, n_pairs), (*PLAIN, *SWEPT)),
        "block": pa.array(np.tile(block, n_pairs), pa.int32()),
        "correct": pa.array(flat),
        "first_correct": pa.array(flat),
        "leak": pa.array(np.zeros(len(flat), bool)),
        "logprob": pa.array(np.zeros(len(flat)), pa.float32()),
    }
    table = pa.table(columns, schema=SCHEMA)
    front = {"model": "simulated", "task": name, "seed": 0}
    for at, (column, value) in enumerate(front.items()):
        table = table.add_column(at, column, pa.repeat(pa.scalar(value), table.num_rows))
    return table


def _truth(task: SimulatedTask) -> np.ndarray:
    plain = {BASELINE: task.baseline, REGULAR: task.regular, REGULAR_SHUFFLED: task.baseline}
    control = np.array(task.control)
    swept = [
        np.array(task.theta) if name == HYPOTHESIS else np.clip(control - (i % 2 == 0) * task.weaker, 0, 1)
        for i, name in enumerate(SWEPT)
    ]
    return np.concatenate([[plain[name] for name in PLAIN], *swept])


def _cycled(pool: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    rounds = [rng.permutation(pool) for _ in range(-(-n // len(pool)))]
    return np.concatenate(rounds)[:n]
