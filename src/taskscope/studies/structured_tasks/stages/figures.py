"""The figure and the table of stages."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from taskscope.report import charts
from taskscope.report.chart_data import Axis
from taskscope.report.findings import Figure, Table
from taskscope.report.wording import slug
from taskscope.studies.judgement import Measure
from taskscope.studies.structured_tasks.stages.grids import Stages

BLOCK = Axis("block", "block", whole=True)
SHARE = Axis("share", "of the right answers", domain=(0, 1), format=".0%")
LINES = {
    "own": "the own label leads",
    "wrong": "a wrong label leads",
    "renamed": "the new word leads",
    "moved": "turned by another class's residual",
    "kept": "turned by the own class's residual",
}


def figures(model: str, found: Sequence[Stages]) -> list[Figure]:
    """Draw what leads after each block, and after which block an exchange turns the answer."""
    data = []
    for task in found:
        for field, line in LINES.items():
            for block, values in enumerate(getattr(task, field).T):
                low, high = np.quantile(values[1:], [0.025, 0.975])
                ends = {"low": round(float(low), 4), "high": round(float(high), 4)}
                row = {"task": task.task, "line": line, "block": block, "share": round(float(values[0]), 4)}
                data.append({**row, **ends})
    return [
        Figure(
            name=f"structured-tasks-{slug(model)}-stages",
            title="Is the own label there before the new word?",
            see=see(found),
            alt=f"Line charts for {model}, one per task: by block, the shares of rightly answered queries in "
            "which the own label, a wrong label or the new word leads, and whose answer an exchange turns.",
            spec=charts.curves(
                data, BLOCK, SHARE, series="line", low="low", high="high", facet="task", columns=2
            ),
            model=model,
        )
    ]


def see(found: Sequence[Stages]) -> str:
    """Say what to see, or that nothing can be seen."""
    text = (
        "If a renamed task is the renaming after the task, the own label should lead before the new word "
        "does, and from then on another query's residual should turn the answer to its new word."
    )
    lucky = [task.task for task in found if not task.above_guessing]
    if lucky:
        text += (
            f" On {' and '.join(lucky)} no more is answered rightly than guessing gives: what is right there "
            "is luck, and its curves say nothing of how renaming is done."
        )
    return text


def tables(model: str, found: Sequence[Stages]) -> list[Table]:
    """Tabulate what leads after some block, and what an exchange does where the own label leads most."""
    rows = []
    for task in found:
        block = int(task.own[0].argmax())
        own, wrong = (Measure.of(task.passed[:, column]) for column in (0, 1))
        moved, kept = (Measure.of(values[:, block]) for values in (task.moved, task.kept))
        numbers = [f"{100 * m.value:.0f} % ({100 * m.low:.0f} to {100 * m.high:.0f})" for m in (own, wrong)]
        turned = [f"{100 * m.value:.0f} % ({100 * m.low:.0f} to {100 * m.high:.0f})" for m in (moved, kept)]
        rows.append(
            (
                task.task,
                f"{task.n_right} of {task.n_queries} (guessing: {task.n_queries / task.n_classes:.0f})",
                *numbers,
                block,
                *turned,
            )
        )
    return [
        Table(
            name=f"structured-tasks-{slug(model)}-stages",
            title="The own label on the way to the new word",
            columns=(
                "task",
                "answered rightly",
                "own label leads after some block",
                "a wrong label does",
                "block where most own labels lead",
                "turned there by another class",
                "by the own class",
            ),
            rows=tuple(rows),
            note="Over rightly answered texts under random label words. A label leads where the residual of "
            "the last token, read through the output head, ranks it above all other labels and the right new "
            "word. An exchange puts the residual of another query in its place; turned means that the "
            "answer becomes that query's new word (for the own class: the same word, by accident). Intervals "
            "are over maps. A label that leads is a sign of two steps, and no proof (protocol 9.5).",
            model=model,
        )
    ]
