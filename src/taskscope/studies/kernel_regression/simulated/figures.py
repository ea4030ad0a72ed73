"""The figures of S1 to S3: gaps against demonstrations on log axes, and how fast Bayes finds the task."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pyarrow as pa

from taskscope.report import charts
from taskscope.report.chart_data import Axis
from taskscope.report.findings import Figure
from taskscope.studies.kernel_regression.simulated import convergence as s1
from taskscope.studies.kernel_regression.simulated import paper_size as s2
from taskscope.studies.kernel_regression.simulated import posterior as s3
from taskscope.studies.kernel_regression.simulated.findings import SETTING
from taskscope.studies.kernel_regression.simulated.references import PUBLISHED_DISTANCES, PUBLISHED_SIZES
from taskscope.studies.kernel_regression.simulated.rows import Curve, curves
from taskscope.studies.kernel_regression.simulated.slopes import FIRST

SHOTS = Axis("n", "demonstrations", log=True, whole=True)
THEORY = "slope -1/2"
NAMES = {
    "A": "A: operators, knows the task",
    "B": "B: operators, normalised",
    "C": "C: operators, as printed",
    "E": "E: belief state, knows the task",
    "F": "F: start rows, normalised",
    s1.RIDGE: "ridge on belief states",
    s1.GAUSSIAN: "Gaussian on belief states",
}


def figures(rows: pa.Table) -> list[Figure]:
    """Draw what was simulated of S1, S2 and S3."""
    return [*_convergence(rows), *_controls(rows), *_paper_size(rows), *_posterior(rows)]


def _convergence(rows: pa.Table) -> list[Figure]:
    known = curves(rows, s1.NUMBER)
    settings = [name for name in s1.SETTINGS if (name, s1.RECOMMENDED, s1.GAP) in known]
    if not settings:
        return []
    data: list[dict[str, Any]] = []
    for setting in settings:
        for method in s1.METHODS:
            data += _points(known[setting, method, s1.GAP], NAMES[method], setting)
        data += _half_slope(known[setting, s1.RECOMMENDED, s1.GAP], setting)
    best, literal = (known[SETTING, name, s1.GAP].mean[-1] for name in (s1.RECOMMENDED, s1.LITERAL))
    most = known[SETTING, s1.RECOMMENDED, s1.GAP].sizes[-1]
    return [
        Figure(
            name="kernel-regression-theory-convergence",
            title="Kernel regression comes closer to exact Bayes with every demonstration",
            see="Normalised kernels fall along the line of slope -1/2 once n is above their rank; the "
            "formula as printed (C) lags behind and ends at a bias. In peaked worlds the gap at "
            f"n = {most:,} is {best:.3f} for F and {literal:.3f} for C.",
            alt="Lines on log axes: median gap between kernel regression and exact Bayes against the number "
            "of demonstrations, for seven kernels in two kinds of worlds.",
            spec=charts.curves(
                data,
                SHOTS,
                Axis("gap", "median L1 gap to exact Bayes", log=True, format=".2~g"),
                series="method",
                facet="setting",
                order=[*NAMES.values()],
                controls=[THEORY],
                columns=2,
            ),
        )
    ]


def _controls(rows: pa.Table) -> list[Figure]:
    known = curves(rows, s1.NUMBER)
    if (SETTING, s1.RECOMMENDED, s1.GAP) not in known:
        return []
    data = _points(known[SETTING, s1.RECOMMENDED, s1.GAP], NAMES[s1.RECOMMENDED], SETTING)
    data += _points(known[SETTING, s1.LEAKY, s1.GAP], s1.LEAKY, SETTING)
    for name in s1.CONTROLS:
        data += _points(known[SETTING, name, s1.GAP], name, SETTING)
    return [
        Figure(
            name="kernel-regression-theory-controls",
            title="Where nothing can converge, nothing does",
            see="With labels shuffled among its demonstrations, or with another task's demonstrations, the "
            "same kernel stays away from Bayes. A delimiter that may change the task matters late.",
            alt="Lines on log axes: the gap of kernel F, of its two controls, and under a leaky delimiter.",
            spec=charts.curves(
                data,
                SHOTS,
                Axis("gap", "median L1 gap to exact Bayes", log=True, format=".2~g"),
                series="method",
                controls=s1.CONTROLS,
            ),
        )
    ]


def _paper_size(rows: pa.Table) -> list[Figure]:
    known = curves(rows, s2.NUMBER)
    if (s2.PEAKED, "C", s2.DISTANCE) not in known:
        return []
    published = "published (Han et al.)"
    data: list[dict[str, Any]] = []
    for method in s2.METHODS:
        data += _points(known[s2.PEAKED, method, s2.DISTANCE], NAMES[method], s2.PEAKED)
    data += [
        {"n": n, "gap": gap, "method": published, "setting": s2.PEAKED}
        for n, gap in zip(PUBLISHED_SIZES, PUBLISHED_DISTANCES, strict=True)
    ]
    return [
        Figure(
            name="kernel-regression-theory-paper-size",
            title="At the paper's sizes most of the distance is gone after a few dozen demonstrations",
            see="The published curve and the simulated ones fall alike. How the published model was drawn "
            "and what its distance is are not said, so that the level of its curve cannot be compared.",
            alt="Lines on log axes: mean squared distance to exact Bayes against the number of "
            "demonstrations, for four kernels and as published.",
            spec=charts.curves(
                data,
                SHOTS,
                Axis("gap", "distance to exact Bayes", log=True, format=".2~g"),
                series="method",
                controls=[published],
            ),
        )
    ]


def _posterior(rows: pa.Table) -> list[Figure]:
    known = curves(rows, s3.NUMBER)
    leaks = [leak for leak in s3.LEAKS if (s3.leak_name(leak), "Bayes", s3.DOUBT) in known]
    if not leaks:
        return []
    data: list[dict[str, Any]] = []
    for leak in leaks:
        data += _points(known[s3.leak_name(leak), "Bayes", s3.DOUBT], s3.leak_name(leak), "", first=1)
    ends = {leak: known[s3.leak_name(leak), "Bayes", s3.DOUBT].mean[-1] for leak in leaks}
    told = ", ".join(f"{ends[leak]:.2f} at leak {leak:g}" for leak in leaks if leak)
    return [
        Figure(
            name="kernel-regression-theory-posterior",
            title="Bayes finds the task exponentially fast, unless a delimiter may change it",
            see=f"Doubt vanishes where the delimiter resets exactly; else it stays, {told} after "
            f"{s3.SIZES_SHOWN[-1]} demonstrations.",
            alt="Lines on log axes: mean posterior probability of the wrong tasks against the number of "
            "demonstrations, for three leaks of the delimiter.",
            spec=charts.curves(
                data,
                SHOTS,
                Axis("gap", "posterior of the wrong tasks", log=True, format=".0e", domain=(1e-8, 1)),
                series="method",
            ),
        )
    ]


def _points(curve: Curve, method: str, setting: str, first: int = 0) -> list[dict[str, Any]]:
    return _records(zip(curve.sizes.tolist(), curve.mean.tolist(), strict=True), method, setting, first)


def _half_slope(curve: Curve, setting: str) -> list[dict[str, Any]]:
    """Draw the predicted slope a little below a curve, from the first size that enters slopes."""
    used = curve.sizes >= FIRST
    if not used.any():
        return []
    sizes, start = curve.sizes[used], 0.6 * curve.mean[used][0]
    line = start * (sizes / sizes[0]) ** -0.5
    return _records(zip(sizes.tolist(), line.tolist(), strict=True), THEORY, setting, 0)


def _records(
    points: Iterable[tuple[int, float]], method: str, setting: str, first: int
) -> list[dict[str, Any]]:
    return [
        {"n": n, "gap": float(f"{gap:.4g}"), "method": method, "setting": setting}
        for n, gap in points
        if n >= first
    ]
