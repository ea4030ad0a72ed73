"""What the page shows of S6: learners of in-context linear regression beside their closed forms."""

from __future__ import annotations

import pyarrow as pa

from taskscope.report import charts
from taskscope.report.chart_data import Axis
from taskscope.report.findings import Figure, Table
from taskscope.studies.kernel_regression.simulated import linear, trained_page
from taskscope.studies.kernel_regression.simulated.rows import Curves, curves

REFERENCE = {
    linear.LEAST_SQUARES: {5: 0.75, 10: 0.50, 19: 0.05, 20: 0.0, 30: 0.0, 40: 0.0},
    linear.AVERAGING: {5: 4.2, 10: 2.1, 19: 1.11, 20: 1.05, 30: 0.70, 40: 0.53},
    linear.ONE_STEP: {5: 0.81, 10: 0.68, 19: 0.53, 20: 0.51, 30: 0.41, 40: 0.34},
}
"""The protocol's rows for d = 20, by method and k."""
UNIFORM_REFERENCE = {
    linear.ZERO: 0.4167,
    linear.descent(1): 0.2062,
    linear.descent(2): 0.154,
    linear.descent(5): 0.109,
}
"""The protocol's losses for d = N = 10."""


def figures(rows: pa.Table) -> list[Figure]:
    """Draw error by demonstrations, and by size of the pool of tasks; nothing where it was not simulated."""
    found = curves(rows, linear.NUMBER)
    return [_errors(found), _pools(found), *trained_page.figures(rows)] if found else []


def _errors(found: Curves) -> Figure:
    data = [
        {"k": int(k), "error": round(float(error), 4), "learner": method}
        for (setting, method, metric), curve in found.items()
        if setting == linear.GAUSSIAN and metric == linear.ERROR
        for k, error in zip(curve.sizes, curve.mean, strict=True)
    ]
    zero = charts.Rule(1.0, "answering 0")
    return Figure(
        name="kernel-regression-linear-learners",
        title="Three learners of a linear task",
        see="Least squares knows the task once there are as many demonstrations as dimensions (20). One "
        "gradient step, the best that one layer of linear attention can do, falls slowly; plain averaging "
        "is worse than answering 0 until there are 21.",
        alt="Line chart: error of three learners of in-context linear regression by demonstrations.",
        spec=charts.curves(
            data,
            Axis("k", "demonstrations", whole=True),
            Axis("error", "squared error of the weights, 1 for answering 0", format=".1f"),
            series="learner",
            rules=(zero,),
        ),
    )


def _pools(found: Curves) -> Figure:
    names = {(linear.POOL, linear.OWN), (linear.POOL, linear.FRESH), (linear.RIDGE, linear.FRESH)}
    data = [
        {
            "tasks": _size(setting),
            "error": round(float(curve.mean[0]), 5),
            "learner": f"{method}: {metric}",
        }
        for (setting, method, metric), curve in found.items()
        if (method, metric) in names
    ]
    return Figure(
        name="kernel-regression-linear-pools",
        title="Knowing the tasks against knowing their law",
        see="The posterior over a pool of tasks is nearly perfect on them and lost on others, more so the "
        "fewer they are; ridge regression is the same everywhere. With a large pool the two come together.",
        alt="Line chart: error of two learners on tasks of a pool and on fresh ones by size of the pool.",
        spec=charts.curves(
            data,
            Axis("tasks", "tasks in the pool", log=True, whole=True),
            Axis("error", "squared error of the weights", format=".1f"),
            series="learner",
            controls=[f"{linear.RIDGE}: {linear.FRESH}"],
        ),
    )


def tables(rows: pa.Table) -> list[Table]:
    """Tabulate every number beside its closed form and the protocol's reference."""
    found = curves(rows, linear.NUMBER)
    if not found:
        return []
    return [_gaussian(found), _uniform(found), _pool_table(found), *trained_page.tables(rows)]


def _gaussian(found: Curves) -> Table:
    records = []
    for method, reference in REFERENCE.items():
        measured, closed = (
            found[linear.GAUSSIAN, method, metric] for metric in (linear.ERROR, linear.CLOSED_FORM)
        )
        for i, k in enumerate(measured.sizes):
            spread = float(measured.values[:, i].std())
            row = (method, int(k), measured.mean[i], spread, closed.mean[i], reference.get(int(k)))
            records.append(_rounded(row))
    return Table(
        name="kernel-regression-linear-gaussian",
        title="In-context linear regression, Gaussian prompts without noise",
        columns=("learner", "demonstrations", "error", "s.d. over draws", "closed form", "reference"),
        rows=tuple(records),
        note="Squared error of the weights over their number, so that 1 is the error of answering 0. "
        "Reference: the protocol's values (S6), d = 20.",
    )


def _uniform(found: Curves) -> Table:
    records = []
    for (setting, method, metric), curve in found.items():
        if setting != linear.UNIFORM or metric != linear.ERROR:
            continue
        step, closed = (found.get((setting, method, other)) for other in (linear.STEP, linear.CLOSED_FORM))
        records.append(
            _rounded(
                (
                    method,
                    curve.mean[0],
                    None if closed is None else closed.mean[0],
                    UNIFORM_REFERENCE.get(method),
                    None if step is None else step.mean[0],
                )
            )
        )
    return Table(
        name="kernel-regression-linear-uniform",
        title="In-context linear regression, uniform prompts",
        columns=("learner", "loss", "closed form", "reference", "tuned step"),
        rows=tuple(records),
        note="Half the mean squared error of the answer in the setting of von Oswald et al. 2023: one "
        "gradient step is the optimum of one layer of linear attention. Steps are tuned on other prompts.",
    )


def _pool_table(found: Curves) -> Table:
    records = []
    for setting in dict.fromkeys(name for name, _, _ in found if name.startswith("pool")):
        values = [
            found[setting, method, metric].mean[0]
            for method in (linear.POOL, linear.RIDGE)
            for metric in (linear.OWN, linear.FRESH)
        ]
        apart = found[setting, "", linear.APART].mean[0]
        records.append(_rounded((_size(setting), *values, apart)))
    return Table(
        name="kernel-regression-linear-pools",
        title="A pool of tasks: its posterior against ridge regression",
        columns=(
            "tasks in the pool",
            *(f"{m}, {e}" for m in (linear.POOL, linear.RIDGE) for e in (linear.OWN, linear.FRESH)),
            linear.APART,
        ),
        rows=tuple(records),
        note="Squared errors of the weights over their number. A trained transformer passes from the first "
        "learner to the second as its pool grows (Raventós et al. 2023).",
    )


def _size(setting: str) -> int:
    return int(setting.removeprefix("pool of "))


def _rounded(row: tuple) -> tuple:
    return tuple(round(float(cell), 4) if isinstance(cell, float) else cell for cell in row)
