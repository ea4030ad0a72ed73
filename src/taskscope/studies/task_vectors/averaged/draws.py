"""Prompts whose states are averaged, and which of them may enter the mean for a query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from taskscope.studies.randomness import stream
from taskscope.studies.task_vectors.params import AveragedParams
from taskscope.tasks.prompts import PromptFormat
from taskscope.tasks.sampling import Draw, draw, shuffle_labels, split_queries
from taskscope.tasks.task import MappingTask


@dataclass(frozen=True)
class Prompt:
    """All texts of one (S, x)."""

    draw: Draw
    gold: tuple[str, ...]
    """Accepted answers as they would follow the query."""
    bare: str
    """p(no demonstrations, x): what is edited."""
    regular: str
    """p(S, x): asked, and its state at the arrow enters the means of other queries."""
    swapped: str
    """The same with swapped labels."""
    other: str
    """p(S, x) of another task."""
    theta: tuple[str, ...]
    """p(S, x') for each dummy x': theta of this S alone."""


def prompts(
    task: MappingTask, other: MappingTask, seed: int, params: AveragedParams, asked: PromptFormat
) -> list[Prompt]:
    """Draw the prompts of a task; queries come from the test half, on which no block was chosen.

    Raises:
        TaskError: If a task has too few items for k demonstrations and the dummies.
    """
    split = stream("task-vectors split", task.fingerprint, params.dev_share)
    pool = split_queries(task, split, params.dev_share)[1]
    sizes = (params.n_averaged, params.k, params.n_dummies)
    rng = stream("task-vectors averaged", task.fingerprint, seed, *sizes)
    own = draw(task, pool, *sizes, rng)
    foreign = draw(other, other.items, params.n_averaged, params.k, 0, rng)
    return [_prompt(mine, theirs, rng, asked) for mine, theirs in zip(own, foreign, strict=True)]


def _prompt(own: Draw, foreign: Draw, rng: np.random.Generator, asked: PromptFormat) -> Prompt:
    query = own.query.input
    return Prompt(
        draw=own,
        gold=tuple(asked.answer(y) for y in own.query.answers),
        bare=asked.render((), query).text,
        regular=asked.render(own.pairs, query).text,
        swapped=asked.render(shuffle_labels(own, rng), query).text,
        other=asked.render(foreign.pairs, foreign.query.input).text,
        theta=tuple(asked.render(own.pairs, dummy.input).text for dummy in own.dummies),
    )


def without_query(drawn: Sequence[Draw]) -> np.ndarray:
    """Say whose state may enter the mean for whose query: (query, prompt) bool.

    A prompt may if neither its demonstrations nor its own query contain the query, or an item of the same
    cluster, which would give the answer away (hot->cold to one who is asked for cold). So a prompt never
    enters its own query's mean.
    """
    shown = [(*each.demonstrations, each.query) for each in drawn]
    inputs = [{item.input for item in items} for items in shown]
    clusters = [{item.cluster for item in items} for items in shown]
    return np.array(
        [
            [
                each.query.input not in told and each.query.cluster not in near
                for told, near in zip(inputs, clusters, strict=True)
            ]
            for each in drawn
        ]
    )


def averages(states: np.ndarray, allowed: np.ndarray) -> np.ndarray:
    """Average for every query the states of the prompts allowed: (query, block, d_model) float32.

    Args:
        states: (prompt, block, d_model).
        allowed: (query, prompt) bool, at least one prompt for each query.
    """
    weights = allowed / allowed.sum(axis=1, keepdims=True)
    flat = states.reshape(len(states), -1)
    return (weights.astype(np.float32) @ flat).reshape(-1, *states.shape[1:])
