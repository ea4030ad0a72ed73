"""The figures and the table of averaged thetas (E7)."""

from __future__ import annotations

from typing import Any

from taskscope.report import charts
from taskscope.report.chart_data import Axis, Rule
from taskscope.report.findings import Figure, Table
from taskscope.report.wording import slug
from taskscope.studies.judgement import Measure
from taskscope.studies.task_vectors.averaged.analysis import Averages, difference
from taskscope.studies.task_vectors.averaged.rows import (
    CONDITIONS,
    DEMONSTRATIONS,
    MEAN,
    OTHER,
    SINGLE,
    SWAPPED,
)
from taskscope.studies.task_vectors.params import FEWEST_AVERAGED

ACCURACY = Axis("accuracy", "right answers", domain=(0, 1), format=".0%")
DIFFERENCE = Axis(
    "difference", "right answers, averaged theta minus theta of one set", domain=(-1, 1), format="+.0%"
)
OVER_TASKS = "mean of the tasks counted"


def figures(found: Averages) -> list[Figure]:
    """Draw accuracy by condition, and what averaging adds by task; nothing where no task has a mean."""
    if not found.tasks:
        return []
    accuracy = [_record("condition", name, "accuracy", found.accuracy(name), least=0) for name in CONDITIONS]
    gained = [_record("task", OVER_TASKS, "difference", found.difference)]
    gained += [
        _record("task", task.task, "difference", difference(drawn))
        for task, drawn in zip(found.tasks, found.resampled, strict=True)
    ]
    return [
        Figure(
            name=f"task-vectors-{slug(found.model)}-averaged",
            title="Theta averaged over many prompts",
            see=_see(found),
            alt=f"Forest plot for {found.model}: share of right answers without demonstrations, with theta "
            "of one set, with theta averaged over prompts, with its two controls and with demonstrations, "
            "each with a 95 % interval.",
            spec=charts.intervals(accuracy, ACCURACY, row="condition", low="low", high="high"),
            model=found.model,
        ),
        Figure(
            name=f"task-vectors-{slug(found.model)}-averaged-by-task",
            title="What averaging theta adds, task by task",
            see=_see_tasks(found),
            alt=f"Forest plot for {found.model}: per task the paired difference of right answers between the "
            "averaged theta and theta of one set of demonstrations, each with a 95 % interval.",
            spec=charts.intervals(
                gained,
                DIFFERENCE,
                row="task",
                low="low",
                high="high",
                rules=[Rule(0, "no difference", across="x")],
            ),
            model=found.model,
        ),
    ]


def _record(row: str, name: str, value: str, measure: Measure, least: float = -1) -> dict[str, Any]:
    """A mark; the ends of its interval are kept to what a share, or a difference of two, can be."""
    ends = {value: measure.value, "low": max(measure.low, least), "high": min(measure.high, 1)}
    return {row: name, **{field: round(number, 4) for field, number in ends.items()}}


def _see(found: Averages) -> str:
    right = {name: f"{100 * found.accuracy(name).value:.0f} %" for name in CONDITIONS}
    gain = found.difference
    n = len(found.tasks)
    shown = sum(not task.swapping_hides for task in found.tasks)
    but = f" (no control on {shown} of them, which the model does from swapped labels too)" if shown else ""
    return (
        f"Over {n} {'task' if n == 1 else 'tasks'}, theta of one prompt's demonstrations gets "
        f"{right[SINGLE]} right, theta averaged over prompts without the query {right[MEAN]}: "
        f"{100 * gain.value:.0f} points more ({100 * gain.low:.0f} to {100 * gain.high:.0f}). Averaged over "
        f"prompts with swapped labels it gets {right[SWAPPED]}{but}, over prompts of another task "
        f"{right[OTHER]}; the demonstrations themselves get {right[DEMONSTRATIONS]}.{_missing(found)}"
    )


def _see_tasks(found: Averages) -> str:
    apart = [difference(drawn) for drawn in found.resampled]
    more, less = sum(d.low > 0 for d in apart), sum(d.high < 0 for d in apart)
    return (
        f"Averaging helps beyond its interval on {more} of {len(apart)} tasks and harms on {less}. Both "
        "vectors are put in after the block that suits theta of one set best."
    )


def _missing(found: Averages) -> str:
    if not found.too_few:
        return ""
    return (
        f" Not averaged, because fewer than {FEWEST_AVERAGED} prompts do without the query: "
        f"{', '.join(found.too_few)}."
    )


def tables(found: Averages) -> list[Table]:
    """Tabulate every task; those with too few prompts have no numbers."""
    rows: list[tuple[Any, ...]] = []
    for task, drawn, p in zip(found.tasks, found.resampled, found.p, strict=True):
        gain = difference(drawn)
        numbers = [task.n_prompts, *drawn[0], gain.value, gain.low, gain.high, p]
        counts = (task.block, len(task.values), task.n_left_out)
        rows.append((task.task, *counts, *(round(float(number), 4) for number in numbers)))
    width = 4 + 1 + len(CONDITIONS) + 4
    rows += [(name, *(None,) * (width - 1)) for name in found.too_few]
    return [
        Table(
            name=f"task-vectors-{slug(found.model)}-averaged",
            title="Theta averaged over prompts, task by task",
            columns=(
                *("task", "block", "queries", "left out", "prompts averaged"),
                *CONDITIONS,
                *("averaged minus single", "from", "to", "p"),
            ),
            rows=tuple(rows),
            note="Right answers to test queries. For each query theta is averaged over the prompts of the "
            "task (their own queries at the end) that contain neither the query nor an item of its cluster; "
            f"a query with fewer than {FEWEST_AVERAGED} of them is left out, and a task without any other "
            "query has no numbers. The controls are means over as many prompts. p: exact McNemar test of "
            "averaged against single theta, one vote per query, Holm over tasks.",
            model=found.model,
        )
    ]
