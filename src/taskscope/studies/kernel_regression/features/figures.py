"""The figures of M4: what keys and values say, by block and by distance from the label."""

from __future__ import annotations

from taskscope.report import charts
from taskscope.report.chart_data import Axis, Rule
from taskscope.report.findings import Figure
from taskscope.report.wording import slug
from taskscope.studies.kernel_regression.drawing import of_model
from taskscope.studies.kernel_regression.features.findings import Features, Probe
from taskscope.studies.kernel_regression.features.rows import LABEL, OFFSETS

SHOWN = {
    -1: "the token before the label",
    0: "the label",
    1: "1 token on",
    2: "2 tokens on",
    3: "3 tokens on",
}
MIXED = "the label, shuffled targets"


def figures(found: Features) -> list[Figure]:
    """Draw every target that is not the same for all texts."""
    return [_curves(found, probe) for probe in found.probes if probe.n_targets > 1]


def _curves(found: Features, probe: Probe) -> Figure:
    zero = OFFSETS.index(0)
    data = [
        {"block": block, "accuracy": round(float(value), 4), "read": SHOWN[offset]}
        for number, block in enumerate(found.blocks)
        for offset, value in zip(OFFSETS, probe.accuracy[number], strict=True)
    ]
    data += [
        {"block": block, "accuracy": round(float(value), 4), "read": MIXED}
        for block, value in zip(found.blocks, probe.shuffled[:, zero], strict=True)
    ]
    best = int(probe.accuracy[:, zero].argmax())
    after = int(probe.accuracy[:, zero + 1].argmax())
    own = f" At the label it is the label's own token that speaks; one token on, block {found.blocks[after]} "
    own += f"reaches {probe.accuracy[after, zero + 1]:.0%}."
    return of_model(
        found.model,
        f"{slug(found.task)}-{probe.vector}-{slug(probe.target)}",
        f"What {probe.vector} vectors near a label say: {probe.target} ({found.task})",
        f"At the label, block {found.blocks[best]} reaches {probe.accuracy[best, zero]:.0%}; one token "
        f"before it, {probe.accuracy[best, 0]:.0%}." + (own if probe.target == LABEL else ""),
        (
            "Line chart",
            f"accuracy of ridge probes on {probe.vector} vectors by block, one line for each distance from "
            "the label.",
        ),
        charts.curves(
            data,
            Axis("block", "block", whole=True),
            Axis("accuracy", "accuracy on held-out texts", format=".0%"),
            series="read",
            order=(*(SHOWN[offset] for offset in (0, 1, 2, 3, -1)), MIXED),
            controls=(SHOWN[-1], MIXED),
            rules=(Rule(probe.majority, "most frequent target"),),
        ),
    )
