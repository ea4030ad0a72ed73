"""The tables of E5: every ordered pair of tasks, and the published pairs beside ours."""

from __future__ import annotations

import numpy as np

from taskscope.report.findings import Table
from taskscope.report.wording import slug
from taskscope.studies.task_vectors import published
from taskscope.studies.task_vectors.conflict.findings import Conflicts
from taskscope.studies.task_vectors.conflict.resampling import Direction
from taskscope.studies.task_vectors.conflict.rows import CONDITIONS, EDITS, INJECTED, NAMES, NONE, OWN


def tables(found: Conflicts) -> list[Table]:
    """Tabulate every ordered pair."""
    if not found.directions:
        return []
    controls = [edit for edit in EDITS if edit != INJECTED]
    answers = [f"{whose} answer, {put}" for whose in ("other's", "shown task's") for put in NAMES.values()]
    return [
        Table(
            name=f"task-vectors-{slug(found.model)}-conflicts",
            title="Every pair of tasks in conflict",
            columns=(
                *("task shown", "theta of", "queries", "override index"),
                *(f"override index, {NAMES[edit]}" for edit in controls),
                "change by its own theta",
                "other's answer, its own demonstrations",
                *answers,
            ),
            rows=tuple(_row(way) for way in found.directions),
            note="Shares of answers, each scored by its own task's rule, with demonstrations of the task "
            "shown unless stated. Override index: what the other task's answers gain plus what the shown "
            "task's lose. Change by its own theta: what the shown task's answers gain when theta of that "
            "task itself is put in; beyond 0.05 either way, putting a vector in does something by itself.",
            model=found.model,
        ),
        _beside(found),
    ]


def _beside(found: Conflicts) -> Table:
    """The published pairs with ours in front, as shown task's / other's answers."""
    known = {(way.shown, way.injected): way for way in found.directions}
    plain, theta = CONDITIONS.index(NONE), CONDITIONS.index(INJECTED)
    rows = []
    for pair in published.conflicts():
        way = known.get((pair.shown, pair.injected))
        ours = (None, None)
        if way is not None:
            mine, theirs = way.mine.mean(axis=0), way.theirs.mean(axis=0)
            ours = tuple(_both(mine[at], theirs[at]) for at in (plain, theta))
        rows.append((pair.shown, pair.injected, *ours, _both(*pair.plain), _both(*pair.theta)))
    names = (found.model, published.conflict_model())
    return Table(
        name=f"task-vectors-{slug(found.model)}-conflicts-published",
        title="Beside the published conflicts",
        columns=(
            "task shown",
            "theta of",
            *(f"{name}, {what}" for name in names for what in ("nothing put in", "theta put in")),
        ),
        rows=tuple(rows),
        note="Answers of the task shown / of the task whose theta is put in. Pairs without numbers of ours "
        "share too few inputs here, or the demonstrations of one task do not help. Source: "
        f"{published.conflict_source()}.",
        model=found.model,
    )


def _both(shown: float, injected: float) -> str:
    return f"{shown:.2f} / {injected:.2f}"


def _row(way: Direction) -> tuple[str | int | float | None, ...]:
    theirs, mine, index = way.theirs.mean(axis=0), way.mine.mean(axis=0), way.overrides
    controls = [index[CONDITIONS.index(edit)] for edit in EDITS if edit != INJECTED]
    change = mine[CONDITIONS.index(OWN)] - mine[CONDITIONS.index(NONE)]
    numbers = [*controls, change, way.reference.mean(), *theirs, *mine]
    front = (way.shown, way.injected, len(way.cluster), round(way.override, 4))
    return (*front, *(round(float(n), 4) if np.isfinite(n) else None for n in numbers))
