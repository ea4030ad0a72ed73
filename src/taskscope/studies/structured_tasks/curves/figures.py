"""The learning curves: unaltered, renamed and ciphered tasks, and reference learners, on the same axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from taskscope.report import charts
from taskscope.report.chart_data import Axis, Rule
from taskscope.report.findings import Figure
from taskscope.report.wording import slug
from taskscope.studies.structured_tasks.curves.conditions import (
    CIPHERED,
    CONTROLS,
    LABELS,
    LEARNERS,
    REFERENCE,
    RENAMED,
    SCRAMBLED,
    VANILLA,
    WHOLE,
    ladder,
    scrambled_ladder,
)
from taskscope.studies.structured_tasks.curves.resampling import ModelCurves, TaskCurves

F1 = Axis("f1", "macro-F1", domain=(0, 1), format=".0%")
SHOTS = Axis("shots", "demonstrations", log=True, whole=True)
SHARE = Axis("share", "share of the text's tokens in cipher", domain=(0, 1), format=".0%")
REFERENCE_LABEL = f"{LEARNERS[REFERENCE]} (no model)"


def figures(found: ModelCurves, shares: Sequence[float]) -> list[Figure]:
    """Draw the learning curves, the reference learners, and the cipher ladder where it was measured."""
    drawn = [_curves(found), _learners(found)]
    if shares and all(ladder(shares[0]) in task.f1 for task in found.tasks):
        drawn.append(_ladder(found, shares))
    return drawn


def _curves(found: ModelCurves) -> Figure:
    conditions = [name for name in LABELS if all(name in task.f1 for task in found.tasks)]
    labels = {**LABELS, REFERENCE: REFERENCE_LABEL}
    data = [
        record
        for task in found.tasks
        for name in (*conditions, REFERENCE)
        if name in task.f1
        for record in _records(task, name, labels[name])
    ]
    return Figure(
        name=f"structured-tasks-{slug(found.model)}-curves",
        title="What is learned from demonstrations, and what is not",
        see=_see_curves(found),
        alt=f"Line charts for {found.model}, one per task: macro-F1 against the number of demonstrations for "
        "the task as it is, with new label words, with texts in cipher, for the controls, and for logistic "
        "regression on the same demonstrations.",
        spec=charts.curves(
            data,
            SHOTS,
            F1,
            series="condition",
            low="low",
            high="high",
            facet="task",
            order=(LABELS[VANILLA], LABELS[RENAMED], LABELS[CIPHERED]),
            controls=[LABELS[name] for name in CONTROLS],
            rules=[Rule(task.grid.guessing, "guessing", facet=_name(task)) for task in found.tasks],
            columns=2,
        ),
        model=found.model,
        main=True,
    )


def _see_curves(found: ModelCurves) -> str:
    if not found.able:
        return (
            "The model does none of the tasks even as they are: its curve stays with those of the controls."
        )

    def share(condition: str) -> str:
        if any(condition not in task.f1 for task in found.able):
            return "was not measured"
        return f"ends at {100 * found.mean([t.last(condition) for t in found.able])[0]:.0f} %"

    return (
        f"The curve of the task as it is {share(VANILLA)}; with new label words it {share(RENAMED)}; with "
        f"texts in cipher it {share(CIPHERED)}. Grey: nothing there can be learned."
    )


def _learners(found: ModelCurves) -> Figure:
    names = [name for name in LEARNERS if all(name in task.f1 for task in found.tasks)]
    data = [
        record for task in found.tasks for name in names for record in _records(task, name, LEARNERS[name])
    ]
    data += [
        record
        for task in found.tasks
        for name in (CIPHERED, WHOLE)
        if name in task.f1
        for record in _records(task, name, f"the model: {LABELS[name]}")
    ]
    return Figure(
        name=f"structured-tasks-{slug(found.model)}-learners",
        title="What simple learners make of the same demonstrations",
        see="None of these learners notices a cipher, so a model that worked like one of them would score "
        "with texts in cipher what that learner scores.",
        alt=f"Line charts for {found.model}, one per task: macro-F1 of reference learners and of the model "
        "on ciphered texts against the number of demonstrations.",
        spec=charts.curves(
            data,
            SHOTS,
            F1,
            series="condition",
            facet="task",
            order=[f"the model: {LABELS[CIPHERED]}", f"the model: {LABELS[WHOLE]}"],
            controls=[LEARNERS["majority"], LEARNERS["recency"]],
            rules=[Rule(task.grid.guessing, "guessing", facet=_name(task)) for task in found.tasks],
            columns=2,
        ),
        model=found.model,
    )


def _ladder(found: ModelCurves, shares: Sequence[float]) -> Figure:
    """Macro-F1 against the share of tokens ciphered: one image each, and a new one each time (9.2)."""
    data = []
    for task in found.tasks:
        for label, plain, full, name in (
            ("one image for each token", VANILLA, CIPHERED, ladder),
            ("a new image each time", VANILLA, SCRAMBLED, scrambled_ladder),
        ):
            steps = [(0.0, plain), *((share, name(share)) for share in shares), (1.0, full)]
            data += [
                {"task": _name(task), "series": label, "share": share} | _ends(task.last(condition))
                for share, condition in steps
            ]
    return Figure(
        name=f"structured-tasks-{slug(found.model)}-ladder",
        title="How much cipher the model bears",
        see="Where the two lines part, the model has learned something of the cipher; where they fall "
        "together, it lives on the words that are left.",
        alt=f"Line charts for {found.model}, one per task: macro-F1 against the share of tokens in cipher, "
        "for a cipher with one image per token and for one with a new image at each occurrence.",
        spec=charts.curves(
            data,
            SHARE,
            F1,
            series="series",
            low="low",
            high="high",
            facet="task",
            order=("one image for each token",),
            controls=("a new image each time",),
            rules=[Rule(task.grid.guessing, "guessing", facet=_name(task)) for task in found.tasks],
            columns=2,
        ),
        model=found.model,
    )


def _records(task: TaskCurves, condition: str, label: str) -> list[dict[str, Any]]:
    return [
        {"task": _name(task), "condition": label, "shots": shots} | _ends(task.f1[condition][:, at])
        for at, shots in enumerate(task.grid.shots)
    ]


def _ends(draws: np.ndarray) -> dict[str, float]:
    low, high = np.quantile(draws[1:], [0.025, 0.975])
    return {"f1": round(float(draws[0]), 4), "low": round(float(low), 4), "high": round(float(high), 4)}


def _name(task: TaskCurves) -> str:
    return task.grid.task if task.able else f"{task.grid.task} (the model cannot do it)"
