"""The figures of C6: what every head does, where the function vector works, and how many heads it takes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from taskscope.report import charts
from taskscope.report.chart_data import Axis, Rule
from taskscope.report.findings import Figure
from taskscope.report.wording import slug
from taskscope.studies.task_vectors.heads.findings import FunctionVectors
from taskscope.studies.task_vectors.heads.resampling import TaskChoice
from taskscope.studies.task_vectors.heads.rows import (
    LAYER,
    NONE,
    OTHER,
    OWN,
    RANDOM,
    RANDOM_HEADS,
    SHOWN,
    VECTOR,
    ZERO_SHOT,
)
from taskscope.studies.task_vectors.heads.stability import Ranking, rank

EFFECT = Axis("effect", "probability added", format=".3f")
ACCURACY = Axis("accuracy", "right answers", domain=(0, 1), format=".0%")
BLOCK = Axis("block", "block after which the vector is added", whole=True)
NUMBER = Axis("heads", "heads summed", whole=True)
SHOWN_CURVES = (VECTOR, OWN, OTHER, RANDOM_HEADS, RANDOM, LAYER)


def figures(found: FunctionVectors) -> list[Figure]:
    """Draw what was measured on one model; nothing where heads cannot be told apart."""
    if not found.effects:
        return []
    drawn = [_map(found, rank(found.effects, max(found.size, 1)))]
    if found.tasks:
        drawn += [_by_block(found), *_by_number(found)]
    return drawn


def _map(found: FunctionVectors, ranking: Ranking) -> Figure:
    """Average effect of every head, the strongest named."""
    blocks, heads = (sorted(set(column.tolist())) for column in ranking.sites.T)
    data = [
        {"block": int(block), "head": int(head), "effect": round(float(effect), 4)}
        for (block, head), effect in zip(ranking.sites, ranking.effect, strict=True)
    ]
    first = ranking.order[: max(found.size, 1)]
    names = ", ".join(f"block {b} head {h}" for b, h in ranking.sites[first][:5].tolist())
    more = f" and {len(first) - 5} more" if len(first) > 5 else ""
    return Figure(
        name=f"task-vectors-{slug(found.model)}-heads",
        title="What every head does to the answer",
        see=f"Strongest: {names}{more} ({ranking.effect[first[0]]:+.2f} for the first). A cell says what the "
        "probability of the right answer gains when the head's output is replaced by its mean over right "
        f"demonstrations (mean over {len(ranking.tasks)} tasks).",
        alt=f"Heat-map for {found.model}: average indirect effect by block and head.",
        spec=charts.heatmap(
            data,
            EFFECT,
            x="head",
            y="block",
            x_title="head",
            y_title="block",
            x_order=heads,
            y_order=blocks,
            diverging=True,
        ),
        model=found.model,
    )


def _mean(tasks: Sequence[TaskChoice], context: str, condition: str) -> np.ndarray | None:
    """Mean over tasks of the mean over test queries, (block,); None where a task lacks it."""
    tables = [task.answers.test.added.get((context, condition)) for task in tasks]
    if any(table is None for table in tables):
        return None
    return np.mean([table.mean(axis=0) for table in tables if table is not None], axis=0)


def _by_block(found: FunctionVectors) -> Figure:
    """Accuracy by the block after which the vector is added."""
    data = []
    for condition in SHOWN_CURVES:
        curve = _mean(found.tasks, ZERO_SHOT, condition)
        for block, value in enumerate([] if curve is None else curve.tolist()):
            data.append({"block": block, "accuracy": round(value, 4), "condition": condition})
    best = _mean(found.tasks, ZERO_SHOT, VECTOR)
    assert best is not None
    return Figure(
        name=f"task-vectors-{slug(found.model)}-function-vectors-by-block",
        title="Where a function vector works",
        see=f"Added to a query alone, it works best after block {int(best.argmax())} "
        f"({best.max():.0%} right, mean over {len(found.tasks)} tasks).",
        alt=f"Curves for {found.model}: right answers by the block after which the function vector or a "
        "control is added.",
        spec=charts.curves(
            data,
            BLOCK,
            ACCURACY,
            series="condition",
            order=(VECTOR, OWN),
            controls=(OTHER, RANDOM_HEADS, RANDOM, LAYER),
            rules=_levels(found.tasks),
        ),
        model=found.model,
    )


def _by_number(found: FunctionVectors) -> list[Figure]:
    """Accuracy by how many heads are summed, chosen and random ones; nothing where one number was tried."""
    data = []
    for condition in (VECTOR, RANDOM_HEADS):
        tried = [
            {number for name, number in task.answers.test.by_number if name == condition}
            for task in found.tasks
        ]
        points = {
            number: [task.answers.test.by_number[condition, number].mean() for task in found.tasks]
            for number in set.intersection(*tried)
        }
        points[found.size] = [
            task.answers.test.added[ZERO_SHOT, condition][:, task.block].mean() for task in found.tasks
        ]
        for number, values in sorted(points.items()):
            data.append(
                {"heads": number, "accuracy": round(float(np.mean(values)), 4), "condition": condition}
            )
    if len(data) < 4:
        return []
    return [
        Figure(
            name=f"task-vectors-{slug(found.model)}-function-vectors-by-number",
            title="How many heads it takes",
            see=f"{found.size} of {found.n_heads} heads are used for the verdict; as many random heads stand "
            "below.",
            alt=f"Curves for {found.model}: right answers by the number of heads summed, strongest first, "
            "and for random heads.",
            spec=charts.curves(
                data,
                NUMBER,
                ACCURACY,
                series="condition",
                order=(VECTOR,),
                controls=(RANDOM_HEADS,),
                rules=_levels(found.tasks),
            ),
            model=found.model,
        )
    ]


def _levels(tasks: Sequence[TaskChoice]) -> list[Rule]:
    def level(context: str) -> float:
        return float(np.mean([task.answers.test.plain[context].mean() for task in tasks]))

    return [Rule(level(SHOWN), "with demonstrations"), Rule(level(ZERO_SHOT), NONE)]
