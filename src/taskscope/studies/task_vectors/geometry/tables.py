"""The tables of E3 and E4."""

from __future__ import annotations

from taskscope.report.findings import Table
from taskscope.report.wording import slug
from taskscope.studies.randomness import stream
from taskscope.studies.task_vectors.geometry.findings import Geometry
from taskscope.studies.task_vectors.geometry.pictures import TSNE_SEED, Pictures
from taskscope.studies.task_vectors.geometry.statistics import N_NEIGHBOURS, by_task, overall
from taskscope.studies.task_vectors.geometry.variance import Shares

SHUFFLES = 199
"""Label shuffles behind a p value, which is then 0.005 at least."""


CLEARLY_NEARER = 0.95
"""How often a distance within a task is below one to another where its thetas lie clearly apart (E4)."""


def tables(found: Geometry) -> list[Table]:
    """Tabulate one model's thetas; nothing where fewer than two tasks can be compared."""
    if found.shares is None:
        return []
    pictures = [] if found.pictures is None else [_pictures(found, found.pictures)]
    return [_overall(found), *pictures, _by_task(found, found.shares)]


def _overall(found: Geometry) -> Table:
    rng = stream("task-vectors label shuffle", found.model)
    statistics = overall(found.clouds, SHUFFLES, rng)
    return Table(
        name=f"task-vectors-{slug(found.model)}-geometry",
        title="Thetas of all tasks together",
        columns=("statistic", "value", "with shuffled labels", "p"),
        rows=tuple((s.name, round(s.value, 4), round(s.chance, 4), round(s.p, 4)) for s in statistics),
        note=f"Cosine distances between thetas after block {found.block}; {N_NEIGHBOURS} neighbours. p: "
        f"share of {SHUFFLES} shuffles of the tasks' names over whole sets of demonstrations that "
        "reach the value. "
        "These say that tasks differ; the verdict asks for more, see the split of the variation.",
        model=found.model,
    )


def _pictures(found: Geometry, made: Pictures) -> Table:
    last = TSNE_SEED + found.n_starts - 1
    return Table(
        name=f"task-vectors-{slug(found.model)}-pictures",
        title="How far the t-SNE picture depends on its start",
        columns=(
            "statistic",
            "in all dimensions",
            "in the picture drawn",
            "random starts, mean",
            "lowest",
            "highest",
        ),
        rows=tuple(
            (
                each.name,
                *(round(v, 4) for v in (each.whole, each.drawn, each.mean, each.lowest, each.highest)),
            )
            for each in made.measured
        ),
        note=f"Euclidean distances in the plane, cosine distances in all dimensions; {N_NEIGHBOURS} "
        f"neighbours. The picture drawn starts from the principal components, with random state {TSNE_SEED}: "
        "from there another random state draws the very same picture. So the others, random states "
        f"{TSNE_SEED} to {last}, start from random places. None of this enters a verdict.",
        model=found.model,
    )


def _by_task(found: Geometry, split: Shares) -> Table:
    rows = []
    tasks = by_task(found.clouds)
    below = sum(task.within[0] < task.between[0] for task in tasks)
    apart = sum(task.auc >= CLEARLY_NEARER for task in tasks)
    for task in tasks:
        parts = split.parts[task.task]
        rows.append(
            (
                task.task,
                *(round(value, 4) for value in parts),
                *(round(value, 4) for value in (*task.within, *task.between)),
                round(task.auc, 4),
                round(task.purity, 4),
                round(task.silhouette, 4),
                task.nearest,
                round(task.distance, 4),
                "yes" if task.mutual else "no",
                split.named[task.task],
            )
        )
    return Table(
        name=f"task-vectors-{slug(found.model)}-thetas",
        title="Thetas of every task",
        columns=(
            "task",
            "due to the task",
            "due to the demonstrations",
            "due to the dummy",
            "distance within",
            "s.d.",
            "distance to other tasks",
            "s.d. ",
            "within is nearer",
            "neighbours of the same task",
            "silhouette",
            "nearest task",
            "its distance",
            "nearest in return",
            "strongest control",
        ),
        rows=tuple(rows),
        note="The first three add up to 1: what one theta differs by from one of another task, split by what "
        "has to change to get there. Small negative parts are noise around nothing. The distances are "
        "between thetas as used, means over dummies; 'within is nearer': how often a distance within the "
        "task is below one to another task, no theta paired with itself. On "
        f"{below} of {len(tasks)} tasks the mean distance within is the smaller one, on {apart} a distance "
        f"within is the smaller one at least {100 * CLEARLY_NEARER:.0f} % of the time.",
        model=found.model,
    )
