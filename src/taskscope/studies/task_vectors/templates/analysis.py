"""How much theta read in one format does in another: the matrix, its figure and its table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from taskscope.report import charts
from taskscope.report.chart_data import Axis
from taskscope.report.findings import Figure, Table
from taskscope.report.wording import slug
from taskscope.stats.intervals import average_over_tasks, bootstrap_means, percentile_interval
from taskscope.studies.randomness import stream
from taskscope.studies.remembering import once_per_table
from taskscope.studies.task_vectors.params import TaskVectorParams
from taskscope.studies.task_vectors.part_rows import by_model
from taskscope.studies.task_vectors.published import ADMISSIBLE_GAIN
from taskscope.studies.task_vectors.resampling import FEWEST_TASKS_RESAMPLED
from taskscope.studies.task_vectors.results import ModelResult
from taskscope.studies.task_vectors.templates.rows import DEMONSTRATIONS, NONE, PART, THETA
from taskscope.tasks.prompts import FORMATS

RELATIVE = Axis("relative", "theta / demonstrations", domain=(0, 1), format=".2f")


@dataclass(frozen=True)
class Matrix:
    """One model, mean over its tasks; `theta` and `plain` have the estimate in front of their draws."""

    model: str
    formats: tuple[str, ...]
    n_tasks: int
    theta: np.ndarray
    """(1 + draw, read in, asked in): accuracy."""
    plain: np.ndarray
    """(1 + draw, 2, asked in): accuracy without and with demonstrations."""

    @property
    def known(self) -> np.ndarray:
        """(asked in,) bool: demonstrations in the format add 20 points or more."""
        return self.plain[0, 1] - self.plain[0, 0] >= ADMISSIBLE_GAIN - 1e-9

    @property
    def relative(self) -> np.ndarray:
        """(read in, asked in): accuracy of theta over that of demonstrations; NaN where these do not help."""
        shares = self.theta[0] / np.where(self.known, self.plain[0, 1], 1)
        return np.where(self.known, shares, np.nan)


@once_per_table
def matrices(rows: pa.Table, measured: Sequence[ModelResult], params: TaskVectorParams) -> list[Matrix]:
    """Read the matrix of every model that has one, at the blocks chosen for C1."""
    found = []
    for result, mine in by_model(rows, PART, measured):
        tasks = set(mine["task"].unique().to_pylist())
        chosen = [(t.task, s.block) for t, s in result.admitted if t.task in tasks]
        if chosen:
            found.append(_matrix(mine, result.model, chosen, params.draws))
    return found


def _matrix(rows: pa.Table, model: str, chosen: Sequence[tuple[str, int]], draws: int) -> Matrix:
    formats = tuple(name for name in FORMATS if name in set(rows["asked_in"].unique().to_pylist()))
    n = len(formats)
    means, resampled = [], []
    for task, block in chosen:
        own = rows.filter(pc.equal(rows["task"], task))  # type: ignore[attr-defined]
        values, cluster = _grid(own, formats, block)
        means.append(values.mean(axis=0))
        resampled.append(bootstrap_means(values, cluster, draws, stream("task-vectors templates", task)))
    drawn = average_over_tasks(
        resampled,
        stream("task-vectors templates over tasks", len(chosen)),
        resample_tasks=len(chosen) >= FEWEST_TASKS_RESAMPLED,
    )
    both = np.vstack([np.mean(means, axis=0), drawn])
    theta, plain = both[:, : n * n].reshape(-1, n, n), both[:, n * n :].reshape(-1, 2, n)
    return Matrix(model, formats, len(chosen), theta, plain)


def _grid(rows: pa.Table, formats: Sequence[str], block: int) -> tuple[np.ndarray, np.ndarray]:
    """Sort one task's rows: (pair, column), a column per pair of formats, then the two without an edit."""
    text = {
        name: np.array(rows[name].cast(pa.string()).to_pylist())
        for name in ("read_in", "asked_in", "condition", "cluster")
    }
    number = {name: rows[name].to_numpy() for name in ("seed", "pair", "block")}
    correct = rows["correct"].to_numpy(zero_copy_only=False).astype(float)

    def column(read_in: str, asked_in: str, condition: str, at: int) -> np.ndarray:
        mine = (text["read_in"] == read_in) & (text["asked_in"] == asked_in)
        index = np.flatnonzero(mine & (text["condition"] == condition) & (number["block"] == at))
        return index[np.lexsort((number["pair"][index], number["seed"][index]))]

    columns = [column(i, j, THETA, block) for i in formats for j in formats]
    columns += [column(j, j, condition, -1) for condition in (NONE, DEMONSTRATIONS) for j in formats]
    return np.stack([correct[index] for index in columns], axis=1), text["cluster"][columns[0]]


def figures(found: Matrix) -> list[Figure]:
    """Draw the matrix."""
    relative = found.relative
    data = [
        {"read": i, "asked": j, "relative": _number(relative[a, b])}
        for a, i in enumerate(found.formats)
        for b, j in enumerate(found.formats)
    ]
    return [
        Figure(
            name=f"task-vectors-{slug(found.model)}-templates",
            title="Does theta work in another prompt format than its own",
            see=_see(found),
            alt=f"Heat-map for {found.model}: accuracy of theta relative to that of demonstrations, by the "
            "format that theta was read in and the format of the query.",
            spec=charts.heatmap(
                data,
                RELATIVE,
                x="asked",
                y="read",
                x_title="format of the query",
                y_title="format theta was read in",
                x_order=found.formats,
                y_order=found.formats,
            ),
            model=found.model,
        )
    ]


def _number(value: float) -> float | None:
    return round(float(value), 4) if np.isfinite(value) else None


def _see(found: Matrix) -> str:
    known = found.known
    names = ", ".join(name for name, able in zip(found.formats, known, strict=True) if able) or "none"
    scope = (
        f"Formats in which demonstrations help: {names} (mean over {found.n_tasks} tasks, theta at the block "
        "chosen for each)."
    )
    if not known.any():
        return scope
    square = found.relative[np.ix_(known, known)]
    same = f"Put into the format it was read in, theta is right {100 * np.diagonal(square).mean():.0f} % as "
    apart = square[~np.eye(len(square), dtype=bool)]
    other = f"; in another of them {100 * apart.mean():.0f} %" if len(apart) else ""
    return f"{scope} {same}often as demonstrations are{other}. Columns of other formats are empty."


def tables(found: Matrix) -> list[Table]:
    """Tabulate every pair of formats."""
    low, high = percentile_interval(found.theta[1:])
    rows = tuple(
        (
            i,
            j,
            *(round(float(values[a, b]), 4) for values in (found.theta[0], low, high)),
            *(round(float(v), 4) for v in found.plain[0, :, b]),
            _number(found.relative[a, b]),
        )
        for a, i in enumerate(found.formats)
        for b, j in enumerate(found.formats)
    )
    return [
        Table(
            name=f"task-vectors-{slug(found.model)}-templates",
            title="Theta across prompt formats",
            columns=(
                "read in",
                "asked in",
                "one vector",
                "from",
                "to",
                "no demonstrations",
                "with demonstrations",
                "relative to demonstrations",
            ),
            rows=rows,
            note="Right answers, mean over the tasks counted, with 95 % intervals. The same demonstrations "
            "and queries in every format; the block is the one chosen for C1 in the format of the run.",
            model=found.model,
        )
    ]
