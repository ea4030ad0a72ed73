"""Figures of response maps: renamed task against renaming alone, and kinds of maps side by side."""

from __future__ import annotations

import numpy as np

from taskscope.report import charts
from taskscope.report.chart_data import Axis, Mark, Rule
from taskscope.report.findings import Figure
from taskscope.report.wording import slug
from taskscope.studies.structured_tasks.maps.draws import NATURAL, ORDERS, RANDOM
from taskscope.studies.structured_tasks.maps.resampling import ModelMaps
from taskscope.studies.structured_tasks.maps.rows import (
    APART,
    RENAMED_TASK,
    RENAMING,
    RENAMING_SHOWN,
    TASK_SHOWN,
)
from taskscope.studies.structured_tasks.published import natural_maps

PART = Axis("renaming", "macro-F1 of the renaming alone", domain=(0, 1), format=".0%")
WHOLE = Axis("renamed", "macro-F1 of the renamed task", domain=(0, 1), format=".0%")
F1 = Axis("f1", "macro-F1 of the renaming alone", domain=(0, 1), format=".0%")
LABELS = {
    RANDOM: "random words",
    "any-token": "random tokens of any kind",
    "prior-matched": "random words, equally likely",
    **{kind: f"{kind}s" for kind in NATURAL},
    **{kind: "the labels themselves" if kind == ORDERS[0] else f"chain of {kind[-1]}" for kind in ORDERS},
}
SHOWN_AS = {
    RENAMED_TASK: "the renamed task",
    APART: "both parts apart",
    TASK_SHOWN: "the task alone",
    RENAMING_SHOWN: "the renaming alone",
}
"""What demonstrations show, by arm."""
ORDER = Axis("order", "synonyms in the chain from label to new word", whole=True)


def figures(found: ModelMaps) -> list[Figure]:
    """Draw the scatter over random maps and the kinds of maps."""
    drawn = [_scatter(found), _kinds(found), _apart(found)]
    if any(task.decline is not None for task in found.tasks):
        drawn.append(_chains(found))
    return drawn


def _scatter(found: ModelMaps) -> Figure:
    data = [
        {"task": task.grid.task, "renaming": round(float(x), 4), "renamed": round(float(y), 4)}
        for task in found.tasks
        for x, y in zip(task.random.f1[RENAMING], task.random.f1[RENAMED_TASK], strict=True)
    ]
    told = "; ".join(
        f"{task.grid.task}: r = {task.pearson[0]:.2f}, {task.partial[0]:.2f} with the words' own traits held "
        "constant"
        for task in found.tasks
    )
    return Figure(
        name=f"structured-tasks-{slug(found.model)}-scatter",
        title="Do renamed tasks go well where the renaming alone goes well?",
        see=f"Each point is one random map from labels to new words. {told}.",
        alt=f"Scatter plots for {found.model}, one per task: macro-F1 of the renamed task against that of "
        "the renaming alone, a point per random map, with the diagonal.",
        spec=charts.scatter(
            data,
            PART,
            WHOLE,
            facet="task",
            rules=[Rule(task.grid.guessing, "guessing", facet=task.grid.task) for task in found.tasks],
            diagonal=True,
        ),
        model=found.model,
    )


def _kinds(found: ModelMaps) -> Figure:
    data = []
    for task in found.tasks:
        for kind in (RANDOM, *task.natural):
            values = task.renaming[kind]
            low, high = np.quantile(values[1:], [0.025, 0.975])
            data.append(
                {
                    "task": task.grid.task,
                    "kind": LABELS[kind],
                    "f1": round(float(values[0]), 4),
                    "low": round(float(low), 4),
                    "high": round(float(high), 4),
                }
            )
    marks = [
        Mark("LLaMA2 70B", each.mean, at=LABELS[each.kind], facet=task.grid.task)
        for task in found.tasks
        for each in natural_maps()
        if each.labels == task.grid.n_classes
    ]
    return Figure(
        name=f"structured-tasks-{slug(found.model)}-kinds",
        title="Are new names that mean something easier than random ones?",
        see="H3 predicts that synonyms and keywords lie to the right of random words. Diamonds: published.",
        alt=f"Forest plots for {found.model}, one per task: mean macro-F1 of the renaming alone for random "
        "words, synonyms, antonyms and keywords, with 95 % intervals over maps.",
        spec=charts.intervals(
            data,
            F1,
            row="kind",
            low="low",
            high="high",
            facet="task",
            rows=[LABELS[kind] for kind in (RANDOM, *NATURAL)],
            rules=[
                Rule(task.grid.guessing, "guessing", across="x", facet=task.grid.task) for task in found.tasks
            ],
            published=marks,
        ),
        model=found.model,
    )


def _apart(found: ModelMaps) -> Figure:
    """Macro-F1 of the renamed task where it is shown, where its parts are, and where one of them is (9.4)."""
    data = []
    for task in found.tasks:
        for arm, values in task.apart.items():
            low, high = np.quantile(values[1:], [0.025, 0.975])
            ends = {"low": round(float(low), 4), "high": round(float(high), 4)}
            data.append(
                {"task": task.grid.task, "shown": SHOWN_AS[arm], "f1": round(float(values[0]), 4), **ends}
            )
    return Figure(
        name=f"structured-tasks-{slug(found.model)}-apart",
        title="Can the renamed task be put together from its parts?",
        see="Texts under their own labels and labels under new words stand among the demonstrations, and a "
        "text is asked for under its new word. Who composes gets further with both than with either.",
        alt=f"Forest plots for {found.model}, one per task: mean macro-F1 of the renamed task where it is "
        "shown, where its parts are shown apart, and where one part alone is, with 95 % intervals over maps.",
        spec=charts.intervals(
            data,
            Axis("f1", "macro-F1 of the renamed task", domain=(0, 1), format=".0%"),
            row="shown",
            low="low",
            high="high",
            facet="task",
            rows=list(SHOWN_AS.values()),
            rules=[
                Rule(task.grid.guessing, "guessing", across="x", facet=task.grid.task) for task in found.tasks
            ],
        ),
        model=found.model,
    )


def _chains(found: ModelMaps) -> Figure:
    """Macro-F1 of the renaming alone along chains of synonyms, with random words as the far end (E6)."""
    data, rules = [], []
    for task in found.tasks:
        for order, kind in enumerate(task.chain):
            values = task.renaming[kind]
            low, high = np.quantile(values[1:], [0.025, 0.975])
            ends = {"low": round(float(low), 4), "high": round(float(high), 4)}
            data.append({"task": task.grid.task, "order": order, "f1": round(float(values[0]), 4), **ends})
        rules += [
            Rule(task.grid.guessing, "guessing", facet=task.grid.task),
            Rule(float(task.renaming[RANDOM][0]), LABELS[RANDOM], facet=task.grid.task),
        ]
    told = "; ".join(
        f"{task.grid.task}: tau {trend.statistic:.2f}, p = {trend.p:.2g}"
        for task in found.tasks
        if (trend := task.decline) is not None
    )
    return Figure(
        name=f"structured-tasks-{slug(found.model)}-chains",
        title="Do synonyms of synonyms still work as names?",
        see=f"The further a new name is from the label, the nearer it should come to a random word. {told}.",
        alt=f"Line charts for {found.model}, one per task: mean macro-F1 of the renaming alone against the "
        "number of synonyms in the chain, with lines at random words and at guessing.",
        spec=charts.curves(data, ORDER, F1, low="low", high="high", facet="task", rules=rules, columns=2),
        model=found.model,
    )
