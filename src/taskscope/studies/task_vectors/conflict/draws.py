"""Pairs of tasks that can conflict, and the texts of their conflicts."""

from __future__ import annotations

from dataclasses import dataclass

from taskscope.studies.randomness import stream
from taskscope.studies.task_vectors.draws import lenders
from taskscope.studies.task_vectors.params import ConflictParams
from taskscope.tasks.prompts import PromptFormat
from taskscope.tasks.sampling import Draw, draw, split_queries
from taskscope.tasks.task import Item, MappingTask

FEWEST_SHARED = 8
"""Independent queries that two tasks must share to be compared."""


@dataclass(frozen=True)
class Side:
    """One of the two tasks in a conflict."""

    gold: tuple[str, ...]
    """Its accepted answers to the query, as they follow it."""
    prompt: str
    """p(S, x): its demonstrations, then the query."""
    theta: tuple[str, ...]
    """p(S, x') for each of its dummies."""


@dataclass(frozen=True)
class Conflict:
    """One query on which two tasks disagree."""

    query: str
    """Its input: conflicts of other pairs about the same input belong together."""
    sides: tuple[Side, Side]
    unrelated: tuple[str, ...]
    """p(S, x') of a task that has nothing to do with either, for each of its dummies."""


def shared_queries(a: MappingTask, b: MappingTask, dev_share: float) -> list[tuple[Item, Item]]:
    """List the inputs that both tasks take and answer differently, test queries of both.

    Development queries chose the block at which theta is put in, so none of them is asked again.
    """
    ours = {item.input: item for item in _test_queries(a, dev_share)}
    theirs = {item.input: item for item in _test_queries(b, dev_share)}
    return [
        (item, theirs[text])
        for text, item in ours.items()
        if text in theirs and not set(item.answers) & set(theirs[text].answers)
    ]


def admissible(a: MappingTask, b: MappingTask, dev_share: float) -> bool:
    """Whether two tasks can conflict: enough inputs that both take and answer differently."""
    return len({item.cluster for item, _ in shared_queries(a, b, dev_share)}) >= FEWEST_SHARED


def unrelated_task(pair: tuple[MappingTask, MappingTask], seed: int, k: int, n_dummies: int) -> MappingTask:
    """Draw the task whose theta is the control of a pair: of another group than both, no pair in common.

    Raises:
        TaskError: If k is too large for every such task.
    """
    able = lenders(pair, k, n_dummies)
    rng = stream("task-vectors unrelated task", *(task.name for task in pair), seed)
    return able[int(rng.integers(len(able)))]


def conflicts(
    a: MappingTask,
    b: MappingTask,
    unrelated: MappingTask,
    seed: int,
    params: ConflictParams,
    asked: PromptFormat,
) -> list[Conflict]:
    """Draw conflicts; each has demonstrations and dummies of its own for either task and for the control.

    Raises:
        TaskError: If a task has too few items for k demonstrations and the dummies.
    """
    pool = shared_queries(a, b, params.dev_share)
    names = (a.fingerprint, b.fingerprint, seed, params.n_conflicts, params.k, params.n_dummies)
    rng = stream("task-vectors conflicts", *names)
    order = [i for _ in range(-(-params.n_conflicts // len(pool))) for i in rng.permutation(len(pool))]
    lent = stream("task-vectors unrelated thetas", *names, unrelated.fingerprint)
    found = []
    for i in order[: params.n_conflicts]:
        drawn = [
            draw(task, (item,), 1, params.k, params.n_dummies, rng)[0]
            for task, item in zip((a, b), pool[i], strict=True)
        ]
        [foreign] = draw(unrelated, unrelated.items, 1, params.k, params.n_dummies, lent)
        sides = (_side(drawn[0], asked), _side(drawn[1], asked))
        found.append(Conflict(pool[i][0].input, sides, _thetas(foreign, asked)))
    return found


def _side(drawn: Draw, asked: PromptFormat) -> Side:
    return Side(
        gold=tuple(asked.answer(y) for y in drawn.query.answers),
        prompt=asked.render(drawn.pairs, drawn.query.input).text,
        theta=_thetas(drawn, asked),
    )


def _thetas(drawn: Draw, asked: PromptFormat) -> tuple[str, ...]:
    return tuple(asked.render(drawn.pairs, dummy.input).text for dummy in drawn.dummies)


def _test_queries(task: MappingTask, dev_share: float) -> tuple[Item, ...]:
    """The test half of a task's queries, split as for the accuracies (E1)."""
    rng = stream("task-vectors split", task.fingerprint, dev_share)
    return split_queries(task, rng, dev_share)[1]
