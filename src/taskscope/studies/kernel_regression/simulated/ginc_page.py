"""What the page shows of S4: the ceiling of GINC, its trap, and what trained models reached."""

from __future__ import annotations

import pyarrow as pa

from taskscope.report import charts
from taskscope.report.chart_data import Axis
from taskscope.report.findings import Figure, Table
from taskscope.studies.kernel_regression.simulated import ginc
from taskscope.studies.kernel_regression.simulated.rows import Curves, curves

REFERENCE_SHOTS: tuple[int, ...] = (0, 1, 4, 16, 64)
REFERENCE = {
    (50, 3): (0.58, 0.75, 0.76, 0.84, 0.78),
    (100, 3): (0.68, 0.77, 0.87, 0.86, 0.90),
    (150, 3): (0.70, 0.82, 0.89, 0.90, 0.89),
    **{(vocabulary, 10): (1.0,) * 5 for vocabulary in (50, 100, 150)},
}
"""The protocol's ceilings by (vocabulary, length of examples), at `REFERENCE_SHOTS`."""
TRAINED = {
    (50, 3): (0.368, 0.519),
    (50, 5): (0.543, 0.734),
    (50, 8): (0.639, 0.800),
    (50, 10): (0.695, 0.812),
}
"""Published accuracy of a 12-layer transformer at `TRAINED_SHOTS` (Xie et al. 2022)."""
TRAINED_SHOTS: tuple[int, ...] = (0, 64)


def figures(rows: pa.Table) -> list[Figure]:
    """Draw accuracy by examples; nothing where it was not simulated."""
    found = curves(rows, ginc.NUMBER)
    if not found:
        return []
    data = [
        {
            "n": int(n),
            "accuracy": round(float(value), 4),
            "shape": _panel(setting),
            "who": f"{method}, {_length(setting)} symbols" if method == ginc.CEILING else method,
        }
        for (setting, method, metric), curve in found.items()
        if metric == ginc.ACCURACY and (method == ginc.CEILING or _length(setting) == _shortest(found))
        for n, value in zip(curve.sizes, curve.mean, strict=True)
    ]
    return [
        Figure(
            name="kernel-regression-ginc",
            title="What an ideal learner can reach on GINC",
            see="Exact Bayes answers better with more examples and with longer ones. Without smoothing, "
            "transitions that are exactly zero make the prompts impossible and accuracy collapses; of "
            f"concepts it does not know it learns nothing (both for examples of {_shortest(found)} symbols).",
            alt="Line charts by size of vocabulary: accuracy of exact Bayesian prediction by examples.",
            spec=charts.curves(
                data,
                Axis("n", "examples in the prompt", whole=True),
                Axis("accuracy", "accuracy", domain=(0, 1), format="%"),
                series="who",
                facet="shape",
                controls=(ginc.UNSMOOTHED, ginc.UNSEEN, ginc.NO_CONCEPT),
            ),
        )
    ]


def tables(rows: pa.Table) -> list[Table]:
    """Tabulate every accuracy beside the protocol's ceiling and the published trained model."""
    found = curves(rows, ginc.NUMBER)
    if not found:
        return []
    records = []
    for (setting, method, metric), curve in found.items():
        if metric != ginc.ACCURACY:
            continue
        impossible = found.get((setting, method, ginc.IMPOSSIBLE))
        for i, n in enumerate(curve.sizes):
            known = (_reference(setting, int(n)), _trained(setting, int(n)))
            records.append(
                (
                    setting,
                    method,
                    int(n),
                    round(float(curve.mean[i]), 4),
                    None if impossible is None else round(float(impossible.mean[i]), 4),
                    *(known if method == ginc.CEILING else (None, None)),
                )
            )
    zeros = [curve.mean[0] for (_, _, metric), curve in found.items() if metric == ginc.ZEROS]
    return [
        Table(
            name="kernel-regression-ginc",
            title="GINC: accuracy of exact Bayesian prediction",
            columns=("prompts", "predictor", "examples", "accuracy", "impossible", "reference", "trained"),
            rows=tuple(records),
            note=f"{min(zeros):.0%} to {max(zeros):.0%} of the slot transitions are exactly zero. "
            "Impossible: share of prompts that every concept rules out. Reference: the protocol's ceilings, "
            "of one language each; another language of the same construction differs by some points. "
            "Trained: 12-layer transformer of Xie et al. 2022, mean of five runs.",
        )
    ]


def _length(setting: str) -> int:
    return int(setting.partition("k=")[2])


def _vocabulary(setting: str) -> int:
    return int(setting.partition(",")[0].removeprefix("M="))


def _panel(setting: str) -> str:
    return f"{_vocabulary(setting)} symbols"


def _shortest(found: Curves) -> int:
    return min(_length(setting) for setting, _, metric in found if metric == ginc.ACCURACY)


def _reference(setting: str, n: int) -> float | None:
    row = REFERENCE.get((_vocabulary(setting), _length(setting)))
    return None if row is None else dict(zip(REFERENCE_SHOTS, row, strict=True)).get(n)


def _trained(setting: str, n: int) -> float | None:
    ends = TRAINED.get((_vocabulary(setting), _length(setting)))
    return None if ends is None else dict(zip(TRAINED_SHOTS, ends, strict=True)).get(n)
