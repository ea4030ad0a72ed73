"""The transfer space in every normalisation of the protocol (2.5); all are read off the same margins."""

from __future__ import annotations

import numpy as np

from taskscope.report.findings import Table
from taskscope.report.wording import slug
from taskscope.stats.matrices import off_diagonal, same_group
from taskscope.studies.task_spaces.params import TUNED
from taskscope.studies.task_spaces.relations import profiles
from taskscope.studies.task_spaces.spaces import Space

Array = np.ndarray
ACCURACY, MARGIN, HEADROOM, EFFECT, LEAKED, ACHIEVED, PROFILE = "T", "D", "N", "Z", "R", "Q", "P"
_MEANINGS = {
    ACCURACY: "accuracy gained",
    MARGIN: "margin gained, nats",
    HEADROOM: "accuracy gained, of what could be won or lost",
    EFFECT: "margin gained, standard deviations",
    LEAKED: "margin gained, of what the task tuned on gains",
    ACHIEVED: "margin gained, of what tuning on the judged task gives",
    PROFILE: "correlation of what two tasks do to all others",
}


def forms(space: Space, condition: str = TUNED) -> dict[str, Array]:
    """Return every form of the map, name to (tuned, judged), mean over halves and seeds.

    R and Q are shares of an own gain and nan where that is not above 0. P is symmetric, and there from four
    tasks on.
    """
    margin = space.margin_gains(condition).mean(axis=0)
    own = np.where(np.diag(margin) > 0, np.diag(margin), np.nan)
    effects = space.effects(condition).mean(axis=0)
    found = {
        ACCURACY: space.accuracy_gains(condition).mean(axis=0),
        MARGIN: margin,
        HEADROOM: space.headroom(condition),
        EFFECT: effects,
        LEAKED: margin / own[:, None],
        ACHIEVED: margin / own[None, :],
    }
    return {**found, PROFILE: profiles(effects)} if space.n >= 4 else found


def forms_table(space: Space) -> Table | None:
    """Tabulate the forms inside and between phenomena; None where nothing was tuned."""
    if space.drawn != TUNED or space.n < 3:
        return None
    off = off_diagonal(space.n)
    same = same_group(space.groups) == 1
    rows = []
    for name, matrix in forms(space).items():
        own = "–" if name == PROFILE else _median(np.diag(matrix))
        inside, between = _median(matrix[same & off]), _median(matrix[~same])
        rows.append((name, _MEANINGS[name], own, inside, between, int(np.isfinite(matrix[off]).sum())))
    return Table(
        name=f"task-spaces-{slug(space.model)}-forms",
        title="The map in every form",
        columns=("form", "what a cell says", "own task", "same phenomenon", "others", "cells"),
        rows=tuple(rows),
        note="Medians, since shares of a small gain are wild; the diagonal has a column of its own. "
        "Row: the task tuned on, column: the task judged. Shares are told where the own gain is above 0. "
        "The map above shows Z; the table of phenomena N.",
        model=space.model,
    )


def _median(values: Array) -> str:
    known = values[np.isfinite(values)]
    return f"{np.median(known):+.2f}" if len(known) else "–"
