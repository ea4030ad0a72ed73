"""What the page shows of S7: how fast smoothing learns, and what retrieving near demonstrations does."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from taskscope.report import charts
from taskscope.report.chart_data import Axis
from taskscope.report.findings import Figure, Table
from taskscope.studies.kernel_regression.simulated import retrieval, smoothing
from taskscope.studies.kernel_regression.simulated.rows import Curves, curves
from taskscope.studies.kernel_regression.simulated.slopes import log_log_slope

SLOPES = {1: -0.81, 2: -0.71, 4: -0.50}
"""The protocol's measured slopes by dimension."""
RETRIEVED = {
    (0.3, 8): (0.185, 0.016),
    (0.3, 32): (0.141, 0.004),
    (0.15, 8): (0.159, 0.014),
    (0.15, 32): (0.056, 0.004),
}
"""The protocol's errors by (bandwidth, n): of random and of the nearest demonstrations."""
HIDDEN = {
    (retrieval.KERNEL, retrieval.RANDOM): (0.70, 0.36, 0.17),
    (retrieval.KERNEL, retrieval.NEAREST): (0.50, 0.24, 0.12),
    (retrieval.GAUSSIAN, retrieval.RANDOM): (1.17, 0.61, 0.31),
    (retrieval.GAUSSIAN, retrieval.NEAREST): (0.52, 0.25, 0.12),
}
"""The protocol's gaps of one seed, by kernel and way of picking, at `HIDDEN_SHOTS`."""
HIDDEN_SHOTS: tuple[int, ...] = (16, 64, 256)


def figures(rows: pa.Table) -> list[Figure]:
    """Draw the rates by dimension and retrieval in the theorem's world; nothing where not simulated."""
    found = curves(rows, smoothing.NUMBER)
    return [_rates(found), _retrieval(found)] if found else []


def _rates(found: Curves) -> Figure:
    slopes = {d: _slope(found, d) for d in _dimensions(found)}
    data = [
        {
            "n": int(n),
            "error": round(float(error), 6),
            "who": f"{method}, {smoothing.dimension(d)}",
        }
        for d in slopes
        for method in (smoothing.ORACLE, smoothing.LEFT_OUT)
        for n, error in _points(found, smoothing.dimension(d), method)
    ]
    told = ", ".join(
        f"{slope:.2f} in {d} (theory {smoothing.expected_slope(d):.2f})" for d, slope in slopes.items()
    )
    return Figure(
        name="kernel-regression-smoothing-rates",
        title="How fast kernel smoothing learns",
        see=f"The error of smoothing with the best bandwidth falls as a power of n: slope {told} dimensions. "
        "A bandwidth chosen by leaving out one demonstration at a time comes close.",
        alt="Log-log chart: mean squared error of kernel smoothing by demonstrations and dimension.",
        spec=charts.curves(
            data,
            Axis("n", "demonstrations", log=True, whole=True),
            Axis("error", "mean squared error", log=True),
            series="who",
        ),
    )


def _retrieval(found: Curves) -> Figure:
    ways = (retrieval.RANDOM, retrieval.NEAREST, retrieval.LARGEST)
    data = [
        {"n": int(n), "gap": round(float(gap), 4), "way": way, "kernel": kernel}
        for kernel in (retrieval.KERNEL, retrieval.GAUSSIAN)
        for way in ways
        for n, gap in _points(found, retrieval.SETTING, retrieval.method(kernel, way), retrieval.GAP)
    ]
    return Figure(
        name="kernel-regression-retrieval",
        title="Retrieving similar demonstrations in the theorem's world",
        see="The nearest demonstrations of a pool bring both kernels closer to the truth than random ones, "
        "and leave little to tell them apart.",
        alt="Line charts by kernel: distance to the true label law by demonstrations, random and retrieved.",
        spec=charts.curves(
            data,
            Axis("n", "demonstrations", log=True, whole=True),
            Axis("gap", "median L1 distance to the true label law", format=".1f"),
            series="way",
            facet="kernel",
            order=ways,
            controls=(retrieval.RANDOM,),
        ),
    )


def tables(rows: pa.Table) -> list[Table]:
    """Tabulate every number beside the protocol's."""
    found = curves(rows, smoothing.NUMBER)
    return [_rate_table(found), _fixed_table(found), _hidden_table(found)] if found else []


def _rate_table(found: Curves) -> Table:
    records = []
    for d in _dimensions(found):
        best, chosen = (
            found[smoothing.dimension(d), method, smoothing.ERROR].mean
            for method in (smoothing.ORACLE, smoothing.LEFT_OUT)
        )
        loss = float(np.median(chosen / best))
        records.append(
            (
                d,
                round(_slope(found, d), 3),
                round(smoothing.expected_slope(d), 3),
                SLOPES.get(d),
                round(loss, 2),
            )
        )
    return Table(
        name="kernel-regression-smoothing-rates",
        title="Slope of the error with the best bandwidth",
        columns=("dimensions", "slope", "theory", "reference", "left-out bandwidth, error over best"),
        rows=tuple(records),
        note="Least squares on logarithms of error and n. Reference: the protocol's own simulation (S7).",
    )


def _fixed_table(found: Curves) -> Table:
    records = []
    for setting in dict.fromkeys(name for name, _, _ in found if name.startswith("h=")):
        bandwidth = float(setting.removeprefix("h="))
        random, nearest = (
            dict(_points(found, setting, method)) for method in (smoothing.RANDOM, smoothing.NEAREST)
        )
        wide = [
            dict(_points(found, setting, method, smoothing.EFFECTIVE))
            for method in (smoothing.RANDOM, smoothing.NEAREST)
        ]
        for n in random:
            known = RETRIEVED.get((bandwidth, int(n)), (None, None))
            pair = ((random[n], known[0]), (nearest[n], known[1]))
            sizes = (round(float(size[n]), 1) for size in wide)
            records.append((bandwidth, int(n), *(_both(*one) for one in pair), *sizes))
    return Table(
        name="kernel-regression-smoothing-fixed",
        title="Random against nearest demonstrations at a fixed bandwidth",
        columns=(
            "bandwidth",
            "demonstrations",
            "random (reference)",
            "nearest (reference)",
            "effective number, random",
            "effective number, nearest",
        ),
        rows=tuple(records),
        note="Mean squared error in two dimensions, from pools 32 times as large. The effective number is "
        "(sum of weights)^2 / sum of squares: retrieved demonstrations share the weight almost equally.",
    )


def _hidden_table(found: Curves) -> Table:
    records = []
    for kernel in (retrieval.KERNEL, retrieval.GAUSSIAN):
        values = {
            way: found[retrieval.SETTING, retrieval.method(kernel, way), retrieval.GAP]
            for way in (retrieval.RANDOM, retrieval.NEAREST, retrieval.LARGEST)
        }
        base = values[retrieval.RANDOM].values
        for way, curve in values.items():
            known = dict(zip(HIDDEN_SHOTS, HIDDEN.get((kernel, way), (None,) * 3), strict=True))
            for i, n in enumerate(curve.sizes):
                wins = (
                    None if way == retrieval.RANDOM else round(float((curve.values < base)[:, i].mean()), 2)
                )
                records.append((kernel, way, int(n), round(float(curve.mean[i]), 3), known.get(int(n)), wins))
    return Table(
        name="kernel-regression-retrieval",
        title="Retrieval in the theorem's world",
        columns=("kernel", "demonstrations are", "n", "gap", "reference", "share of worlds below random"),
        rows=tuple(records),
        note="Median L1 distance to P(label | x, task). Reference: the protocol's typical seed. Largest K "
        "favours inputs of high leverage, which no longer follow the task's law.",
    )


def _both(value: float, reference: float | None) -> str:
    return f"{value:.3f}" + ("" if reference is None else f" ({reference:.3f})")


def _dimensions(found: Curves) -> list[int]:
    return sorted({int(name.removeprefix("D=")) for name, _, _ in found if name.startswith("D=")})


def _points(
    found: Curves, setting: str, method: str, metric: str = smoothing.ERROR
) -> list[tuple[int, float]]:
    curve = found[setting, method, metric]
    return list(zip(curve.sizes.tolist(), curve.mean.tolist(), strict=True))


def _slope(found: Curves, d: int) -> float:
    curve = found[smoothing.dimension(d), smoothing.ORACLE, smoothing.ERROR]
    return log_log_slope(curve.sizes, curve.mean)
