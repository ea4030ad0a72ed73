"""The figures of section 8: which heads foretell what a label does, and what is lost without them."""

from __future__ import annotations

import numpy as np

from taskscope.report import charts
from taskscope.report.chart_data import Axis, Rule
from taskscope.report.findings import Figure
from taskscope.report.wording import slug
from taskscope.studies.kernel_regression.drawing import ends
from taskscope.studies.kernel_regression.influence.findings import Influence
from taskscope.studies.kernel_regression.influence.rows import SAME_BLOCKS, SAME_MASS, TOP


def figures(found: Influence) -> list[Figure]:
    """Draw one model and task."""
    return [_map(found), _losses(found)]


def _map(found: Influence) -> Figure:
    block, head = found.sites[found.chosen]
    r = found.by_head.value
    data = [
        {"block": b, "head": h, "r": round(float(value), 4)}
        for (b, h), value in zip(found.sites, r, strict=True)
    ]
    beyond = int((np.abs(r) > found.chance).sum())
    return Figure(
        name=f"kernel-regression-{slug(found.model)}-{slug(found.task)}-influence",
        title=f"Which heads' weights foretell what a label does: {found.task}",
        see=f"The best voter, block {block}, head {head}: {found.head.correlation.value:+.2f}, and "
        f"{found.beyond_position.value:+.2f} when what positions explain is taken out; {beyond} of {len(r)} "
        f"heads lie beyond {found.chance:.2f}, which the best of shuffled effects passes once in "
        "twenty.",
        alt=f"Heat-map for {found.model}: correlation of a head's weights with the change of the answer when "
        "a demonstration's label is swapped, by block and head.",
        spec=charts.heatmap(
            data,
            Axis("r", "correlation with the effect of a swapped label", format=".2f"),
            x="head",
            y="block",
            x_title="head",
            y_title="block",
            x_order=sorted({h for _, h in found.sites}),
            y_order=sorted({b for b, _ in found.sites}, reverse=True),
            diverging=True,
        ),
        model=found.model,
    )


def _losses(found: Influence) -> Figure:
    data = [
        {
            **ends(one.lost, "lost"),
            "by": f"replaced by {'their mean' if one.by == 'mean' else 'nothing'}",
            "heads": one.replaced,
        }
        for one in found.ablations
    ]
    top = next(one for one in found.ablations if one.replaced == TOP)
    return Figure(
        name=f"kernel-regression-{slug(found.model)}-{slug(found.task)}-ablation",
        title=f"Accuracy lost without the best voters: {found.task}",
        see=f"Without the {top.n_heads} best voters {100 * top.lost.value:.0f} points of "
        f"{found.intact.value:.0%} are lost; bars are 95 % intervals.",
        alt=f"Interval chart for {found.model}: accuracy lost when the best voting heads, or matched others, "
        "are replaced.",
        spec=charts.intervals(
            data,
            Axis("lost", "accuracy lost", format=".0%"),
            row="by",
            low="low",
            high="high",
            series="heads",
            order=(TOP, SAME_BLOCKS, SAME_MASS),
            controls=(SAME_BLOCKS, SAME_MASS),
            rules=(Rule(0.0, "nothing lost", across="x"),),
        ),
        model=found.model,
    )
