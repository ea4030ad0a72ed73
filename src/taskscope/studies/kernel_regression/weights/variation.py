"""How much the numbers of a task depend on the template it is asked in, and on the draw of demonstrations."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from taskscope.report.findings import Table
from taskscope.report.wording import slug
from taskscope.studies.kernel_regression.weights.resampling import ModelWeights, Votes

RIGHT, AGREES = "the model is right", "the chosen head's vote is its answer"


def tables(found: ModelWeights) -> list[Table]:
    """Tabulate every task that was asked in several templates or with several seeds; else nothing."""
    tasks: dict[str, list[Votes]] = {}
    for votes in found.votes:
        tasks.setdefault(votes.setting.task, []).append(votes)
    rows = [row for task, own in tasks.items() if len(own) > 1 for row in _rows(task, own)]
    if not rows:
        return []
    return [
        Table(
            name=f"kernel-regression-{slug(found.model)}-variation",
            title="How much depends on the template and on the draw of demonstrations",
            columns=(
                *("task", "templates", "seeds", "share", "mean", "lowest", "highest"),
                *("s.d. over templates", "s.d. over seeds", "s.d. of as many questions"),
            ),
            rows=tuple(rows),
            note="Held-out questions. Over templates: of the means over seeds; over seeds: within a "
            "template, root mean square over templates. The last column is what counting so many questions "
            "would scatter with nothing else at work; the same questions are asked in every template.",
            model=found.model,
        )
    ]


def _rows(task: str, own: list[Votes]) -> list[tuple[str | int | float | None, ...]]:
    templates = sorted({votes.setting.template for votes in own})
    seeds = sorted({votes.setting.seed for votes in own})
    rows = []
    for share, measure in _SHARES.items():
        grid = np.full((len(templates), len(seeds)), np.nan)
        for votes in own:
            at = templates.index(votes.setting.template), seeds.index(votes.setting.seed)
            grid[at] = measure(votes)
        among = np.nanmean(grid, axis=1).std(ddof=1) if len(templates) > 1 else None
        repeated = grid[np.isfinite(grid).sum(axis=1) > 1]  # a cell that failed leaves a hole
        within = np.sqrt(np.nanvar(repeated, axis=1, ddof=1).mean()) if len(repeated) else None
        values = (np.nanmean(grid), np.nanmin(grid), np.nanmax(grid), among, within, _counted(grid, own))
        told = (None if value is None else round(float(value), 4) for value in values)
        rows.append((task, len(templates), len(seeds), share, *told))
    return rows


def _right(votes: Votes) -> float:
    judged = votes.setting.held_out
    return float((judged.predicted == judged.gold).mean())


_SHARES: dict[str, Callable[[Votes], float]] = {
    RIGHT: _right,
    AGREES: lambda votes: float(votes.agreement[0]),
}


def _counted(grid: np.ndarray, own: list[Votes]) -> float:
    """Standard deviation of a share of as many independent questions as a setting has."""
    mean = np.nanmean(grid)
    return float(np.sqrt(mean * (1 - mean) / np.mean([len(votes.setting.held_out.query) for votes in own])))
