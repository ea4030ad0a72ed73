"""The figures of section 8: which heads foretell what a label does, and what is lost without them."""

from __future__ import annotations

import numpy as np

from taskscope.report.chart_data import Axis, Rule
from taskscope.report.findings import Figure
from taskscope.studies.kernel_regression.drawing import head_map, intervals, of_task
from taskscope.studies.kernel_regression.influence.findings import Influence
from taskscope.studies.kernel_regression.influence.rows import SAME_BLOCKS, SAME_MASS, TOP


def figures(found: Influence) -> list[Figure]:
    """Draw one model and task."""
    return [_map(found), _losses(found)]


def _map(found: Influence) -> Figure:
    block, head = found.sites[found.chosen]
    r = found.by_head.value
    beyond = int((np.abs(r) > found.chance).sum())
    return of_task(
        found,
        "influence",
        "Which heads' weights foretell what a label does",
        f"The best voter, block {block}, head {head}: {found.head.correlation.value:+.2f}, and "
        f"{found.beyond_position.value:+.2f} when what positions explain is taken out; {beyond} of {len(r)} "
        f"heads lie beyond {found.chance:.2f}, which the best of shuffled effects passes once in "
        "twenty.",
        (
            "Heat-map",
            "correlation of a head's weights with the change of the answer when a demonstration's label is "
            "swapped, by block and head.",
        ),
        head_map(
            Axis("r", "correlation with the effect of a swapped label", format=".2f"),
            found.sites,
            {"": r},
            sorted({b for b, _ in found.sites}, reverse=True),
            diverging=True,
        ),
    )


def _losses(found: Influence) -> Figure:
    top = next(one for one in found.ablations if one.replaced == TOP)
    return of_task(
        found,
        "ablation",
        "Accuracy lost without the best voters",
        f"Without the {top.n_heads} best voters {100 * top.lost.value:.0f} points of "
        f"{found.intact.value:.0%} are lost; bars are 95 % intervals.",
        ("Interval chart", "accuracy lost when the best voting heads, or matched others, are replaced."),
        intervals(
            (
                (f"replaced by {'their mean' if one.by == 'mean' else 'nothing'}", one.replaced, one.lost)
                for one in found.ablations
            ),
            Axis("lost", "accuracy lost", format=".0%"),
            "by",
            "heads",
            order=(TOP, SAME_BLOCKS, SAME_MASS),
            controls=(SAME_BLOCKS, SAME_MASS),
            rules=(Rule(0.0, "nothing lost", across="x"),),
        ),
    )
