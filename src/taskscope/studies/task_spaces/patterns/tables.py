"""Every phenomenon with its pattern, and the numbers that it is told by."""

from __future__ import annotations

from taskscope.report.findings import Table
from taskscope.report.wording import slug
from taskscope.studies.task_spaces.patterns.findings import LETTERS, Patterns


def table(found: Patterns) -> Table | None:
    """Tabulate the phenomena of a model; None where nothing can be told of any."""
    if not found.told:
        return None
    rows = tuple(
        (
            each.inside.name,
            each.inside.tasks,
            f"{each.inside.mean[0]:+.2f}",
            f"{each.inside.mean[1]:+.2f}",
            _share(each.alike),
            _share(each.hurting),
            f"{each.inside.opposition[0]:.2f}",
            _share(each.opposed),
            f"{each.inside.size:.2f}",
            _share(each.related),
            f"{LETTERS[each.pattern]}: {each.pattern}" if each.pattern in LETTERS else each.pattern,
        )
        for each in found.told
    )
    return Table(
        name=f"task-spaces-{slug(found.space.model)}-patterns",
        title="Patterns inside phenomena",
        columns=(
            "phenomenon",
            "tasks",
            "mean",
            "beyond words",
            "as alike",
            "as hurting",
            "opposition",
            "as opposed",
            "size",
            "as related",
            "pattern, judged",
        ),
        rows=rows,
        note="Cells inside a phenomenon, less what row and column do outside phenomena, in units of their "
        "spread there. Mean: of the cells, as measured and without what words, an untrained model's "
        "gradients and the unit itself explain. Opposition: how far cells help that help in "
        "the other half of the pairs, or how far those hurt that hurt there, whichever is less. As alike, as "
        "hurting, as opposed: share of groups mixed of several phenomena that are so as far, the larger of "
        "both with and without words, adjusted for all phenomena (Holm). Size: root mean square of the "
        "cells; as related: chance of so small a size, by the noise between halves, were it half of the mean "
        "of the least alike phenomenon of pattern A (Holm). From 5 % down each tells; two tasks cannot be "
        "opposed in part.",
        model=found.space.model,
        headline=("phenomenon", "mean", "pattern, judged"),
    )


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
