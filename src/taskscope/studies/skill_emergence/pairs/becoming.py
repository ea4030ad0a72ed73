"""Which skills and which pairs of them become competent when, as the loss of a training falls.

Models are joined with the losses of the scaling part by their size and tokens; those without a logged loss
are left out. Two ways down are told apart: checkpoints of one training, and finished models of several sizes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from taskscope.report import charts
from taskscope.report.chart_data import Axis
from taskscope.report.findings import Figure, Table
from taskscope.studies.skill_emergence.pairs.names import skills, write
from taskscope.studies.skill_emergence.pairs.resampling import ModelPairs, Pair
from taskscope.studies.skill_emergence.scaling.rows import Losses
from taskscope.theory.skill_graph import tuples

FALLING = Axis("loss", "minus the loss on held-out text", unit="nats per token")
SHARE = Axis("share", "right, mean over pairs", domain=(0, 1), format=".0%")
SINGLE, PRODUCT, APART, TOGETHER, SURE = (
    "single skills",
    "pairs, by the product",
    "pairs, shown apart",
    "pairs, shown too",
    "pairs, guaranteed",
)
ORDER = (SINGLE, PRODUCT, APART, TOGETHER, SURE)
HALF = 0.5
"""Share right from which a skill or a pair counts as there."""
ALPHA = 0.2
"""Share of the pairs that the guarantee leaves out."""


@dataclass(frozen=True)
class Stage:
    """One model on the way down."""

    model: ModelPairs
    loss: float


@dataclass(frozen=True)
class Descent:
    """Models in the order of falling loss."""

    name: str
    stages: tuple[Stage, ...]


def descents(found: Sequence[ModelPairs], losses: Losses | None) -> list[Descent]:
    """Join models with losses; ways down of fewer than two models are left out."""
    if losses is None:
        return []
    points = losses.points
    keys = zip(points.parameters.tolist(), points.tokens.tolist(), strict=True)
    known = dict(zip(keys, points.losses.tolist(), strict=True))
    stages = [
        Stage(each, known[each.parameters, each.tokens])
        for each in found
        if each.tokens is not None and (each.parameters, each.tokens) in known
    ]
    last = max((stage.model.tokens or 0 for stage in stages), default=0)
    ways = {"sizes, fully trained": [stage for stage in stages if stage.model.tokens == last]}
    for size in sorted({stage.model.parameters for stage in stages}):
        name = f"training of {size:,.0f} parameters"
        ways[name] = [stage for stage in stages if stage.model.parameters == size]
    return [
        Descent(name, tuple(sorted(way, key=lambda stage: -stage.loss)))
        for name, way in ways.items()
        if len(way) > 1
    ]


def figure(found: Sequence[Descent], subject: str) -> Figure:
    """Draw single skills, pairs and what is foretold of pairs against the loss."""
    data = [
        {"way": way.name, "what": what, "loss": -round(stage.loss, 4), "share": round(share, 4)}
        for way in found
        for stage in way.stages
        for what, share in _shares(stage.model).items()
    ]
    return Figure(
        name="skill-emergence-becoming",
        title="As the loss falls, do pairs come with their skills?",
        see="Go right: the loss falls. If skills fail each on its own, pairs follow the product; where they "
        "stay below it, skills are there before they combine. The guarantee is zero until single skills "
        "fail on fewer than one text in ten.",
        alt="Line charts by series: share of right answers on single skills and on pairs, the product, and "
        "the guarantee for pairs, against the falling loss.",
        spec=charts.curves(
            data,
            FALLING,
            SHARE,
            series="what",
            facet="way",
            order=ORDER,
            controls=(PRODUCT, SURE),
            columns=2,
        ),
        model=subject,
    )


def table(found: Sequence[Descent], subject: str) -> Table:
    """Tabulate the loss at which every skill and pair is there."""
    rows: list[tuple[Any, ...]] = []
    for way in found:
        for number, pair in enumerate(way.stages[0].model.pairs):
            along = [stage.model.pairs[number] for stage in way.stages]
            shares = (
                [each.first[0] for each in along],
                [each.second[0] for each in along],
                [each.product[0] for each in along],
                [each.both[0] for each in along],
                [each.together[0] for each in along],
            )
            told = (_from(way, values) for values in shares)
            rows.append((way.name, write(skills(pair.grid.pair), "x"), *told))
    return Table(
        name="skill-emergence-becoming",
        title=f"The loss at which half of the answers are right ({HALF:.0%})",
        columns=("along", "pair", "first skill", "second skill", *ORDER[1:4]),
        rows=tuple(rows),
        note="Loss in nats per token, with the training tokens; – where it is not reached, and brackets "
        "where it is lost again later. The product is what skills would give that fail each on its own.",
        model=subject,
    )


def _from(way: Descent, shares: Sequence[float]) -> str:
    """Say from which loss on a share is at least half; in brackets if not for good."""
    there = np.array(shares) >= HALF
    if not there.any():
        return "–"
    first = int(there.argmax())
    stage = way.stages[first]
    told = f"{stage.loss:.2f} ({stage.model.tokens:.1e})"
    return told if there[first:].all() else f"[{told}]"


def _shares(model: ModelPairs) -> dict[str, float]:
    """Return means over the pairs that no training showed together."""
    pairs: list[Pair] = [pair for pair in model.pairs if not pair.grid.in_training]
    single = float(np.mean([(pair.first[0] + pair.second[0]) / 2 for pair in pairs]))
    failed = float(np.clip(1 - single, 1e-6, 1 - 1e-6))
    return {
        SINGLE: single,
        PRODUCT: float(np.mean([pair.product[0] for pair in pairs])),
        APART: float(np.mean([pair.both[0] for pair in pairs])),
        TOGETHER: float(np.mean([pair.together[0] for pair in pairs])),
        SURE: float(tuples.tensor(ALPHA, failed, 1, 2)),
    }
