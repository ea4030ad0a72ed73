"""Response maps as numbers: every arm and kind, and the correlations."""

from __future__ import annotations

import numpy as np

from taskscope.report.findings import Table
from taskscope.report.wording import slug
from taskscope.stats.group_comparison import compare
from taskscope.stats.tests import holm
from taskscope.studies.judgement import Measure
from taskscope.studies.structured_tasks.maps.figures import LABELS
from taskscope.studies.structured_tasks.maps.resampling import ModelMaps, TaskMaps
from taskscope.studies.structured_tasks.maps.rows import RENAMING


def tables(found: ModelMaps) -> list[Table]:
    """Tabulate kinds of maps and correlations."""
    chained = [task for task in found.tasks if task.decline is not None]
    tables = [*(_kinds(found, task) for task in found.tasks), *_compared(found), _together(found)]
    return [*tables, _chains(found, chained)] if chained else tables


def _kinds(found: ModelMaps, task: TaskMaps) -> Table:
    rows = []
    for name, kind in task.grid.kinds.items():
        for arm, f1 in kind.f1.items():
            spread = 100 * f1.std(ddof=1) if len(f1) > 1 else float("nan")
            example = ", ".join(kind.images[0])
            rows.append(
                (
                    LABELS[name],
                    arm,
                    f"{100 * f1.mean():.1f} ± {spread:.1f}",
                    f"{100 * np.mean(f1 >= 0.99):.0f} %",
                    f"{100 * kind.missing[arm]:.1f} %",
                    f"{kind.tokens.mean():.1f}",
                    example,
                )
            )
    return Table(
        name=f"structured-tasks-{slug(found.model)}-{slug(task.grid.task)}-maps",
        title=f"Response maps: {task.grid.task}",
        columns=(
            "new words",
            "who answers what",
            "macro-F1 (mean ± sd over maps)",
            "without fault",
            "class not shown",
            "tokens per word",
            "for example",
        ),
        rows=tuple(rows),
        note="The linear map is fitted by gradient descent over the model's own input embeddings, from the "
        "same demonstrations as the renaming alone (protocol E3). It solves a copying task: see how few "
        "steps it needs. For a name never shown the share of right answers is given: only somebody who sees "
        "what the names have to do with the labels can beat guessing there.",
        model=found.model,
    )


def _compared(found: ModelMaps) -> list[Table]:
    """Test each natural kind against random maps, task by task; nothing without two maps of each (E5)."""
    tested = [
        (task, kind, compare(task.grid.kinds[kind].f1[RENAMING], task.random.f1[RENAMING]))
        for task in found.tasks
        for kind in task.natural
        if min(len(task.grid.kinds[kind].images), len(task.random.images)) > 1
    ]
    if not tested:
        return []
    of_means = holm([each.p for _, _, each in tested])
    of_ranks = holm([each.superiority_p for _, _, each in tested])
    rows = tuple(
        (
            task.grid.task,
            LABELS[kind],
            f"{len(task.grid.kinds[kind].images)}, {len(task.random.images)}",
            f"{round(100 * task.advantage([kind])[0], 1) + 0.0:.1f}",
            f"{each.t:.2f}",
            f"{p_means:.2g}",
            f"{each.hedges_g:.2f}",
            f"{100 * each.superiority:.0f} %",
            f"{p_ranks:.2g}",
        )
        for (task, kind, each), p_means, p_ranks in zip(tested, of_means, of_ranks, strict=True)
    )
    return [
        Table(
            name=f"structured-tasks-{slug(found.model)}-natural",
            title="How the maps compare: words with a relation to the labels against random words",
            columns=(
                *("task", "new words", "maps, random maps", "points above random", "Welch's t"),
                *("p of equal means", "Hedges' g", "chance to beat a random map", "p of an even chance"),
            ),
            rows=rows,
            note=f"Macro-F1 of the renaming alone, a map as the unit (protocol E5). p values are two-sided "
            f"and adjusted by Holm's method over the {len(rows)} comparisons; the last is Brunner and "
            "Munzel's, which minds neither unequal spreads nor a ceiling. All take the maps for independent, "
            "though short lists of words give the same map more than once.",
            model=found.model,
        )
    ]


def _together(found: ModelMaps) -> Table:
    rows = []
    for task in found.tasks:
        pearson, spearman, partial = (
            Measure.of(draws) for draws in (task.pearson, task.spearman, task.partial)
        )
        rows.append(
            (
                task.grid.task,
                len(task.random.images),
                *(f"{m.value:.2f} ({m.low:.2f} to {m.high:.2f})" for m in (pearson, spearman, partial)),
                f"{task.reliability[0]:.2f}, {task.reliability[1]:.2f}",
                "–" if np.isnan(task.disattenuated) else f"{task.disattenuated:.2f}",
                f"{100 * task.ceiling_share:.0f} %",
            )
        )
    return Table(
        name=f"structured-tasks-{slug(found.model)}-together",
        title="The renaming alone and the renamed task, over random maps",
        columns=(
            "task",
            "maps",
            "Pearson's r",
            "Spearman's rho",
            "partial r",
            "reliability of both",
            "r without error",
            "renaming without fault",
        ),
        rows=tuple(rows),
        note="Over raw maps with a bootstrap over maps; the partial correlation holds constant how likely, "
        "rare, long and alike the words are. Published for three data sets: r from 0.3 to 0.5.",
        model=found.model,
    )


def _chains(found: ModelMaps, chained: list[TaskMaps]) -> Table:
    rows = []
    for task in chained:
        decline, depth = task.decline, task.depth_alone
        assert decline is not None
        assert depth is not None
        rows.append(
            (
                task.grid.task,
                len(task.chain) - 1,
                f"{decline.statistic:.2f}",
                f"{decline.p:.2g}",
                f"{depth.value:.2f} ({depth.low:.2f} to {depth.high:.2f})",
            )
        )
    return Table(
        name=f"structured-tasks-{slug(found.model)}-chain-trends",
        title="Chains of synonyms",
        columns=(
            "task",
            "orders",
            "Kendall's tau of order and F1",
            "p of a decline (Jonckheere)",
            "order, nearness held constant",
        ),
        rows=tuple(rows),
        note="If the last column is about 0, a longer chain only means a word that is further away: depth "
        "adds nothing of its own (protocol 9.7).",
        model=found.model,
    )
