"""The tables of C6: the strongest heads, and every task's function vector."""

from __future__ import annotations

from collections.abc import Sequence

from taskscope.report.findings import Table
from taskscope.report.wording import slug
from taskscope.studies.judgement import Measure
from taskscope.studies.task_vectors import published
from taskscope.studies.task_vectors.heads.findings import FunctionVectors
from taskscope.studies.task_vectors.heads.resampling import BESIDE, CONTROLS, Carried, TaskChoice, scored
from taskscope.studies.task_vectors.heads.rows import (
    LAYER,
    NONE,
    SHOWN,
    SWAPPED,
    VECTOR,
    ZERO_SHOT,
)
from taskscope.studies.task_vectors.heads.stability import rank

SHOWN_HEADS = 20
SHOWN_OF_TASK = 5
LEAST_ALONE, LEAST_SWAPPED, LEAST_OVER_LAYER = 0.30, 0.25, 0.20
"""Gains that a function vector as published has (protocol section 5, pass)."""


def tables(found: FunctionVectors) -> list[Table]:
    """Tabulate heads and tasks of one model."""
    made = [_heads(found), _heads_by_task(found)] if found.effects else []
    made += [_tasks(found)] if found.tasks else []
    made += [_published(found.model, found.mean)] if found.mean is not None else []
    made += [_left_out(found)] if found.left_out else []
    return made + ([_without_heads(found)] if found.without_heads else [])


def _left_out(found: FunctionVectors) -> Table:
    return Table(
        name=f"task-vectors-{slug(found.model)}-heads-left-out",
        title="Tasks left out of the heads",
        columns=("task", "reason"),
        rows=tuple(found.left_out.items()),
        note="These tasks could not be asked; heads are chosen and judged on the others.",
        model=found.model,
    )


def _without_heads(found: FunctionVectors) -> Table:
    return Table(
        name=f"task-vectors-{slug(found.model)}-blocks-without-heads",
        title="Blocks whose heads cannot be told apart",
        columns=("block", "reason"),
        rows=tuple(found.without_heads.items()),
        note="No head of these blocks was tried.",
        model=found.model,
    )


def _heads(found: FunctionVectors) -> Table:
    size = max(found.size, 1)
    ranking = rank(found.effects, size)
    return Table(
        name=f"task-vectors-{slug(found.model)}-heads",
        title="The strongest heads",
        columns=("block", "head", "effect", "standard error", "chosen again", "tasks that use it"),
        rows=tuple(
            (
                int(ranking.sites[i, 0]),
                int(ranking.sites[i, 1]),
                round(float(ranking.effect[i]), 5),
                round(float(ranking.error[i]), 5),
                round(float(ranking.inclusion[i]), 3),
                sum(bool(each.chosen[i]) for each in found.effects),
            )
            for i in ranking.order[:SHOWN_HEADS]
        ),
        note="Effect: what the probability of the answer's first token gains when the head's output at the "
        "last token is replaced by its mean over right demonstrations, mean over "
        f"{', '.join(ranking.tasks)}. 'chosen again': share of resamples of the prompts in which the head is "
        f"among the strongest {size}. 'tasks that use it': each task's heads are chosen on the other tasks.",
        model=found.model,
    )


def _heads_by_task(found: FunctionVectors) -> Table:
    size = max(found.size, 1)
    rows = []
    for each in found.effects:
        ranking = rank([each], size)
        for i in ranking.order[: max(size, SHOWN_OF_TASK)]:
            block, head = map(int, ranking.sites[i])
            sure = (ranking.effect[i], ranking.error[i], ranking.inclusion[i])
            used = "yes" if each.chosen[i] else "no"
            rows.append((each.task, block, head, *(round(float(value), 5) for value in sure), used))
    return Table(
        name=f"task-vectors-{slug(found.model)}-heads-by-task",
        title="The strongest heads of every task",
        columns=("task", "block", "head", "effect", "standard error", "chosen again", "used"),
        rows=tuple(rows),
        note="Effects on this task alone. 'chosen again': share of resamples of its prompts in which the "
        f"head is among its strongest {size}. 'used': whether the head is in the function vector that is "
        "judged, whose heads are chosen on the other tasks.",
        model=found.model,
    )


def _tasks(found: FunctionVectors) -> Table:
    names = (*CONTROLS, *BESIDE)
    return Table(
        name=f"task-vectors-{slug(found.model)}-function-vectors",
        title="Function vectors, task by task",
        columns=(
            "task",
            "queries",
            "block",
            "with demonstrations",
            VECTOR,
            f"{VECTOR}, queries right with demonstrations",
            "strongest control",
            *names,
            "swapped labels",
            f"swapped labels, {VECTOR}",
            f"swapped labels, {LAYER}",
        ),
        rows=tuple(_task(task, names) for task in found.tasks),
        note="Shares of right answers to test queries, all tokens of the answer counted, the vector added at "
        "the last token of the prompt alone. The block and the strongest control are chosen on development "
        "queries.",
        model=found.model,
    )


def _task(task: TaskChoice, names: tuple[str, ...]) -> tuple[object, ...]:
    test, block = task.answers.test, task.block

    def share(name: str, context: str = ZERO_SHOT) -> float | None:
        values = scored(test, name, block, context)
        return None if values is None else round(float(values.mean()), 4)

    kept = test.plain[SHOWN] == 1
    vector = test.added[ZERO_SHOT, VECTOR][:, block]
    return (
        task.answers.task,
        len(vector),
        block,
        round(float(test.plain[SHOWN].mean()), 4),
        share(VECTOR),
        round(float(vector[kept].mean()), 4) if kept.any() else None,
        task.control,
        *(share(name) for name in names),
        share(NONE, SWAPPED),
        share(VECTOR, SWAPPED),
        share(LAYER, SWAPPED),
    )


def _published(model: str, mean: Carried) -> Table:
    """The published gains with ours in front; a gain is reached where its whole interval lies above."""
    known = published.vectors()
    swapped = mean.swapped[VECTOR] - mean.swapped[NONE]
    over_layer = mean.vector - mean.beside[LAYER]
    told = (
        ("over nothing added, query alone", mean.gain, LEAST_ALONE, [p.alone for p in known.values()]),
        ("over nothing added, swapped labels", swapped, LEAST_SWAPPED, [p.shuffled for p in known.values()]),
        (f"over {LAYER}", over_layer, LEAST_OVER_LAYER, [p.over_layer for p in known.values()]),
        ("a third of it, over random heads' gain", mean.beyond_random, 0.0, [None] * len(known)),
    )
    return Table(
        name=f"task-vectors-{slug(model)}-function-vectors-published",
        title="Beside the published function vectors",
        columns=("gain of the function vector", model, "from", "to", "at least", "reached", *known),
        rows=tuple(_gain(name, Measure.of(draws), least, theirs) for name, draws, least, theirs in told),
        note="Differences between shares of right answers, means over the tasks on which demonstrations "
        "help, with 95 % intervals. 'reached': 'yes' where the interval lies at or above the least that the "
        "published effect would give, 'no' where it lies below, 'open' otherwise. Ours count all tokens of "
        f"the answer. Source: {published.vector_source()}.",
        model=model,
    )


def _gain(name: str, ours: Measure, least: float, theirs: Sequence[float | None]) -> tuple[object, ...]:
    reached = "yes" if ours.low >= least else "no" if ours.high < least else "open"
    numbers = (ours.value, ours.low, ours.high, least)
    return (
        name,
        *(round(number, 3) for number in numbers),
        reached,
        *(None if number is None else round(number, 3) for number in theirs),
    )
