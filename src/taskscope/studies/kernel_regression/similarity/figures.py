"""The figures of M3: correlation by head, and whether the map looks like that of agreement."""

from __future__ import annotations

import numpy as np

from taskscope.report import charts
from taskscope.report.chart_data import Axis, Rule
from taskscope.report.findings import Figure
from taskscope.studies.kernel_regression.drawing import head_map, of_task
from taskscope.studies.kernel_regression.similarity.findings import Similarity

CORRELATION = Axis("r", "correlation with prediction similarity", format=".2f")


def figures(found: Similarity) -> list[Figure]:
    """Draw one model and task; nothing where all texts alone predict the same."""
    return [_map(found), _against_agreement(found)] if np.isfinite(found.centred.value).any() else []


def _map(found: Similarity) -> Figure:
    r = found.centred.value
    best = int(np.nanargmax(np.abs(r)))
    block, head = found.sites[best]
    beyond = int((np.abs(r) > found.chance).sum())
    return of_task(
        found,
        "similarity",
        "Which heads look at texts that predict alike",
        f"Strongest in block {block}, head {head} ({r[best]:+.2f}); {beyond} of {len(r)} heads lie "
        f"beyond {found.chance:.2f}, which the best head of shuffled demonstrations passes once in twenty.",
        ("Heat-map", "correlation of a head's label weights with prediction similarity, by block and head."),
        head_map(CORRELATION, found.sites, {"": r}, sorted(found.blocks, reverse=True), diverging=True),
    )


def _against_agreement(found: Similarity) -> Figure:
    map_r, map_p = found.primary.map_r, found.primary.map_p
    data = [
        {
            "agreement": round(float(agreed), 4),
            "r": round(float(abs(value)), 4),
            "head": f"block {b}, head {h}",
        }
        for (b, h), value, agreed in zip(found.sites, found.centred.value, found.agreement, strict=True)
        if np.isfinite(value)
    ]
    return of_task(
        found,
        "similarity-and-agreement",
        "Do heads that look at alike texts also vote like the model",
        f"Each point is a head; over heads the two correlate at {map_r:.2f} (p = {map_p:.3f}, heads "
        "exchanged within blocks).",
        (
            "Scatter plot",
            "size of a head's correlation with prediction similarity against how often its vote is the "
            "model's answer.",
        ),
        charts.scatter(
            data,
            Axis("agreement", "vote is the model's answer", format=".0%"),
            Axis("r", "size of the correlation with prediction similarity", format=".2f"),
            label="head",
            rules=(Rule(found.chance, "best head of shuffled demonstrations"),),
        ),
    )
