"""Who is like whom in the map, as a tree, and which single transfers stand out, as arcs (protocol E9)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.cluster.hierarchy import dendrogram, linkage
from scipy.spatial.distance import squareform

from taskscope.report import trees
from taskscope.report.chart_data import Axis
from taskscope.report.findings import Figure
from taskscope.report.trees import Arc, Merge
from taskscope.report.wording import slug
from taskscope.studies.task_spaces.discoveries import Q, discoveries
from taskscope.studies.task_spaces.params import TUNED
from taskscope.studies.task_spaces.spaces import Space
from taskscope.studies.wording import percent

Array = np.ndarray
STRONG = 0.5
"""Standard deviations of the margins from which a transfer is drawn."""
HELPS, HURTS = "helps", "hurts"


@dataclass(frozen=True)
class Transfer:
    """What tuning on one task does to another, where that stands out."""

    tuned: str
    judged: str
    effect: float
    """Change of the mean margin, standard deviations."""


def profiles(effects: Array) -> Array:
    """Correlate rows over the columns of other tasks (P of protocol 2.5), (task, task).

    Args:
        effects: (tuned, judged), four tasks or more.
    """
    n = len(effects)
    found = np.eye(n)
    for i in range(n):
        for j in range(i):
            others = np.delete(np.arange(n), [i, j])
            a, b = effects[i, others], effects[j, others]
            flat = a.std() < 1e-12 or b.std() < 1e-12
            found[i, j] = found[j, i] = 0.0 if flat else float(np.corrcoef(a, b)[0, 1])
    return found


def strong(space: Space) -> list[Transfer]:
    """Find transfers of `STRONG` or more that are there by `discoveries`, in judged pairs and in tunings."""
    claimed = discoveries(space, TUNED)
    if claimed is None:
        return []
    cells = (claimed.helps | claimed.hurts) & (np.abs(claimed.effects) >= STRONG)
    return [
        Transfer(space.tasks[i], space.tasks[j], float(claimed.effects[i, j]))
        for i, j in zip(*np.nonzero(cells), strict=True)
    ]


def tree(space: Space) -> Figure:
    """Draw which tasks have like effects: average linkage on 1 - P."""
    likeness = profiles(space.effects(space.drawn).mean(axis=0))
    joined = linkage(squareform(1 - likeness, checks=False), method="average")
    drawn = dendrogram(joined, no_plot=True)
    names = [_name(space, place) for place in drawn["leaves"]]
    merges = [
        # scipy puts leaf k at 5 + 10 k
        Merge(((y[0] - 5) / 10, (y[3] - 5) / 10), (x[0], x[3]), x[1])
        for y, x in zip(drawn["icoord"], drawn["dcoord"], strict=True)
    ]
    return Figure(
        name=f"task-spaces-{slug(space.model)}-tree",
        title="Which tasks belong together by what they do to others?",
        see="The further left two branches join, the more alike are the effects of their tasks on all "
        "others; beyond 1 they are opposed. The columns of the two tasks themselves are left out.",
        alt=f"Dendrogram for {space.model}: {space.n} tasks as rows, joined where the correlation of their "
        "rows in the map, over the columns of other tasks, says (average linkage).",
        spec=trees.dendrogram(names, merges, Axis("at", "1 - correlation of effects", format=".1f")),
        model=space.model,
    )


def transfers(space: Space) -> Figure | None:
    """Draw the transfers that stand out as arcs; None where none does, or where nothing was tuned."""
    found = strong(space) if space.drawn == TUNED else []
    if not found:
        return None
    place = {task: i for i, task in enumerate(space.tasks)}
    inside = sum(space.groups[place[each.tuned]] == space.groups[place[each.judged]] for each in found)
    connections = [
        Arc(
            _name(space, place[each.tuned]),
            _name(space, place[each.judged]),
            HELPS if each.effect > 0 else HURTS,
            round(each.effect, 3),
        )
        for each in found
    ]
    helping = sum(each.effect > 0 for each in found)
    return Figure(
        name=f"task-spaces-{slug(space.model)}-transfers",
        title="Which transfers stand out?",
        see=f"{len(found)} of {space.n * (space.n - 1)} transfers move a task by {STRONG} standard "
        "deviations or more, over judged pairs and in both halves, each tuned on pairs of its own (at most "
        f"{percent(Q)} of all that are found are false in the mean): {helping} help, {len(found) - helping} "
        f"hurt; {inside} stay inside a phenomenon. An arrowhead stands at the task that is moved.",
        alt=f"Arc diagram for {space.model}: tasks as rows, an arc from the task tuned on to the one moved.",
        spec=trees.arcs(
            [_name(space, i) for i in range(space.n)],
            connections,
            Axis("value", "change of the margin", "sd", format=".2f"),
            (HELPS, HURTS),
        ),
        model=space.model,
    )


def _name(space: Space, place: int) -> str:
    return f"{space.phenomena[place]}: {space.tasks[place]}"
